/** Corrections to a plan: none of them, to begin with. */
import type { Corrections } from "$lib/ipc/bindings/Corrections";

export const nothing: Corrections = { roles: [], kinds: [], files: [], only_needed: false, network: false, build_environment: false, consent: false, run_anyway: false, accept_data: false };
