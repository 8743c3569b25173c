/** Whether what had to be decided before an import is decided. */
import type { Corrections } from "$lib/ipc/bindings/Corrections";
import type { ImportPlan } from "$lib/ipc/bindings/ImportPlan";
import type { NotebookPlan } from "$lib/ipc/bindings/NotebookPlan";

/** Whether there is a Python that can run it. */
export function usable(notebook: NotebookPlan): boolean {
  return notebook.environments.some((environment) => environment.chosen && environment.problem === null);
}

export type Readiness = { can: boolean; word: string };

/** A run may be tried although something is missing: perhaps the cell is one that can fail. Without Python it cannot. */
export function readiness(plan: ImportPlan, corrections: Corrections): Readiness {
  const notebook = plan.notebook;
  if (plan.consent !== null && !corrections.consent) return { can: false, word: "Import" };
  if (!notebook) return { can: true, word: "Import" };
  if (corrections.build_environment) return { can: true, word: "Build and run" };
  if (!usable(notebook)) return { can: false, word: "Run" };
  const given = new Set(corrections.files.map(([path]) => path));
  const lacks = notebook.missing_packages.length > 0 || notebook.missing_files.some((file) => !given.has(file.path));
  return { can: true, word: lacks ? "Run anyway" : "Run" };
}
