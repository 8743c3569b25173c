/** What happens before a version answers, in the order of the stages that a deployment reports. */
import type { Step } from "$components/Steps.svelte";
import { counted } from "$lib/format";
import type { ShowView } from "$lib/ipc/bindings/ShowView";
import type { RunningJob } from "$lib/state/jobs.svelte";

/** The line of the list that a stage belongs to. */
const LINE: Record<string, number> = { start: 0, "start-runner": 0, upload: 1, verify: 1, preflight: 2, warm: 3, switch: 3 };

function texts(show: ShowView, shadow: boolean): string[] {
  const golden = show.golden ? counted(show.golden.rows, "golden row") : "The model";
  return ["Runner ready", "Package sent, every byte compared with its digest", `${golden} answered in a child process`, shadow ? "Warm, then beside the version that answers" : "Warm, then switched at once"];
}

export type Reached = { shadow: boolean; stage: string | null; done: boolean; failed: boolean; job: RunningJob | null };

export function deploySteps(show: ShowView, { shadow, stage, done, failed, job }: Reached): Step[] {
  const at = stage === null ? -1 : (LINE[stage] ?? 0);
  return texts(show, shadow).map((text, index) => {
    const state = done || index < at ? "done" : index > at || at < 0 ? "next" : failed ? "failed" : "now";
    return { text, state, note: state === "now" ? (job?.amount ?? "") : "" };
  });
}
