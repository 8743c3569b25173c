/** Long work of this window: what runs, how far it is, and a way to follow the job that a call started. */
import { bytes, count } from "$lib/format";
import type { Unit } from "$lib/ipc/bindings/Unit";
import type { JobView } from "$lib/ipc/bindings/JobView";
import * as ipc from "$lib/ipc/commands";
import { stageWords } from "$lib/words";
import type { Failure } from "$lib/ipc/failure";

export type RunningJob = { id: number; title: string; stage: string; amount: string; share: number | null; view: JobView };

function amountOf(done: number, total: number | null, unit: Unit): string {
  const write = unit === "bytes" ? bytes : count;
  if (total) return unit === "bytes" ? `${write(done)} of ${write(total)}` : `${write(done)} of ${write(total)} ${unit}`;
  return done > 0 && unit !== "steps" ? `${write(done)}${unit === "bytes" ? "" : ` ${unit}`}` : "";
}

function described(view: JobView): RunningJob {
  const { stage, done, total, unit } = view.progress;
  const share = total ? done / total : null;
  return { id: view.id, title: view.title, stage: stageWords(stage), amount: amountOf(done, total, unit), share, view };
}

type Watch = (view: JobView) => void;
type Waiting = { done: () => void; failed: (thrown: Failure) => void; watch: Watch };

class Jobs {
  #views = $state.raw<JobView[]>([]);
  #ended = new Map<number, JobView>();
  #waiting = new Map<number, Waiting>();
  running: RunningJob[] = $derived(this.#views.filter((view) => view.state === "running").map(described));

  async refresh(): Promise<void> {
    this.#views = await ipc.jobs().catch(() => this.#views);
  }

  /** A job moved, as it was announced. */
  moved(view: JobView): void {
    this.#waiting.get(view.id)?.watch(view);
    const others = this.#views.filter((other) => other.id !== view.id);
    const running = view.state === "running";
    this.#views = running ? [...others, view].sort((a, b) => a.id - b.id) : others;
    if (running) return;
    this.#ended.set(view.id, view);
    this.#settle(view.id);
  }

  /** Waits for the job that a call started, and answers what it made. The end may be announced before the call comes back. */
  async follow<T>(starting: Promise<ipc.Job<T>>, watch: Watch = () => {}): Promise<T> {
    const id = await starting;
    const known = this.#ended.get(id) ?? this.#views.find((view) => view.id === id);
    if (known) watch(known);
    await new Promise<void>((done, failed) => {
      this.#waiting.set(id, { done, failed, watch });
      this.#settle(id);
    });
    return ipc.jobResult<T>(id);
  }

  find(id: number | null): RunningJob | null {
    return this.running.find((job) => job.id === id) ?? null;
  }

  #settle(id: number): void {
    const view = this.#ended.get(id);
    const waiting = this.#waiting.get(id);
    if (!view || !waiting) return;
    this.#ended.delete(id);
    this.#waiting.delete(id);
    if (view.state === "done") waiting.done();
    else waiting.failed(view.error ?? { code: "cancelled", message: "Stopped; nothing was changed", hint: "" });
  }
}

export const jobs = new Jobs();
