/** Gathers what arrives faster than the screen can show it and hands it over once an animation frame. */

/** A hidden window draws no frames; what arrives must not wait for them. */
const HIDDEN_MS = 500;

function nextFrame(run: () => void): void {
  let waiting = true;
  const once = () => {
    if (!waiting) return;
    waiting = false;
    clearTimeout(timer);
    run();
  };
  const timer = setTimeout(once, HIDDEN_MS);
  requestAnimationFrame(once);
}

export class Frames<T> {
  #batch: T[] = [];
  #handle: (batch: T[]) => void;
  #next: (run: () => void) => void;

  constructor(handle: (batch: T[]) => void, next: (run: () => void) => void = nextFrame) {
    this.#handle = handle;
    this.#next = next;
  }

  push(item: T): void {
    this.#batch.push(item);
    if (this.#batch.length === 1) this.#next(() => this.flush());
  }

  flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#handle(batch);
  }
}
