/** Endpoints with their state in a word. */
import type { Tone } from "$components/Pill.svelte";
import type { EndpointRow } from "$lib/ipc/bindings/EndpointRow";
import * as ipc from "$lib/ipc/commands";
import { Fetched } from "./fetched.svelte";

export type Endpoint = { address: string; name: string; tone: Tone; word: string; spoken: string; row: EndpointRow };

function described(row: EndpointRow): Endpoint {
  const [tone, word]: [Tone, string] = !row.reachable ? ["bad", "away"] : row.open_alerts > 0 ? ["warn", "drift"] : ["good", ""];
  const name = row.runner === "this-computer" ? row.endpoint : row.address;
  return { address: row.address, name, tone, word, spoken: `endpoint, ${word || "steady"}`, row };
}

class Endpoints {
  #rows = new Fetched<EndpointRow[]>(ipc.endpoints);
  list: Endpoint[] = $derived((this.#rows.value ?? []).map(described));

  /** Whether it is known yet which endpoints there are. */
  get known(): boolean {
    return this.#rows.value !== null;
  }

  get error() {
    return this.#rows.error;
  }

  refresh(): void {
    void this.#rows.refresh();
  }
}

export const endpoints = new Endpoints();
