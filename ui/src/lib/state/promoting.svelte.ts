/** A version beside that is let answer, and the way back: both at once, since either undoes the other. */
import * as ipc from "$lib/ipc/commands";
import type { DeployView } from "$lib/ipc/bindings/DeployView";
import { notes } from "./errors.svelte";
import { jobs } from "./jobs.svelte";

class Promoting {
  /** The endpoint whose versions are being exchanged. */
  endpoint = $state<string | null>(null);

  async promote(endpoint: string, version: number | null): Promise<void> {
    const made = await this.#exchange(endpoint, (address) => ipc.promote(address, version));
    if (!made) return;
    notes.say(`Version ${made.version} answers at ${made.endpoint} now`, { label: "Roll back", run: () => void this.rollBack(endpoint) });
  }

  async rollBack(endpoint: string): Promise<void> {
    const made = await this.#exchange(endpoint, ipc.rollback);
    if (!made) return;
    notes.say(`Version ${made.version} answers at ${made.endpoint} again`);
  }

  async #exchange(endpoint: string, begin: (endpoint: string) => Promise<ipc.Job<DeployView>>): Promise<DeployView | null> {
    if (this.endpoint !== null) return null;
    this.endpoint = endpoint;
    try {
      return await jobs.follow(begin(endpoint));
    } catch (thrown) {
      notes.fail(thrown);
      return null;
    } finally {
      this.endpoint = null;
    }
  }
}

export const promoting = new Promoting();
