/** What the window has to say besides the screens: short notes that go by themselves, and failures that stay until read. */
import { asFailure, type Failure } from "$lib/ipc/failure";

export type Note = { id: number; text: string; failure: Failure | null; action: { label: string; run: () => void } | null };

const STAYS_MS = 6000;
/** Something can still be done: it must be read, and reached. */
const OFFER_STAYS_MS = 15_000;

class Notes {
  list = $state<Note[]>([]);
  #next = 1;

  say(text: string, action: Note["action"] = null): void {
    const id = this.#add({ text, failure: null, action });
    setTimeout(() => this.drop(id), action ? OFFER_STAYS_MS : STAYS_MS);
  }

  fail(thrown: unknown): void {
    const failure = asFailure(thrown);
    if (failure.code === "cancelled") return;
    const same = this.list.find((note) => note.failure?.message === failure.message);
    if (!same) this.#add({ text: failure.message, failure, action: null });
  }

  drop(id: number): void {
    this.list = this.list.filter((note) => note.id !== id);
  }

  #add(note: Omit<Note, "id">): number {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, ...note }];
    return id;
  }
}

export const notes = new Notes();
