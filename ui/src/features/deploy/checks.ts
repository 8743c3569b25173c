/** What happens before a version answers, in the order of the stages that a deployment reports. */
import type { Step } from "$components/Steps.svelte";
import { counted } from "$lib/format";
import type { ShowView } from "$lib/ipc/bindings/ShowView";
import type { RunningJob } from "$lib/state/jobs.svelte";

const STAGES = ["start-runner", "upload", "preflight", "switch"];

function texts(show: ShowView): string[] {
  const golden = show.golden ? counted(show.golden.rows, "golden row") : "The model";
  return ["Runner ready", "Package sent, every byte compared with its digest", `${golden} answered in a child process`, "Warm, then switched at once"];
}

export type Reached = { stage: string | null; done: boolean; failed: boolean; job: RunningJob | null };

export function deploySteps(show: ShowView, { stage, done, failed, job }: Reached): Step[] {
  const at = stage === null ? -1 : Math.max(0, STAGES.indexOf(stage));
  return texts(show).map((text, index) => {
    const state = done || index < at ? "done" : index > at || at < 0 ? "next" : failed ? "failed" : "now";
    return { text, state, note: state === "now" ? (job?.amount ?? "") : "" };
  });
}
