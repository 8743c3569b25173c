import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ImportPlan } from "$lib/ipc/bindings/ImportPlan";
import type { JobView } from "$lib/ipc/bindings/JobView";
import type { NotebookPlan } from "$lib/ipc/bindings/NotebookPlan";
import { needsLook } from "./importing.svelte";
import { jobs } from "./jobs.svelte";
import { run, startsAtOnce } from "./run.svelte";

const cell = (index: number) => ({ index, number: index + 1, title: `cell ${index}`, source: "", state: "waiting" as const, seconds: null, error: null });
const notebook = (over: Partial<NotebookPlan> = {}): NotebookPlan => ({ cells: [0, 1, 2].map(cell), environments: [], missing_packages: [], missing_files: [], needed: null, addresses: [], network_blocked: true, ready: true, ...over });
const plan = (over: Partial<ImportPlan> = {}): ImportPlan => ({ file: "flights.ipynb", name: "flights", signature: null, notebook: notebook(), consent: null, baseline: null, findings: [], already: null, ...over });
const view = (id: number, state: JobView["state"], stage = "run", error: JobView["error"] = null): JobView => ({ id, title: "Import", progress: { stage, done: 0, total: 3, unit: "steps" }, state, error });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

let next = 1;
let asked: unknown[] = [];
const frames: (() => void)[] = [];
const draw = () => frames.splice(0).forEach((frame) => frame());
const begin = (over: Partial<ImportPlan> = {}, plans: ImportPlan = plan(over)) => {
  const id = next++;
  run.begin({ kind: "notebook", name: "flights.ipynb", plan: async () => plans, make: async (corrections) => (asked.push(corrections), id) }, plan(over));
  return id;
};

beforeEach(() => {
  asked = [];
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
});

describe("a plan", () => {
  it("of a notebook has no signature yet, and that is no question", () => {
    expect(needsLook(plan())).toBe(false);
  });
  it("is carried out at once only when nothing is missing and nothing can harm", () => {
    const blocking = { code: "x", severity: "blocking" as const, message: "", hint: "" };
    expect([plan(), plan({ notebook: notebook({ ready: false }) }), plan({ consent: "a pickle" }), plan({ findings: [blocking] }), plan({ notebook: null })].map(startsAtOnce)).toEqual([true, false, false, false, true]);
  });
});

describe("a run", () => {
  it("shows its cells as they are told, also what was told before its number was known", async () => {
    const id = begin();
    run.heard({ event: "cell", job: id, index: 0, state: "running", seconds: null, error: null });
    run.heard({ event: "cell", job: id + 100, index: 1, state: "failed", seconds: 1, error: "another job" });
    draw();
    await settled();
    run.heard({ event: "output", job: id, index: 0, output: { kind: "text", stream: "stdout", text: "hello\n" } });
    run.heard({ event: "cell", job: id, index: 0, state: "done", seconds: 0.5, error: null });
    draw();
    expect(run.cells.list.map((one) => one.state)).toEqual(["done", "waiting", "waiting"]);
    expect(run.cells.list[0]).toMatchObject({ seconds: 0.5, tail: "hello" });
    jobs.moved(view(id, "cancelled"));
    await settled();
    expect([run.phase, run.failure?.code, run.cells.list[0]?.state]).toEqual(["failed", "cancelled", "done"]);
  });
  it("opens the cell that failed, and keeps why", async () => {
    const id = begin();
    await settled();
    run.heard({ event: "cell", job: id, index: 2, state: "failed", seconds: 0.1, error: "NameError: x" });
    jobs.moved(view(id, "failed", "run", { code: "cell-failed", message: "Cell 3 failed", hint: "", findings: [{ code: "newer-package", severity: "warning", message: "", hint: "" }] }));
    await settled();
    expect([run.phase, run.failure?.findings?.length, run.cells.at]).toEqual(["failed", 1, 2]);
    expect(run.cells.list[2]).toMatchObject({ open: true, error: "NameError: x" });
  });
  it("asks which model is meant, and runs again with the answer", async () => {
    const id = begin();
    await settled();
    jobs.moved(view(id, "failed", "capture", { code: "pick-a-model", message: "Two", hint: "", candidates: [{ variable: "clf", class: "", cell: 1, metric: null }] }));
    await settled();
    expect(run.phase).toBe("pick");
    void run.start({ pick: "clf" });
    await settled();
    expect(asked.at(-1)).toMatchObject({ pick: "clf" });
    jobs.moved(view(id, "cancelled"));
    await settled();
    expect([run.phase, run.failure?.code]).toEqual(["failed", "cancelled"]);
  });
  it("waits with a notebook that lacks something, and looks again with another Python", async () => {
    begin({ notebook: notebook({ ready: false }) }, plan({ notebook: notebook({ cells: [cell(0)] }) }));
    expect([run.phase, asked]).toEqual(["look", []]);
    await run.use("/opt/python");
    expect([run.phase, run.corrections.python, run.cells.list.length]).toEqual(["look", "/opt/python", 1]);
    expect(asked).toEqual([]);
    run.leave();
    expect([run.phase, run.source]).toEqual(["none", null]);
  });
  it("that failed begins again at once when another Python lacks nothing", async () => {
    const id = begin();
    await settled();
    jobs.moved(view(id, "failed", "run", { code: "cell-failed", message: "", hint: "" }));
    await settled();
    await run.use("/opt/python");
    expect([run.phase, asked.length, run.corrections.python]).toEqual(["running", 2, "/opt/python"]);
    await settled();
    jobs.moved(view(id, "cancelled"));
    await settled();
  });
  it("keeps to the last of two corrections, whichever is answered first", async () => {
    const answers: ((plan: ImportPlan) => void)[] = [];
    const source = { kind: "notebook" as const, name: "flights.ipynb", plan: () => new Promise<ImportPlan>((resolve) => answers.push(resolve)), make: async () => 0 };
    run.begin(source, plan({ notebook: notebook({ ready: false }) }));
    const first = run.correct({ python: "/a" });
    const second = run.correct({ python: "/b" });
    void run.correct({ network: true });
    answers[1]?.(plan({ notebook: notebook({ ready: false, cells: [cell(0)] }) }));
    answers[0]?.(plan({ notebook: notebook({ ready: false, cells: [] }) }));
    expect(await Promise.all([first, second])).toEqual([false, true]);
    expect([run.cells.list.length, run.looking, run.corrections]).toMatchObject([1, false, { python: "/b", network: true }]);
  });
  it("shows cells the model does not need as not run", async () => {
    begin({ notebook: notebook({ ready: false, needed: [0, 2] }) }, plan({ notebook: notebook({ needed: [0, 2] }) }));
    await run.correct({ only_needed: true });
    expect(run.cells.list.map((one) => one.state)).toEqual(["waiting", "skipped", "waiting"]);
  });
});
