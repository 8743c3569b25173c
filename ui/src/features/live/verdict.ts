/** What a drift view says in a pill. */
import type { Tone } from "$components/Pill.svelte";
import { counted } from "$lib/format";
import type { DriftView } from "$lib/ipc/bindings/DriftView";

export function driftPill(drift: DriftView): { tone: Tone; text: string } {
  const alerting = drift.features.filter((feature) => feature.verdict === "alert").length;
  const watched = drift.features.filter((feature) => feature.verdict === "watch").length;
  if (alerting > 0) return { tone: "warn", text: `Drift on ${alerting} of ${counted(drift.features.length, "feature")}` };
  if (watched > 0) return { tone: "busy", text: `Watching ${watched} of ${counted(drift.features.length, "feature")}` };
  if (drift.features.length === 0) return { tone: "plain", text: "No baseline, drift is not judged" };
  const judged = drift.features.some((feature) => feature.verdict === "none");
  return judged ? { tone: "good", text: "As in training" } : { tone: "plain", text: "Not enough data yet" };
}
