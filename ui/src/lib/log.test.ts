import { describe, expect, it } from "vitest";
import { Log, MAX_LINES, MAX_PICTURES } from "./log";

const text = (words: string, stream = "stdout") => ({ kind: "text", stream, text: words }) as const;
const shown = (log: Log) => log.blocks.map((block) => (block.kind === "text" ? block.text : block.kind));

describe("what a cell puts out", () => {
  it("goes on where it stopped, and begins anew on another stream", () => {
    const log = new Log();
    log.add(text("a"));
    log.add(text("b\nc"));
    log.add(text("oh", "stderr"));
    log.add(text("d"));
    expect(shown(log)).toEqual(["ab\nc", "oh", "d"]);
    expect(log.tail).toBe("d");
  });
  it("overwrites a line that goes back to its start, as progress bars do", () => {
    const log = new Log();
    for (const piece of ["fold 1\r", "fold 2\r", "fold 3", "\rfold 4", "\nwindows\r\nlines"]) log.add(text(piece));
    expect(shown(log)).toEqual(["fold 4\nwindows\nlines"]);
  });
  it("keeps the newest lines only, and says how many went", () => {
    const log = new Log();
    for (let line = 0; line < 10_000; line++) log.add(text(`line ${line}\n`));
    const kept = log.blocks.flatMap((block) => (block.kind === "text" ? block.text.split("\n").filter(Boolean) : []));
    expect(kept.length).toBeLessThanOrEqual(MAX_LINES);
    expect(kept.length + log.droppedLines).toBe(10_000);
    expect(kept.at(-1)).toBe("line 9999");
    expect(kept[0]).toBe(`line ${log.droppedLines}`);
  });
  it("cuts a line without an end, so that it cannot hold the window up", () => {
    const log = new Log();
    for (let piece = 0; piece < 100; piece++) log.add(text("x".repeat(10_000)));
    expect(shown(log)[0]?.length).toBeLessThan(2100);
  });
  it("keeps the newest pictures only", () => {
    const log = new Log();
    for (let n = 0; n < MAX_PICTURES + 5; n++) log.add({ kind: "image", png: String(n), width: 1, height: 1 });
    expect([log.blocks.length, log.droppedPictures]).toEqual([MAX_PICTURES, 5]);
    expect(log.blocks[0]).toMatchObject({ png: "5" });
  });
  it("is empty once it was cleared", () => {
    const log = new Log();
    log.add(text("a"));
    log.add({ kind: "cleared" });
    log.add(text("b"));
    expect(shown(log)).toEqual(["b"]);
  });
  it("changes only its last block, so that the others need not be drawn again", () => {
    const log = new Log();
    log.add(text(Array.from({ length: 125 }, (_, n) => n).join("\n")));
    const before = log.blocks;
    log.add(text(" more"));
    expect(before.length).toBe(3);
    expect(log.blocks.map((block, at) => block === before[at])).toEqual([true, true, false]);
  });
});
