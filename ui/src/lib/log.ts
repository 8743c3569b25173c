/**
 * What a cell put out, bounded: text in blocks of fifty lines, so that only the last block changes on the screen;
 * at most 2,000 lines and 20 pictures, the older ones dropped and counted.
 */
import type { OutputView } from "./ipc/bindings/OutputView";

export type Block =
  | { id: number; kind: "text"; stream: string; text: string; lines: number }
  | { id: number; kind: "image"; png: string; width: number; height: number }
  | { id: number; kind: "not_shown"; what: string };

export const MAX_LINES = 2000;
export const MAX_PICTURES = 20;
const BLOCK_LINES = 50;
const LINE_WIDTH = 2000;

export class Log {
  /** A new list after every addition; of its blocks only the last may be a new one. */
  blocks: Block[] = [];
  droppedLines = 0;
  droppedPictures = 0;
  #lines: string[] = [];
  #returned = false;
  #next = 1;

  add(output: OutputView): void {
    if (output.kind === "cleared") this.#clear();
    else if (output.kind === "text") this.#write(output.stream, output.text);
    else if (output.kind === "image") this.blocks = [...this.blocks, { id: this.#next++, kind: "image", png: output.png, width: output.width, height: output.height }];
    else this.blocks = [...this.blocks, { id: this.#next++, kind: "not_shown", what: output.what }];
    this.#trim();
  }

  /** The last line that says something: what a closed cell shows while it runs. */
  get tail(): string {
    const last = this.blocks.findLast((block) => block.kind === "text" && block.text.trim() !== "");
    return last?.kind === "text" ? (last.text.trimEnd().split("\n").at(-1)?.trim() ?? "") : "";
  }

  #clear(): void {
    this.blocks = [];
    this.droppedLines = 0;
    this.droppedPictures = 0;
  }

  #write(stream: string, text: string): void {
    const last = this.blocks.at(-1);
    if (last?.kind !== "text" || last.stream !== stream) this.#open(stream);
    text.split("\n").forEach((part, at) => {
      if (at > 0) this.#newLine(stream);
      this.#overwrite(part);
    });
    this.#keep();
  }

  #open(stream: string): void {
    this.#lines = [""];
    this.#returned = false;
    this.blocks = [...this.blocks, { id: this.#next++, kind: "text", stream, text: "", lines: 0 }];
  }

  #newLine(stream: string): void {
    this.#returned = false;
    if (this.#lines.length < BLOCK_LINES) {
      this.#lines.push("");
      return;
    }
    this.#keep();
    this.#open(stream);
  }

  /** A carriage return goes back to the start of the line, as progress bars do; what comes then takes its place. */
  #overwrite(part: string): void {
    const end = this.#lines.length - 1;
    part.split("\r").forEach((piece, at) => {
      if (at > 0) this.#returned = true;
      if (piece === "") return;
      const line = (this.#returned ? "" : (this.#lines[end] ?? "")) + piece;
      this.#lines[end] = line.length > LINE_WIDTH ? `${line.slice(0, LINE_WIDTH)}…` : line;
      this.#returned = false;
    });
  }

  #keep(): void {
    const last = this.blocks.at(-1);
    if (last?.kind !== "text") return;
    const lines = this.#lines.length - (this.#lines.at(-1) === "" ? 1 : 0);
    this.blocks = [...this.blocks.slice(0, -1), { ...last, text: this.#lines.join("\n"), lines }];
  }

  #trim(): void {
    const linesOf = (block: Block) => (block.kind === "text" ? block.lines : 0);
    let lines = this.blocks.reduce((sum, block) => sum + linesOf(block), 0);
    let pictures = this.blocks.filter((block) => block.kind === "image").length;
    if (lines <= MAX_LINES && pictures <= MAX_PICTURES) return;
    this.blocks = this.blocks.filter((block, at) => {
      const last = at === this.blocks.length - 1;
      if (!last && block.kind === "text" && lines > MAX_LINES) {
        lines -= block.lines;
        this.droppedLines += block.lines;
        return false;
      }
      if (!last && block.kind === "image" && pictures > MAX_PICTURES) {
        pictures -= 1;
        this.droppedPictures += 1;
        return false;
      }
      return true;
    });
  }
}
