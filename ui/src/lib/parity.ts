/** A comparison with the original model in words: what it means first, the figures after. */
import type { Tone } from "$components/Pill.svelte";
import { count, counted, figure } from "./format";
import type { ParityView } from "./ipc/bindings/ParityView";

/** What a number may differ by, plus the same share of its size. */
const TOLERANCE = 1e-5;

export function parityTone(parity: ParityView): Tone {
  if (parity.verdict === "equal") return "good";
  return parity.verdict === "close" ? "warn" : "bad";
}

export function parityTitle(parity: ParityView): string {
  if (parity.verdict === "equal") return "Answers as the original does";
  return parity.verdict === "close" ? "Answers almost as the original does" : "Does not answer as the original does";
}

export function parityWords(parity: ParityView): string {
  const { rows, beyond, max_abs: largest } = parity;
  const both = `${counted(rows, "row")} answered by both`;
  if (parity.verdict !== "equal") {
    const differ = beyond === 1 ? "1 differs" : `${count(beyond)} differ`;
    return `${both}: ${differ} by more than the tolerance${largest === null ? "" : `; largest ${figure(largest)}`}`;
  }
  if (largest === null) return `${both}: the same answer on every row`;
  if (largest === 0) return `${both}: the same to the last digit`;
  // The tolerance grows with the number; a difference that is larger was small beside its number.
  const limit = largest <= TOLERANCE ? "no difference beyond 0.00001" : "no difference beyond 1 part in 100,000";
  return `${both}: ${limit}; largest ${figure(largest)}`;
}
