/** The library: its models, the one that is selected, and everything about it. */
import type { ModelView } from "$lib/ipc/bindings/ModelView";
import type { ShowView } from "$lib/ipc/bindings/ShowView";
import * as ipc from "$lib/ipc/commands";
import { Fetched } from "./fetched.svelte";

class Models {
  #list = new Fetched<ModelView[]>(ipc.models);
  #shown = new Fetched<ShowView>(() => ipc.show(this.#wanted?.model ?? "", this.#wanted?.version ?? null));
  #wanted = $state<{ model: string; version: number | null } | null>(null);

  get list(): ModelView[] | null {
    return this.#list.value;
  }

  get error() {
    return this.#list.error;
  }

  /** The version that is looked at, once it is known. */
  get shown(): ShowView | null {
    return this.#shown.value;
  }

  get shownError() {
    return this.#shown.error;
  }

  get selected(): string | null {
    return this.#wanted?.model ?? null;
  }

  /** Looks at a version; the newest when none is named. */
  look(model: string, version: number | null = null): void {
    if (this.#wanted?.model === model && this.#wanted.version === version) return;
    this.#wanted = { model, version };
    this.#shown.reset();
    void this.#shown.refresh();
  }

  refresh(): void {
    void this.#list.refresh();
    if (this.#wanted) void this.#shown.refresh();
  }
}

export const models = new Models();
