import { describe, expect, it } from "vitest";
import { hit, step } from "./chart";

/** Two rows of three cells, ten pixels each. */
const cells = [0, 1, 2, 3, 4, 5].map((n) => ({ x: (n % 3) * 10, y: Math.floor(n / 3) * 10, width: 10, height: 10, label: `cell ${n}` }));

describe("a value is found", () => {
  it("under the pointer, and nowhere else", () => {
    expect([hit(cells, 25, 15), hit(cells, 0, 0), hit(cells, 30, 5), hit([], 1, 1)]).toEqual([5, 0, null, null]);
  });
  it("in the smallest area when several lie there", () => {
    expect(hit([{ x: 0, y: 0, width: 100, height: 100, label: "all" }, ...cells], 5, 5)).toBe(1);
  });
  it("by arrow keys along and across rows", () => {
    expect([step(cells, null, "ArrowRight"), step(cells, 1, "ArrowRight"), step(cells, 1, "ArrowDown"), step(cells, 4, "ArrowUp"), step(cells, 0, "ArrowUp"), step(cells, 2, "End")]).toEqual([0, 2, 4, 1, null, 5]);
  });
  it("and other keys are left alone", () => {
    expect(step(cells, 0, "Tab")).toBeNull();
  });
});
