/**
 * The calls the window makes, one typed function each. Every call decodes in Rust, runs one use case and comes back;
 * a rejection is always a `Failure`. Files never travel as paths: a drop or a dialog gives an id with names to show.
 */
import { invoke } from "@tauri-apps/api/core";
import type { Corrections } from "./bindings/Corrections";
import type { DeployRequest } from "./bindings/DeployRequest";
import type { DeployView } from "./bindings/DeployView";
import type { DriftView } from "./bindings/DriftView";
import type { EndpointRow } from "./bindings/EndpointRow";
import type { ImportPlan } from "./bindings/ImportPlan";
import type { ImportView } from "./bindings/ImportView";
import type { JobView } from "./bindings/JobView";
import type { KernelPlan } from "./bindings/KernelPlan";
import type { KernelView } from "./bindings/KernelView";
import type { LiveCharts } from "./bindings/LiveCharts";
import type { LiveView } from "./bindings/LiveView";
import type { ModelView } from "./bindings/ModelView";
import type { PairRequest } from "./bindings/PairRequest";
import type { ProfileView } from "./bindings/ProfileView";
import type { RemovedView } from "./bindings/RemovedView";
import type { RunnerView } from "./bindings/RunnerView";
import type { ShowView } from "./bindings/ShowView";
import type { WatchView } from "./bindings/WatchView";
import { asFailure } from "./failure";

/** Files that were dropped or chosen: an id that stands for them, and their names. */
export type Files = { id: number; names: string[] };

/** Long work that was started: its id, and in the type what it will have made. */
export type Job<T> = number & { readonly makes?: T };

/** What may be chosen in the system's dialog. */
export type Choose = "import" | "baseline" | "file";

async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw asFailure(thrown);
  }
}

export const models = () => call<ModelView[]>("models");
export const show = (model: string, version: number | null) => call<ShowView>("show", { model, version });
export const chooseFiles = (kind: Choose) => call<Files | null>("choose_files", { kind });
export const pendingFiles = () => call<Files | null>("pending_files");
export const planImport = (files: number, corrections: Corrections) => call<ImportPlan>("plan_import", { files, corrections });
export const importFiles = (files: number, corrections: Corrections) => call<Job<ImportView>>("import_files", { files, corrections });
export const kernels = () => call<KernelView[]>("kernels");
export const planKernel = (id: string) => call<KernelPlan>("plan_kernel", { id });
export const importKernel = (id: string, corrections: Corrections) => call<Job<ImportView>>("import_kernel", { id, corrections });
export const setWatch = (model: string, on: boolean, profile: boolean, shadow: boolean) => call<WatchView>("set_watch", { model, on, profile, shadow });
export const trySample = () => call<Job<DeployView>>("try_sample");
export const planBaseline = (model: string, version: number, files: number) => call<ImportPlan>("plan_baseline", { model, version, files });
export const addBaseline = (model: string, version: number, files: number, corrections: Corrections) => call<Job<ImportView>>("add_baseline", { model, version, files, corrections });
export const profile = (model: string, version: number) => call<Job<ProfileView>>("profile", { model, version });
export const jobs = () => call<JobView[]>("jobs");
export const jobResult = <T>(id: Job<T>) => call<T>("job_result", { id });
export const cancelJob = (id: number) => call<void>("cancel_job", { id });
export const runners = () => call<RunnerView[]>("runners");
export const startRunner = () => call<void>("start_runner");
export const stopRunner = () => call<void>("stop_runner");
export const addRunner = (request: PairRequest) => call<Job<RunnerView>>("add_runner", { request });
export const pairRunner = (request: PairRequest) => call<Job<RunnerView>>("pair_runner", { request });
export const removeRunner = (name: string) => call<RemovedView>("remove_runner", { name });
export const unlockKeychain = () => call<void>("unlock_keychain");
export const endpoints = () => call<EndpointRow[]>("endpoints");
export const deploy = (request: DeployRequest) => call<Job<DeployView>>("deploy", { request });
export const undeploy = (endpoint: string) => call<EndpointRow>("undeploy", { endpoint });
export const promote = (endpoint: string, version: number | null) => call<Job<DeployView>>("promote", { endpoint, version });
export const rollback = (endpoint: string) => call<Job<DeployView>>("rollback", { endpoint });
export const live = (endpoint: string) => call<LiveView>("live", { endpoint });
export const drift = (endpoint: string) => call<DriftView>("drift", { endpoint });
export const liveCharts = (endpoint: string, feature: string | null, theme: "light" | "dark") => call<LiveCharts>("live_charts", { endpoint, feature, theme });

/** Said once, when the first screen stands. */
export const painted = () => call<void>("painted");
