/** What the palette offers, from what is known now. */
import { deploying } from "$lib/state/deploying.svelte";
import { endpoints } from "$lib/state/endpoints.svelte";
import { importing } from "$lib/state/importing.svelte";
import { kernels } from "$lib/state/kernels.svelte";
import { models } from "$lib/state/models.svelte";
import { where } from "$lib/state/place.svelte";
import { pairing } from "$lib/state/pairing.svelte";
import { profiling } from "$lib/state/profiling.svelte";
import { run } from "$lib/state/run.svelte";
import { runners } from "$lib/state/runners.svelte";
import { theme } from "$lib/state/theme.svelte";

export type Entry = { text: string; note: string; run: () => void };
export type Group = { heading: string; items: Entry[] };

function actions(): Entry[] {
  const shown = models.shown;
  const about = shown
    ? [
        { text: `Deploy ${shown.model}, version ${shown.version}…`, note: "", run: () => deploying.open(shown) },
        { text: `Measure ${shown.model}, version ${shown.version}`, note: "", run: () => void profiling.measure(shown.model, shown.version) },
      ]
    : [];
  return [
    { text: "Import a notebook or a model…", note: "", run: () => void importing.choose() },
    { text: "Take a model from an open notebook…", note: "", run: () => kernels.show() },
    ...(run.phase === "none" ? [] : [{ text: `Show the import of ${run.source?.name ?? ""}`, note: "", run: () => where.go({ at: "import" }) }]),
    { text: "Try the flights sample", note: "", run: () => void importing.sample() },
    ...about,
    { text: "Add a runner…", note: "", run: () => pairing.add() },
    { text: theme.shown === "dark" ? "Show in light" : "Show in dark", note: "appearance", run: () => theme.choose(theme.shown === "dark" ? "light" : "dark") },
  ];
}

export function entries(): Group[] {
  const groups: Group[] = [
    {
      heading: "Places",
      items: [
        { text: "Models", note: "Ctrl 1", run: () => where.go({ at: "models" }) },
        { text: "Live", note: "Ctrl 2", run: () => where.go({ at: "live", endpoint: null }) },
        { text: "Runners", note: "Ctrl 3", run: () => where.go({ at: "runners", runner: null }) },
      ],
    },
    { heading: "Do", items: actions() },
    { heading: "Models", items: (models.list ?? []).map(({ model }) => ({ text: `Model ${model}`, note: "", run: () => where.go({ at: "model", model, version: null }) })) },
    { heading: "Endpoints", items: endpoints.list.map((endpoint) => ({ text: `Endpoint ${endpoint.name}`, note: endpoint.word, run: () => where.go({ at: "live", endpoint: endpoint.address }) })) },
    { heading: "Runners", items: runners.list.map((runner) => ({ text: `Runner ${runner.label}`, note: runner.state, run: () => where.go({ at: "runners", runner: runner.name }) })) },
  ];
  return groups.filter((group) => group.items.length > 0);
}
