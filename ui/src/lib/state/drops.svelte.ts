/** Files that hang over the window or were let go: what will happen to them is decided by their names and the place. */
import type { Drag } from "$lib/ipc/events";
import { importing } from "./importing.svelte";
import { models } from "./models.svelte";
import { where } from "./place.svelte";

type Hover = { title: string; text: string; names: string[] };

/** A table alone, let go over a version without baseline, becomes its baseline; everything else is an import. */
function baselineFor(names: string[]): { model: string; version: number } | null {
  const shown = models.shown;
  const table = names.length === 1 && /\.(csv|parquet)$/i.test(names[0] ?? "");
  const looking = where.current.at === "model" || where.current.at === "models";
  return table && looking && shown && shown.baseline === null ? { model: shown.model, version: shown.version } : null;
}

class Drops {
  hover = $state<Hover | null>(null);

  handle(drag: Drag): void {
    if (drag.phase === "over") this.hover = this.#described(drag.names);
    else this.hover = null;
    if (drag.phase !== "dropped") return;
    const target = baselineFor(drag.files.names);
    if (target) void importing.addBaseline(target.model, target.version, drag.files);
    else void importing.begin(drag.files);
  }

  #described(names: string[]): Hover {
    const target = baselineFor(names);
    if (target) return { title: `Drop to give ${target.model} its baseline`, text: "A new version with the counts of this file", names };
    if (names.some((name) => /\.ipynb$/i.test(name))) return { title: "Drop to import", text: "The notebook is run here as it is; nothing in it is changed", names };
    return { title: "Drop to import", text: "A model, and with it the data it was trained on", names };
  }
}

export const drops = new Drops();
