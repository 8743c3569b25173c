/** What an import does, as the few steps a person follows, from the stages that its job reports. */
import type { Step } from "$components/Steps.svelte";
import { bytes, count, seconds } from "./format";
import type { Progress } from "./ipc/bindings/Progress";

export type ImportKind = "notebook" | "live" | "file";

/** A stage and when it began, in milliseconds. */
export type Mark = { stage: string; at: number };

type Line = { stages: string[]; next: string; now: string; done: string; kinds: ImportKind[]; weight: number };

const all: ImportKind[] = ["notebook", "live", "file"];
const lines: Line[] = [
  { stages: ["start", "read", "environment", "build-environment"], next: "Find the environment", now: "Looking at the environment", done: "Environment found", kinds: ["notebook", "file"], weight: 4 },
  { stages: ["prepare"], next: "Get the converter ready", now: "Getting the converter, this first time only", done: "Converter at hand", kinds: all, weight: 6 },
  { stages: ["start-kernel", "run"], next: "Run the cells", now: "Running the cells", done: "Cells run", kinds: ["notebook"], weight: 50 },
  { stages: ["capture"], next: "Take the model and its data", now: "Taking the model and its data", done: "Model and data taken", kinds: ["notebook", "live"], weight: 8 },
  { stages: ["convert"], next: "Convert to ONNX", now: "Converting to ONNX", done: "Converted to ONNX", kinds: all, weight: 12 },
  { stages: ["parity"], next: "Compare with the original", now: "Comparing with the original", done: "Compared with the original", kinds: all, weight: 8 },
  { stages: ["baseline", "golden-rows"], next: "Count the training data", now: "Counting the training data", done: "Training data counted", kinds: ["notebook", "live"], weight: 6 },
  { stages: ["store", "copy"], next: "Store the package", now: "Storing the package", done: "Package stored", kinds: all, weight: 6 },
];

function linesOf(kind: ImportKind): Line[] {
  return lines.filter((line) => line.kinds.includes(kind));
}

/** The furthest line that was reached: a quick stage may pass without being told. */
function reached(shown: Line[], marks: Mark[]): number {
  return Math.max(-1, ...marks.map((mark) => shown.findIndex((line) => line.stages.includes(mark.stage))));
}

function amount({ done, total, unit, stage }: Progress): string {
  if (stage === "run" && total) return `${count(Math.min(done + 1, total))} of ${count(total)}`;
  if (unit === "bytes" && done > 0) return total ? `${bytes(done)} of ${bytes(total)}` : bytes(done);
  return total && total > 1 ? `${count(done)} of ${count(total)}` : "";
}

/** How long a line took: from its first stage to the first stage of a later one. */
function took(line: Line, marks: Mark[], end: number): string {
  const from = marks.find((mark) => line.stages.includes(mark.stage));
  if (!from) return "";
  const to = marks.find((mark) => mark.at >= from.at && !line.stages.includes(mark.stage))?.at ?? end;
  return seconds((to - from.at) / 1000);
}

export type Reached = { kind: ImportKind; marks: Mark[]; progress: Progress | null; end: number; state: "running" | "done" | "failed" | "next" };

export function importSteps({ kind, marks, progress, end, state }: Reached): Step[] {
  const shown = linesOf(kind);
  const at = reached(shown, marks);
  return shown.map((line, index) => {
    if (state === "next") return { text: line.next, state: "next" as const };
    if (state === "done" || index < at) return { text: line.done, state: "done" as const, note: took(line, marks, end) };
    if (index > at && !(at < 0 && index === 0)) return { text: line.next, state: "next" as const };
    if (state === "failed") return { text: line.now, state: "failed" as const, note: took(line, marks, end) };
    return { text: line.now, state: "now" as const, note: progress ? amount(progress) : "" };
  });
}

/** How far the whole import is, 0 to 1. */
export function importShare(kind: ImportKind, marks: Mark[], progress: Progress | null): number {
  const shown = linesOf(kind);
  const at = reached(shown, marks);
  const whole = shown.reduce((sum, line) => sum + line.weight, 0);
  const before = shown.slice(0, Math.max(0, at)).reduce((sum, line) => sum + line.weight, 0);
  const within = progress?.total ? Math.min(1, progress.done / progress.total) : 0;
  return (before + within * (shown[at]?.weight ?? 0)) / whole;
}
