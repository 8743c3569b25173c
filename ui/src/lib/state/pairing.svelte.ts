/** Pairing with a runner elsewhere, from the open sheet to the runner that is known. */
import type { PairRequest } from "$lib/ipc/bindings/PairRequest";
import type { RunnerView } from "$lib/ipc/bindings/RunnerView";
import * as ipc from "$lib/ipc/commands";
import { asFailure, type Failure } from "$lib/ipc/failure";
import { jobs } from "./jobs.svelte";
import { runners } from "./runners.svelte";

class Pairing {
  open = $state(false);
  /** The runner that is met again; null for one that is met first. */
  again = $state.raw<RunnerView | null>(null);
  busy = $state(false);
  stage = $state<string | null>(null);
  result = $state.raw<RunnerView | null>(null);
  error = $state.raw<Failure | null>(null);

  add(): void {
    this.#begin(null);
  }

  meet(runner: RunnerView): void {
    this.#begin(runner);
  }

  #begin(runner: RunnerView | null): void {
    if (this.busy) return;
    this.again = runner;
    this.result = null;
    this.error = null;
    this.stage = null;
    this.open = true;
  }

  /** Another code is typed: what was said of the one before no longer holds. */
  retype(): void {
    if (this.error?.code.includes("keychain")) return;
    this.error = null;
    this.stage = null;
  }

  close(): void {
    if (!this.busy) this.open = false;
  }

  async start(request: PairRequest): Promise<void> {
    this.busy = true;
    this.error = null;
    this.stage = null;
    const ask = this.again ? ipc.pairRunner : ipc.addRunner;
    try {
      this.result = await jobs.follow(ask(request), (job) => (this.stage = job.progress.stage));
      runners.refresh();
    } catch (thrown) {
      this.error = asFailure(thrown);
    } finally {
      this.busy = false;
    }
  }
}

export const pairing = new Pairing();
