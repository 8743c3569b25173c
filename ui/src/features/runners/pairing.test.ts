import { expect, test } from "vitest";
import { pairSteps, suggestedName, wrongCode, wrongName } from "./pairing";

test("a name is suggested from the host", () => {
  expect(suggestedName("https://Edge-7.example.com:8443/")).toBe("edge-7");
  expect(suggestedName("192.0.2.7:8443")).toBe("192-0-2-7");
  expect(suggestedName("[2001:db8::1]:8443")).toBe("2001-db8-1");
  expect(suggestedName("")).toBe("");
});

test("a name is taken once", () => {
  expect(wrongName("edge", ["this-computer"])).toBeNull();
  expect(wrongName("edge", ["edge"])).toContain("already");
  expect(wrongName("Ed ge", [])).not.toBeNull();
});

test("a code is taken as people type it", () => {
  for (const typed of ["01234-56789-ABCDE-FGHJK", "0123456789abcdefghjk", "O1234 56789 ABCDE FGHJK"]) expect(wrongCode(typed)).toBeNull();
  for (const wrong of ["01234", "01234-56789-ABCDE-FGHJU", "01234-56789-ABCDE-FGHJK0"]) expect(wrongCode(wrong)).not.toBeNull();
});

test("what failed is the step under way", () => {
  const states = (reached: Parameters<typeof pairSteps>[0]) => pairSteps(reached).map((step) => step.state);
  expect(states({ session: false, stage: null, done: false, failed: false })).toEqual(["next", "next", "next"]);
  expect(states({ session: false, stage: "prove", done: false, failed: true })).toEqual(["done", "failed", "next"]);
  expect(states({ session: false, stage: "look", done: true, failed: false })).toEqual(["done", "done", "done"]);
});
