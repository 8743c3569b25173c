/** Connects what Rust announces to the module it concerns. No screen remembers to ask again. */
import type { Event } from "./ipc/bindings/Event";
import { pendingFiles } from "./ipc/commands";
import { onDrag, onEvent } from "./ipc/events";
import { drops } from "./state/drops.svelte";
import { endpoints } from "./state/endpoints.svelte";
import { notes } from "./state/errors.svelte";
import { importing } from "./state/importing.svelte";
import { jobs } from "./state/jobs.svelte";
import { live } from "./state/live.svelte";
import { models } from "./state/models.svelte";
import { run } from "./state/run.svelte";
import { runners } from "./state/runners.svelte";

function changed(kinds: string[]): void {
  const any = (...wanted: string[]) => wanted.some((kind) => kinds.includes(kind));
  if (any("version", "profile", "endpoint", "alert")) models.refresh();
  if (any("endpoint", "alert", "runner")) endpoints.refresh();
  if (any("endpoint", "runner")) runners.refresh();
  if (any("window", "alert", "endpoint", "runner")) live.refresh();
}

function heard(event: Event): void {
  if (event.event === "changed") changed(event.kinds);
  else if (event.event === "job") jobs.moved(event);
  else run.heard(event);
}

/** A runner that dies tells nobody: how it is must be asked. */
const LOOK_MS = 5000;

function look(): void {
  if (document.hidden) return;
  runners.refresh();
  endpoints.refresh();
}

/** Begins to listen, then asks for everything once. */
export async function begin(): Promise<void> {
  try {
    await Promise.all([onEvent(heard), onDrag((drag) => drops.handle(drag))]);
    models.refresh();
    endpoints.refresh();
    runners.refresh();
    void jobs.refresh();
    setInterval(look, LOOK_MS);
    const files = await pendingFiles();
    if (files) await importing.begin(files);
  } catch (thrown) {
    notes.fail(thrown);
  }
}
