/**
 * An import that takes work: a notebook that is run, a model taken from an open one, a file that another program wrote.
 * From the questions before it to the version it made; one at a time.
 */
import type { Corrections } from "$lib/ipc/bindings/Corrections";
import type { ImportPlan } from "$lib/ipc/bindings/ImportPlan";
import type { ImportView } from "$lib/ipc/bindings/ImportView";
import type { JobView } from "$lib/ipc/bindings/JobView";
import type { Progress } from "$lib/ipc/bindings/Progress";
import * as ipc from "$lib/ipc/commands";
import { asFailure, type Failure } from "$lib/ipc/failure";
import { Frames } from "$lib/frames";
import { importShare, type ImportKind, type Mark } from "$lib/stages";
import { Cells, type CellEvent } from "./cells.svelte";
import { notes } from "./errors.svelte";
import { jobs } from "./jobs.svelte";
import { nothing } from "./corrections";
import { where } from "./place.svelte";

/** What is imported, how it is looked at again after a correction, and how it is carried out. */
export type Source = { kind: ImportKind; name: string; plan: ((corrections: Corrections) => Promise<ImportPlan>) | null; make: (corrections: Corrections) => Promise<ipc.Job<ImportView>> };

export type Phase = "none" | "look" | "running" | "pick" | "failed" | "done";

/** Corrections that change what is known before the run; the others are only told to it. */
const looksAgain: (keyof Corrections)[] = ["python", "only_needed"];

/** A plan with nothing to ask is carried out at once. */
export function startsAtOnce(plan: ImportPlan): boolean {
  const blocked = plan.findings.some((finding) => finding.severity === "blocking");
  return plan.consent === null && !blocked && (plan.notebook?.ready ?? true);
}

class Run {
  source = $state.raw<Source | null>(null);
  plan = $state.raw<ImportPlan | null>(null);
  corrections = $state.raw<Corrections>(nothing);
  phase = $state<Phase>("none");
  /** The notebook that is being read before anything is known of it. */
  reading = $state<string | null>(null);
  /** Whether a correction is being looked at. */
  looking = $state(false);
  job = $state<number | null>(null);
  progress = $state.raw<Progress | null>(null);
  marks = $state.raw<Mark[]>([]);
  ended = $state(0);
  result = $state.raw<ImportView | null>(null);
  failure = $state.raw<Failure | null>(null);
  cells = new Cells();
  #events = new Frames<CellEvent>((batch) => this.#show(batch));
  #early: CellEvent[] = [];
  #work: Promise<void> = Promise.resolve();
  #turn = 0;
  share = $derived(this.source ? importShare(this.source.kind, this.marks, this.progress) : 0);

  get busy(): boolean {
    return this.phase === "running";
  }

  /** A notebook is read and its Python looked for, which may take a moment: it has its place meanwhile. */
  async read<T>(name: string, plan: () => Promise<T>): Promise<T> {
    if (this.busy) return plan();
    const from = where.current;
    this.reading = name;
    where.go({ at: "import" });
    try {
      return await plan();
    } catch (thrown) {
      const nothingHere = from.at !== "import" || this.phase === "none";
      if (where.current.at === "import" && nothingHere) where.go(from.at === "import" ? { at: "models" } : from);
      throw thrown;
    } finally {
      this.reading = null;
    }
  }

  /** Begins with what was dropped, chosen or taken; at once when nothing has to be asked. */
  begin(source: Source, plan: ImportPlan | null, corrections: Corrections = nothing): void {
    if (this.busy) {
      notes.say(`${this.source?.name} is still being imported; ${source.name} can follow when it is done`, { label: "Show", run: () => where.go({ at: "import" }) });
      return;
    }
    this.leave();
    this.source = source;
    this.corrections = corrections;
    this.#forget();
    this.#planned(plan);
    where.go({ at: "import" });
    if (plan === null || startsAtOnce(plan)) void this.start();
    else this.phase = "look";
  }

  /** Takes a correction; looks again where that changes what is known. Says whether what is known is true of it. */
  async correct(change: Partial<Corrections>): Promise<boolean> {
    this.corrections = { ...this.corrections, ...change };
    const plan = this.source?.plan;
    if (!plan || !looksAgain.some((key) => key in change)) return true;
    const turn = ++this.#turn;
    this.looking = true;
    try {
      const next = await plan(this.corrections);
      if (turn !== this.#turn) return false;
      this.#planned(next);
      return true;
    } catch (thrown) {
      notes.fail(thrown);
      return false;
    } finally {
      if (turn === this.#turn) this.looking = false;
    }
  }

  /** Another interpreter: what runs is stopped; what had begun begins again there when nothing is missing. */
  async use(python: string): Promise<void> {
    const begun = this.phase !== "look";
    if (this.busy) await this.stop();
    if (begun) this.#forget();
    this.phase = "look";
    const known = await this.correct({ python });
    if (known && begun && this.plan && startsAtOnce(this.plan)) void this.start();
  }

  start(change: Partial<Corrections> = {}): Promise<void> {
    const source = this.source;
    if (!source || this.busy) return this.#work;
    this.#work = this.#carryOut(source, change);
    return this.#work;
  }

  async stop(): Promise<void> {
    const job = this.job;
    if (job === null) return;
    await ipc.cancelJob(job).catch((thrown) => notes.fail(thrown));
    await this.#work;
  }

  /** A cell moved or put something out. */
  heard(event: CellEvent): void {
    this.#events.push(event);
  }

  leave(): void {
    if (this.busy) return;
    this.#turn += 1;
    this.looking = false;
    this.phase = "none";
    this.source = null;
    this.plan = null;
    this.cells.reset([]);
  }

  async #carryOut(source: Source, change: Partial<Corrections>): Promise<void> {
    this.corrections = { ...this.corrections, ...change };
    this.#forget();
    this.#planned(this.plan);
    this.phase = "running";
    try {
      const started = source.make(this.corrections);
      void started.then((id) => this.#named(id)).catch(() => undefined);
      this.result = await jobs.follow(started, (view) => this.#watch(view));
      this.#ended("done");
    } catch (thrown) {
      this.failure = asFailure(thrown);
      this.#ended(this.failure.code === "pick-a-model" && (this.failure.candidates?.length ?? 0) > 0 ? "pick" : "failed");
    }
  }

  #show(batch: CellEvent[]): void {
    // Events may come before the call that started the job has answered.
    if (this.job === null) this.#early.push(...(this.busy ? batch : []));
    else this.cells.heard(batch.filter((event) => event.job === this.job));
  }

  #named(id: number): void {
    if (this.job !== null) return;
    this.job = id;
    const early = this.#early;
    this.#early = [];
    this.#show(early);
  }

  #watch(view: JobView): void {
    this.#named(view.id);
    this.progress = view.progress;
    if (this.marks.at(-1)?.stage !== view.progress.stage) this.marks = [...this.marks, { stage: view.progress.stage, at: performance.now() }];
  }

  #ended(phase: Phase): void {
    this.#events.flush();
    this.ended = performance.now();
    this.phase = phase;
    this.job = null;
    if (where.current.at !== "import" && this.failure?.code !== "cancelled") this.#tell(phase);
  }

  /** Somebody who went elsewhere meanwhile is told how it ended. */
  #tell(phase: Phase): void {
    const name = this.source?.name ?? "The import";
    const words = phase === "done" ? `${name} is imported as ${this.result?.model}, version ${this.result?.version}` : phase === "pick" ? `${name} has several models; one has to be chosen` : `${name} could not be imported`;
    notes.say(words, { label: "Show", run: () => where.go({ at: "import" }) });
  }

  #planned(plan: ImportPlan | null): void {
    this.plan = plan;
    const notebook = plan?.notebook;
    this.cells.reset(notebook?.cells ?? [], this.corrections.only_needed ? (notebook?.needed ?? null) : null);
  }

  #forget(): void {
    this.job = null;
    this.progress = null;
    this.marks = [];
    this.result = null;
    this.failure = null;
    this.#early = [];
  }
}

export const run = new Run();
