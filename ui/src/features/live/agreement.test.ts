import { expect, it } from "vitest";
import { agreementWords } from "./agreement";

const shadow = (rows: number, agreement: { rows: number; equal: number | null; mean_abs: number | null } | null) => ({ version: 4, digest: "sha256:0", role: "shadow" as const, share: 0, rows, agreement });

it("agreement never reads as whole when a row differs", () => {
  expect(agreementWords(shadow(100_000, { rows: 100_000, equal: 99_999, mean_abs: 0 }))).toBe("100,000 rows seen and compared: the same label on over 99.9 %");
  expect(agreementWords(shadow(7290, { rows: 7290, equal: 7290, mean_abs: 0.0123 }))).toBe("7,290 rows seen and compared: the same label on every one; scores differ by 0.0123 on average");
  expect(agreementWords(shadow(10, { rows: 8, equal: null, mean_abs: 1.5 }))).toBe("10 rows seen, 8 compared: the numbers differ by 1.5 on average");
  expect([agreementWords(shadow(0, null)), agreementWords(shadow(5, null))]).toEqual(["Has seen no row yet; both are compared as requests come", "5 rows seen, none compared yet"]);
});
