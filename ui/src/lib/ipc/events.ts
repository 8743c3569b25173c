/** What the window is told without asking. */
import { listen, type UnlistenFn } from "@tauri-apps/api/event";
import type { Event } from "./bindings/Event";
import type { Files } from "./commands";

/** Files over the window: they hang there, were let go (then they have an id), or left. */
export type Drag = { phase: "over"; names: string[] } | { phase: "dropped"; files: Files } | { phase: "left" };

/** Announcements come gathered, at most some twenty messages a second. */
export function onEvent(handle: (event: Event) => void): Promise<UnlistenFn> {
  return listen<Event[]>("flightdeck", (message) => message.payload.forEach(handle));
}

export function onDrag(handle: (drag: Drag) => void): Promise<UnlistenFn> {
  return listen<Drag>("drag", (event) => handle(event.payload));
}
