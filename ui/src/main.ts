import { mount } from "svelte";
import App from "./App.svelte";
import { painted } from "./lib/ipc/commands";
import "./styles/base.css";

const target = document.getElementById("app");
if (target) mount(App, { target });

// The frame after the next one has the first screen on it.
requestAnimationFrame(() => requestAnimationFrame(() => void painted().catch(() => undefined)));
