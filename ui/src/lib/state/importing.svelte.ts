/** An import from the first look at the files to the version it made; also training data that joins a version. */
import type { Corrections } from "$lib/ipc/bindings/Corrections";
import type { ImportPlan } from "$lib/ipc/bindings/ImportPlan";
import type { ImportView } from "$lib/ipc/bindings/ImportView";
import * as ipc from "$lib/ipc/commands";
import type { Files } from "$lib/ipc/commands";
import { notes } from "./errors.svelte";
import { nothing } from "./corrections";
import { jobs } from "./jobs.svelte";
import { models } from "./models.svelte";
import { where } from "./place.svelte";
import { run } from "./run.svelte";

/** How a plan is looked at and carried out: a new model, by the notebook's name if it is one, or data for a version. */
type Way = { name?: string; plan: (corrections: Corrections) => Promise<ImportPlan>; make: (corrections: Corrections) => Promise<ipc.Job<ImportView>> };

/** What the sheet cannot change is told after the import, with the other findings. */
const nothingToChoose = ["no-baseline", "no-golden-rows"];

/** Whether a person has to decide something; a plan that is clear is carried out at once. */
export function needsLook(plan: ImportPlan): boolean {
  if (plan.signature === null) return false;
  const unclear = plan.signature.task === "other" || plan.signature.outputs.every((output) => output.role === "other");
  return unclear || plan.findings.some((finding) => finding.severity !== "info" && !nothingToChoose.includes(finding.code));
}

class Importing {
  /** What is looked at in the sheet. */
  plan = $state.raw<ImportPlan | null>(null);
  /** Whether the sheet is about training data for a version that exists. */
  data = $state(false);
  /** Whether files are being chosen, read or imported now. */
  busy = $state(false);
  #way: Way | null = null;

  choose(): Promise<void> {
    return this.#during(async () => {
      const files = await ipc.chooseFiles("import");
      if (files) await this.#look(this.#importing(files), false);
    });
  }

  begin(files: Files): Promise<void> {
    return this.#during(() => this.#look(this.#importing(files), false));
  }

  sample(): Promise<void> {
    return this.#during(async () => {
      const deployed = await jobs.follow(ipc.trySample());
      models.refresh();
      where.go({ at: "live", endpoint: deployed.address });
    });
  }

  addBaseline(model: string, version: number, files: Files | null): Promise<void> {
    return this.#during(async () => {
      const id = (files ?? (await ipc.chooseFiles("baseline")))?.id;
      if (id === undefined) return;
      const way = { plan: () => ipc.planBaseline(model, version, id), make: (corrections: Corrections) => ipc.addBaseline(model, version, id, corrections) };
      await this.#look(way, true);
    });
  }

  async confirm(corrections: Corrections): Promise<void> {
    const way = this.#way;
    this.cancel();
    if (way) await this.#during(async () => this.#made(await jobs.follow(way.make(corrections))));
  }

  cancel(): void {
    this.plan = null;
    this.#way = null;
  }

  #importing(files: Files): Way {
    return { name: files.names.find((name) => /\.ipynb$/i.test(name)), plan: (corrections) => ipc.planImport(files.id, corrections), make: (corrections) => ipc.importFiles(files.id, corrections) };
  }

  async #look(way: Way, data: boolean): Promise<void> {
    const plan = await (way.name === undefined ? way.plan(nothing) : run.read(way.name, () => way.plan(nothing)));
    if (plan.signature === null) {
      // What it answers is known after it was run or converted: that has a place of its own.
      run.begin({ ...way, kind: plan.notebook ? "notebook" : "file", name: plan.file }, plan);
    } else if (needsLook(plan)) {
      this.#way = way;
      this.data = data;
      this.plan = plan;
    } else {
      this.#made(await jobs.follow(way.make(nothing)));
    }
  }

  #made(view: ImportView): void {
    if (where.current.at === "model") where.go({ at: "model", model: view.model, version: view.version });
    else where.go({ at: "models" });
    models.look(view.model, where.current.at === "model" ? view.version : null);
    models.refresh();
    notes.say(`${view.model} version ${view.version} ${view.already ? "was imported before, from the same bytes" : "imported"}`);
  }

  async #during(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await work();
    } catch (thrown) {
      notes.fail(thrown);
    } finally {
      this.busy = false;
    }
  }
}

export const importing = new Importing();
