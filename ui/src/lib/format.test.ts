import { describe, expect, it } from "vitest";
import { ago, bytes, counted, duration, figure, percent, shortDigest, span } from "./format";

describe("figures", () => {
  it("carry three digits and no exponent where a person writes none", () => {
    expect([0.2134, 1.2379, 462, 664_210, 0, 0.00000003].map((value) => figure(value))).toEqual(["0.213", "1.24", "462", "664,210", "0", "3.0 × 10⁻⁸"]);
  });
  it("that are missing are a dash, not a zero", () => {
    expect([figure(null), bytes(null), percent(undefined), duration(null).value]).toEqual(["–", "–", "–", "–"]);
  });
  it("carry their unit", () => {
    expect([bytes(812), bytes(14_336), bytes(2_400_000), percent(0.61), span(60), span(45), span(7200)]).toEqual(["812 bytes", "14.3 KB", "2.4 MB", "61 %", "1 minute", "45 s", "2 hours"]);
    expect([duration(210), duration(1240), duration(2_500_000)].map((d) => `${d.value} ${d.unit}`)).toEqual(["210 µs", "1.24 ms", "2.5 s"]);
  });
});

describe("words", () => {
  it("agree with their number", () => {
    expect([counted(1, "version"), counted(11, "version"), counted(2, "entry", "entries")]).toEqual(["1 version", "11 versions", "2 entries"]);
  });
  it("say how long ago", () => {
    const now = Date.parse("2026-01-31T12:00:00Z");
    const at = (seconds: number) => ago(now - seconds * 1000, now);
    expect([1, 41, 720, 7200, 86_400, 1_814_400].map(at)).toEqual(["just now", "41 s ago", "12 minutes ago", "2 hours ago", "1 day ago", "3 weeks ago"]);
  });
  it("shorten a digest so that both ends can be compared", () => {
    expect(shortDigest(`sha256:9f2c${"0".repeat(56)}61ab`)).toBe("sha256:9f2c…61ab");
  });
});
