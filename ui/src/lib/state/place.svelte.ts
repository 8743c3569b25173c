/** Where the person is. Places are few and have no address; what is remembered is what was last looked at. */

export type Place = { at: "models" } | { at: "import" } | { at: "model"; model: string; version: number | null } | { at: "live"; endpoint: string | null } | { at: "runners"; runner: string | null };

class Where {
  current = $state<Place>({ at: "models" });
  palette = $state(false);

  go(place: Place): void {
    this.current = place;
    this.palette = false;
  }
}

export const where = new Where();
