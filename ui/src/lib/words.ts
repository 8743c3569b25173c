/** The words for what Rust names in code. */
import type { Tone } from "$components/Pill.svelte";
import type { Severity } from "./ipc/bindings/Severity";
import type { Task } from "./ipc/bindings/Task";
import type { VersionState } from "./ipc/bindings/VersionState";

export const taskWords: Record<Task, string> = {
  binary: "One of two classes",
  multiclass: "One of many classes",
  regression: "A number",
  anomaly: "Unusual or not",
  other: "Something else",
};

export const roleWords = { label: "The predicted class", scores: "A score per class", value: "The predicted number", other: "Something else" } as const;

export const kindWords = { numeric: "Number", categorical: "Category" } as const;

export const stateWords: Record<VersionState, { tone: Tone; text: string }> = {
  ready: { tone: "plain", text: "ready" },
  blocked: { tone: "bad", text: "blocked" },
  serving: { tone: "good", text: "steady" },
  drifting: { tone: "warn", text: "drift" },
};

export const severityWords: Record<Severity, string> = { info: "Good to know", warning: "To look at", blocking: "Keeps it from being deployed" };

/** Shapes as people write them: free sizes are "any". */
export function shape(sizes: number[]): string {
  return sizes.length === 0 ? "scalar" : sizes.map((size) => (size < 0 ? "any" : String(size))).join(" × ");
}

export function runnerWords(name: string): string {
  return name === "this-computer" ? "This computer" : name;
}

/** How the training data of a live model was found: what it proves, and what is left to the person. */
export const evidenceWords: Record<string, { tone: Tone; text: string; means: string }> = {
  proved: { tone: "good", text: "proved", means: "The model's own numbers, such as its means and row counts, are those of this data" },
  history: { tone: "plain", text: "likely", means: "From the history of the notebook: the last fit named this data" },
  columns: { tone: "warn", text: "columns match only", means: "Only columns and lengths fit, as those of other data may: it has to be confirmed" },
  none: { tone: "warn", text: "no data found", means: "Without its training data drift cannot be seen; a file can be added afterwards" },
};

export const kernelWords: Record<string, { tone: Tone; text: string }> = {
  idle: { tone: "good", text: "ready" },
  busy: { tone: "busy", text: "running a cell" },
  unreachable: { tone: "bad", text: "no answer" },
};

export const sourceWords: Record<string, string> = {
  run: "run from top to bottom",
  live: "taken from a live kernel, not re-run",
  file: "converted from a model file",
};

const stages: Record<string, string> = {
  start: "starting",
  read: "reading",
  environment: "looking at the environment",
  "build-environment": "building the environment",
  prepare: "getting the converter",
  "start-kernel": "starting Python",
  run: "running cells",
  capture: "taking the model",
  convert: "converting",
  parity: "comparing with the original",
  store: "storing",
  copy: "copying",
  baseline: "counting the training data",
  "golden-rows": "making golden rows",
  load: "loading",
  measure: "measuring",
  keychain: "asking the keychain",
  prove: "proving the code",
  look: "looking at its endpoints",
  "start-runner": "starting the runner",
  upload: "sending",
  preflight: "checking on the runner",
  switch: "switching",
};

/** What a job does now. */
export function stageWords(stage: string): string {
  return stages[stage] ?? stage.replaceAll("-", " ");
}
