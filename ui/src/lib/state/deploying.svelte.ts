/** A deployment from the open sheet to the endpoint that answers. */
import type { DeployRequest } from "$lib/ipc/bindings/DeployRequest";
import type { JobView } from "$lib/ipc/bindings/JobView";
import type { DeployView } from "$lib/ipc/bindings/DeployView";
import type { ShowView } from "$lib/ipc/bindings/ShowView";
import * as ipc from "$lib/ipc/commands";
import { jobs } from "./jobs.svelte";
import { asFailure, type Failure } from "$lib/ipc/failure";

class Deploying {
  /** The version the sheet is about; closed when null. */
  subject = $state.raw<ShowView | null>(null);
  busy = $state(false);
  job = $state<number | null>(null);
  /** Whether what is deployed runs beside the version that answers. */
  shadow = $state(false);
  /** How far it came; stays when it failed. */
  stage = $state<string | null>(null);
  result = $state.raw<DeployView | null>(null);
  error = $state.raw<Failure | null>(null);

  open(subject: ShowView): void {
    if (this.busy) return;
    this.subject = subject;
    this.begin();
  }

  /** Forgets the deployment before. */
  begin(): void {
    this.result = null;
    this.error = null;
    this.stage = null;
  }

  #watch(view: JobView): void {
    this.job = view.id;
    this.stage = view.progress.stage;
  }

  close(): void {
    this.subject = null;
  }

  async start(request: DeployRequest): Promise<void> {
    this.busy = true;
    this.shadow = request.shadow;
    this.error = null;
    this.stage = null;
    try {
      this.result = await jobs.follow(ipc.deploy(request), (view) => this.#watch(view));
    } catch (thrown) {
      this.error = asFailure(thrown);
    } finally {
      this.busy = false;
      this.job = null;
    }
  }
}

export const deploying = new Deploying();
