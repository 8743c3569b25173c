import { expect, it } from "vitest";
import { Frames } from "./frames";

it("what arrives between two frames is handed over once", () => {
  const seen: number[][] = [];
  const waiting: (() => void)[] = [];
  const frames = new Frames<number>((batch) => seen.push(batch), (run) => waiting.push(run));
  [1, 2, 3].forEach((n) => frames.push(n));
  waiting.shift()?.();
  frames.push(4);
  waiting.shift()?.();
  expect([seen, waiting.length]).toEqual([[[1, 2, 3], [4]], 0]);
});
