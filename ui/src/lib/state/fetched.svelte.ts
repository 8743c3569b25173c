/**
 * A projection of what Rust knows: the last known value, its age, and what went wrong since. One request at a time; a
 * wish for another one meanwhile is kept and asked once; never more often than every `everyMs`.
 */
import { asFailure, type Failure } from "$lib/ipc/failure";

export class Fetched<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<Failure | null>(null);
  /** When `value` was true, in milliseconds; 0 before the first answer. */
  at = $state(0);

  #load: () => Promise<T>;
  #everyMs: number;
  #busy = false;
  #again = false;
  #generation = 0;

  constructor(load: () => Promise<T>, everyMs = 0) {
    this.#load = load;
    this.#everyMs = everyMs;
  }

  /** Forgets what is known, because something else is asked for from now on. */
  reset(): void {
    this.#generation += 1;
    this.value = null;
    this.error = null;
    this.at = 0;
  }

  async refresh(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    do {
      this.#again = false;
      const started = performance.now();
      await this.#once();
      const rest = this.#everyMs - (performance.now() - started);
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    } while (this.#again);
    this.#busy = false;
  }

  async #once(): Promise<void> {
    const generation = this.#generation;
    try {
      const value = await this.#load();
      if (generation !== this.#generation) return;
      this.value = value;
      this.error = null;
      this.at = Date.now();
    } catch (thrown) {
      if (generation === this.#generation) this.error = asFailure(thrown);
    }
  }
}
