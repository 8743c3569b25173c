import { describe, expect, it } from "vitest";
import { parityTitle, parityWords } from "./parity";

const parity = (rows: number, beyond: number, max_abs: number | null, verdict: string) => ({ rows, beyond, max_abs, verdict, compared: "label", worst: [] });

describe("a comparison in words", () => {
  it("says how many rows, that none differs, and the largest difference", () => {
    expect(parityWords(parity(2000, 0, 3e-8, "equal"))).toBe("2,000 rows answered by both: no difference beyond 0.00001; largest 3.0 × 10⁻⁸");
  });
  it("claims no figure that was not measured", () => {
    expect(parityWords(parity(300, 0, null, "equal"))).toBe("300 rows answered by both: the same answer on every row");
    expect(parityWords(parity(1, 0, 0, "equal"))).toBe("1 row answered by both: the same to the last digit");
  });
  it("of large numbers speaks of a share, not of a size", () => {
    expect(parityWords(parity(442, 0, 0.0012, "equal"))).toContain("1 part in 100,000");
  });
  it("says how many differ, and never calls them equal", () => {
    expect(parityWords(parity(2000, 1, 0.004, "close"))).toBe("2,000 rows answered by both: 1 differs by more than the tolerance; largest 0.004");
    expect(parityWords(parity(1500, 813, 1, "different"))).toContain("813 differ");
    expect(["equal", "close", "different", "something new"].map((verdict) => parityTitle(parity(1, 1, 1, verdict)))).toEqual(["Answers as the original does", "Answers almost as the original does", "Does not answer as the original does", "Does not answer as the original does"]);
  });
});
