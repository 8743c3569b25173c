import type { CandidateView } from "./bindings/CandidateView";
import type { Finding } from "./bindings/Finding";

/** What went wrong, as a person reads it: a code for the program, a sentence, and what to do next. */
export type Failure = { code: string; message: string; hint: string; findings?: Finding[]; candidates?: CandidateView[] };

function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** Whatever a rejected call carries, as a failure. A refusal of the window's own machinery arrives as a text. */
export function asFailure(thrown: unknown): Failure {
  if (isFailure(thrown)) return { ...thrown, hint: thrown.hint ?? "" };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "window", message, hint: "Try again; if it stays, start Flightdeck from a terminal and look at what it prints" };
}
