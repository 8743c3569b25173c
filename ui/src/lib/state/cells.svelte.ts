/** The cells of a notebook while it runs. Each carries its own state, so that an event changes one row and no list. */
import type { CellState } from "$lib/ipc/bindings/CellState";
import type { CellView } from "$lib/ipc/bindings/CellView";
import type { Event } from "$lib/ipc/bindings/Event";
import { Log, type Block } from "$lib/log";

export type CellEvent = Extract<Event, { event: "cell" | "output" }>;

export class Cell {
  readonly view: CellView;
  state = $state<CellState>("waiting");
  seconds = $state<number | null>(null);
  error = $state<string | null>(null);
  blocks = $state.raw<Block[]>([]);
  tail = $state("");
  droppedLines = $state(0);
  droppedPictures = $state(0);
  open = $state(false);
  #log = new Log();

  constructor(view: CellView, state: CellState) {
    this.view = view;
    this.state = state;
    this.seconds = view.seconds;
    this.error = view.error;
  }

  heard(event: CellEvent): void {
    if (event.event === "output") {
      this.#log.add(event.output);
      return;
    }
    this.state = event.state;
    this.seconds = event.seconds;
    this.error = event.error;
    if (event.state === "failed") this.open = true;
  }

  /** Shows what was gathered; once a frame, however much it was. */
  show(): void {
    if (this.blocks === this.#log.blocks) return;
    this.blocks = this.#log.blocks;
    this.tail = this.#log.tail;
    this.droppedLines = this.#log.droppedLines;
    this.droppedPictures = this.#log.droppedPictures;
  }
}

export class Cells {
  list = $state.raw<Cell[]>([]);
  /** The position of the cell that runs, or of the one that failed. */
  at = $state<number | null>(null);
  #byIndex = new Map<number, Cell>();

  /** Puts the cells of a plan in place; those the model does not need are not run when only the others are. */
  reset(views: CellView[], needed: number[] | null = null): void {
    this.list = views.map((view) => new Cell(view, view.number !== null && needed && !needed.includes(view.index) ? "skipped" : view.state));
    this.#byIndex = new Map(this.list.map((cell) => [cell.view.index, cell]));
    this.at = null;
  }

  heard(batch: CellEvent[]): void {
    const touched = new Set<Cell>();
    for (const event of batch) {
      const cell = this.#byIndex.get(event.index);
      if (!cell) continue;
      cell.heard(event);
      touched.add(cell);
      if (event.event === "cell" && (event.state === "running" || event.state === "failed")) this.at = event.index;
    }
    for (const cell of touched) cell.show();
  }

  get current(): Cell | null {
    return this.at === null ? null : (this.#byIndex.get(this.at) ?? null);
  }
}
