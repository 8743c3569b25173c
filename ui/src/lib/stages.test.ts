import { describe, expect, it } from "vitest";
import { importShare, importSteps, type ImportKind, type Mark } from "./stages";

const marks = (...stages: string[]): Mark[] => stages.map((stage, at) => ({ stage, at: at * 1000 }));
const at = (stage: string, done = 0, total: number | null = null) => ({ stage, done, total, unit: "steps" as const });
const states = (kind: ImportKind, reached: Mark[], state: "running" | "done" | "failed" | "next" = "running") => importSteps({ kind, marks: reached, progress: null, end: 60_000, state }).map((step) => step.state).join(" ");

describe("an import's steps", () => {
  it("are to come before it begins, and done when it is over", () => {
    expect(states("notebook", [], "next")).toBe("next next next next next next next next");
    expect(states("notebook", marks("read", "run"), "done")).not.toMatch(/now|next/);
  });
  it("take a stage that was not announced as passed", () => {
    expect(states("notebook", marks("read", "run"))).toBe("done done now next next next next next");
  });
  it("name the one that failed and nothing after it", () => {
    expect(states("notebook", marks("read", "environment", "start-kernel", "run"), "failed")).toBe("done done failed next next next next next");
  });
  it("leave out what a file and an open notebook have not", () => {
    expect(importSteps({ kind: "live", marks: [], progress: null, end: 0, state: "next" }).map((step) => step.text)).not.toContain("Run the cells");
    expect(states("file", marks("convert"))).toBe("done done now next next");
  });
  it("count the cell that runs, from one", () => {
    const steps = importSteps({ kind: "notebook", marks: marks("run"), progress: at("run", 4, 7), end: 0, state: "running" });
    expect(steps.find((step) => step.state === "now")?.note).toBe("5 of 7");
  });
  it("say how long each took", () => {
    const steps = importSteps({ kind: "notebook", marks: marks("read", "prepare", "start-kernel", "run", "capture"), progress: null, end: 0, state: "running" });
    expect(steps.slice(0, 3).map((step) => step.note)).toEqual(["1.0 s", "1.0 s", "2.0 s"]);
  });
});

describe("an import's share", () => {
  it("only grows from stage to stage and within one", () => {
    const shares = [importShare("notebook", [], null), importShare("notebook", marks("run"), at("run", 1, 10)), importShare("notebook", marks("run"), at("run", 9, 10)), importShare("notebook", marks("run", "convert"), at("convert")), importShare("notebook", marks("run", "store"), at("store", 1, 1))];
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect([shares[0], shares.at(-1)]).toEqual([0, 1]);
  });
});
