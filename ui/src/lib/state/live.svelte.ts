/**
 * One endpoint while somebody looks at it: its figures every second, its verdicts and charts when windows arrive, at
 * most four times a second, and nothing while the window is hidden.
 */
import type { DriftView } from "$lib/ipc/bindings/DriftView";
import type { LiveCharts } from "$lib/ipc/bindings/LiveCharts";
import type { LiveView } from "$lib/ipc/bindings/LiveView";
import * as ipc from "$lib/ipc/commands";
import { Fetched } from "./fetched.svelte";
import type { Shown } from "./theme.svelte";

const FIGURES_MS = 1000;
const DRAWINGS_MS = 250;

class Live {
  #endpoint = $state<string | null>(null);
  #feature = $state<string | null>(null);
  #theme: Shown = "light";
  #timer: ReturnType<typeof setInterval> | undefined;

  figures = new Fetched<LiveView>(() => ipc.live(this.#name));
  drift = new Fetched<DriftView>(() => ipc.drift(this.#name), DRAWINGS_MS);
  charts = new Fetched<LiveCharts>(() => ipc.liveCharts(this.#name, this.#feature, this.#theme), DRAWINGS_MS);

  constructor() {
    document.addEventListener("visibilitychange", () => this.refresh());
  }

  get #name(): string {
    return this.#endpoint ?? "";
  }

  get #watched(): boolean {
    return this.#endpoint !== null && !document.hidden;
  }

  /** The feature whose distributions are drawn: the chosen one, else the one that drifts most. */
  get feature(): string | null {
    return this.#feature ?? this.charts.value?.feature?.name ?? null;
  }

  watch(endpoint: string): void {
    if (endpoint !== this.#endpoint) {
      this.#endpoint = endpoint;
      this.#feature = null;
      for (const part of [this.figures, this.drift, this.charts]) part.reset();
    }
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), FIGURES_MS);
    this.refresh();
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#endpoint = null;
  }

  choose(feature: string): void {
    if (feature === this.feature) return;
    this.#feature = feature;
    void this.charts.refresh();
  }

  draw(theme: Shown): void {
    if (theme === this.#theme) return;
    this.#theme = theme;
    if (this.#watched) void this.charts.refresh();
  }

  refresh(): void {
    if (!this.#watched) return;
    void this.figures.refresh();
    void this.drift.refresh();
    void this.charts.refresh();
  }

  #tick(): void {
    if (this.#watched) void this.figures.refresh();
  }
}

export const live = new Live();
