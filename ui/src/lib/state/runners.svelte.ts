/** Runners with their state in a line. */
import type { Tone } from "$components/Pill.svelte";
import { ago, counted } from "$lib/format";
import type { RunnerState } from "$lib/ipc/bindings/RunnerState";
import type { RunnerView } from "$lib/ipc/bindings/RunnerView";
import * as ipc from "$lib/ipc/commands";
import { now } from "./clock.svelte";
import { Fetched } from "./fetched.svelte";

export type Runner = { name: string; label: string; tone: Tone; state: string; line: string; title: string; view: RunnerView };

const tones: Record<RunnerState, Tone> = { ready: "good", starting: "busy", stopped: "plain", away: "bad" };

function stateOf(view: RunnerView, at: number): string {
  if (view.state === "ready") return counted(view.endpoints, "endpoint");
  if (view.state === "starting") return "starting";
  if (view.state === "stopped") return "not running";
  return view.last_contact ? `no answer, last heard ${ago(view.last_contact, at)}` : "no answer";
}

function described(view: RunnerView, at: number): Runner {
  const label = view.name === "this-computer" ? "This computer" : view.name;
  const state = stateOf(view, at);
  return { name: view.name, label, tone: tones[view.state], state, line: `${label} · ${state}`, title: view.url ?? "Starts when a version is deployed to it", view };
}

class Runners {
  #rows = new Fetched<RunnerView[]>(ipc.runners);
  list: Runner[] = $derived((this.#rows.value ?? []).map((view) => described(view, now.ms)));

  refresh(): void {
    void this.#rows.refresh();
  }
}

export const runners = new Runners();
