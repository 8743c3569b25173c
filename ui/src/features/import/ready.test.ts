import { describe, expect, it } from "vitest";
import type { ImportPlan } from "$lib/ipc/bindings/ImportPlan";
import type { NotebookPlan } from "$lib/ipc/bindings/NotebookPlan";
import { nothing } from "$lib/state/corrections";
import { readiness } from "./ready";

const python = { interpreter: "/a/python", label: "", python: "3.11.7", packages: [], chosen: true, problem: null };
const notebook = (over: Partial<NotebookPlan>): NotebookPlan => ({ cells: [], environments: [python], missing_packages: [], missing_files: [], needed: null, addresses: [], network_blocked: true, ready: false, ...over });
const plan = (over: Partial<ImportPlan>): ImportPlan => ({ file: "a.ipynb", name: "a", signature: null, notebook: null, consent: null, baseline: null, findings: [], already: null, ...over });
const missing = { path: "../weather.csv", cell: 2, found: ["/b/weather.csv"] };

describe("before an import", () => {
  it("a file that can carry code needs consent", () => {
    const pickle = plan({ consent: "a pickle is a program" });
    expect([readiness(pickle, nothing).can, readiness(pickle, { ...nothing, consent: true }).can]).toEqual([false, true]);
  });
  it("a notebook needs a Python, or one that is built", () => {
    const none = plan({ notebook: notebook({ environments: [] }) });
    const broken = plan({ notebook: notebook({ environments: [{ ...python, problem: "it is gone" }] }) });
    expect([readiness(none, nothing).can, readiness(broken, nothing).can, readiness(none, { ...nothing, build_environment: true })]).toEqual([false, false, { can: true, word: "Build and run" }]);
  });
  it("what is missing is not run over without saying so", () => {
    const lacking = plan({ notebook: notebook({ missing_files: [missing] }) });
    expect([readiness(lacking, nothing).word, readiness(lacking, { ...nothing, files: [[missing.path, "found:0"]] }).word]).toEqual(["Run anyway", "Run"]);
  });
});
