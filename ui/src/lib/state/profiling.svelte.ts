/** A measurement of a version on this computer. */
import * as ipc from "$lib/ipc/commands";
import { notes } from "./errors.svelte";
import { jobs } from "./jobs.svelte";

class Profiling {
  /** The version that is measured: `model@version`. */
  subject = $state<string | null>(null);
  job = $state<number | null>(null);

  async measure(model: string, version: number): Promise<void> {
    if (this.subject !== null) return;
    this.subject = `${model}@${version}`;
    try {
      await jobs.follow(ipc.profile(model, version), (view) => (this.job = view.id));
    } catch (thrown) {
      notes.fail(thrown);
    } finally {
      this.subject = null;
      this.job = null;
    }
  }
}

export const profiling = new Profiling();
