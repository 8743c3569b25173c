/** Notebooks that are open now, and the models that stand fitted in one of them. */
import type { KernelPlan } from "$lib/ipc/bindings/KernelPlan";
import type { KernelView } from "$lib/ipc/bindings/KernelView";
import * as ipc from "$lib/ipc/commands";
import { nothing } from "./corrections";
import { Fetched } from "./fetched.svelte";
import { run } from "./run.svelte";

const LOOK_MS = 3000;

class Kernels {
  open = $state(false);
  chosen = $state<string | null>(null);
  #list = new Fetched<KernelView[]>(ipc.kernels);
  #plan = new Fetched<KernelPlan>(() => ipc.planKernel(this.chosen ?? ""));
  #timer: ReturnType<typeof setInterval> | undefined;

  get list(): KernelView[] | null {
    return this.#list.value;
  }

  get error() {
    return this.#list.error;
  }

  /** The models of the chosen notebook, once it has told. */
  get plan(): KernelPlan | null {
    return this.#plan.value;
  }

  get planError() {
    return this.#plan.error;
  }

  show(): void {
    this.open = true;
    this.chosen = null;
    this.refresh();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      if (!document.hidden) this.refresh();
    }, LOOK_MS);
  }

  close(): void {
    this.open = false;
    clearInterval(this.#timer);
  }

  refresh(): void {
    void this.#list.refresh();
  }

  choose(id: string): void {
    if (id === this.chosen && this.#plan.value) return;
    this.chosen = id;
    this.look();
  }

  /** Asks the chosen notebook again. */
  look(): void {
    this.#plan.reset();
    void this.#plan.refresh();
  }

  take(kernel: KernelView, variable: string): void {
    this.close();
    run.begin({ kind: "live", name: kernel.name, plan: null, make: (corrections) => ipc.importKernel(kernel.id, corrections) }, null, { ...nothing, pick: variable, accept_data: true });
  }
}

export const kernels = new Kernels();
