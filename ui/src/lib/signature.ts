/** A signature in words. */
import { counted } from "./format";
import type { Signature } from "./ipc/bindings/Signature";
import { taskWords } from "./words";

function classesOf(signature: Signature): string[] {
  return signature.outputs.find((output) => output.classes.length > 0)?.classes ?? [];
}

export function signatureWords(signature: Signature): { takes: string; gives: string } {
  const columns = signature.inputs.flatMap((input) => input.columns);
  const numbers = columns.filter((column) => column.kind === "numeric").length;
  const parts = [numbers > 0 ? counted(numbers, "number") : "", columns.length > numbers ? counted(columns.length - numbers, "category", "categories") : ""];
  const classes = classesOf(signature);
  const named = classes.length > 0 && classes.length <= 4 ? `: ${classes.join(", ")}` : classes.length > 4 ? `: ${classes.length} of them` : "";
  return {
    takes: `${counted(columns.length, "column")} (${parts.filter(Boolean).join(", ")})`,
    gives: taskWords[signature.task].replace(/^./, (first) => first.toLowerCase()) + named,
  };
}
