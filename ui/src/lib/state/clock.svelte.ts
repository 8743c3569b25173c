/** The time now, for ages such as "41 s ago". Stands still while the window is hidden. */
class Now {
  ms = $state(Date.now());

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.ms = Date.now();
    }, 5000);
    document.addEventListener("visibilitychange", () => (this.ms = Date.now()));
  }
}

export const now = new Now();
