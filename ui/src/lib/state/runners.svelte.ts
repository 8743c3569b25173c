/** Runners with their state in a line. */
import type { Tone } from "$components/Pill.svelte";
import { ago, counted } from "$lib/format";
import type { RunnerState } from "$lib/ipc/bindings/RunnerState";
import type { RunnerView } from "$lib/ipc/bindings/RunnerView";
import * as ipc from "$lib/ipc/commands";
import { now } from "./clock.svelte";
import { Fetched } from "./fetched.svelte";

export type Runner = { name: string; label: string; own: boolean; tone: Tone; word: string; state: string; line: string; title: string; needsYou: boolean; view: RunnerView };

const tones: Record<RunnerState, Tone> = { ready: "good", starting: "busy", stopped: "plain", away: "bad", other_certificate: "bad", refused: "bad", locked: "warn" };

/** The state alone, as a pill says it. */
const words: Record<RunnerState, string> = { ready: "ready", starting: "starting", stopped: "not running", away: "no answer", other_certificate: "another certificate", refused: "token refused", locked: "keychain locked" };

/** What waiting does not mend. */
const asking: RunnerState[] = ["other_certificate", "refused", "locked"];

function stateOf(view: RunnerView, at: number): string {
  if (view.state === "ready") return counted(view.endpoints, "endpoint");
  if (view.state === "away" && view.last_contact) return `no answer, last heard ${ago(view.last_contact, at)}`;
  return words[view.state];
}

function described(view: RunnerView, at: number): Runner {
  const own = view.name === "this-computer";
  const label = own ? "This computer" : view.name;
  const state = stateOf(view, at);
  return { name: view.name, label, own, tone: tones[view.state], word: words[view.state], state, line: `${label} · ${state}`, title: view.url ?? "Starts when a version is deployed to it", needsYou: asking.includes(view.state), view };
}

class Runners {
  #rows = new Fetched<RunnerView[]>(ipc.runners);
  list: Runner[] = $derived((this.#rows.value ?? []).map((view) => described(view, now.ms)));

  get known(): boolean {
    return this.#rows.value !== null;
  }

  get error() {
    return this.#rows.error;
  }

  refresh(): void {
    void this.#rows.refresh();
  }
}

export const runners = new Runners();
