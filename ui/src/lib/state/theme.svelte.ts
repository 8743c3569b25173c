/** Light or dark: the system's, unless the person chose. Charts are asked for in the theme that is shown. */

export type ThemeChoice = "system" | "light" | "dark";
export type Shown = "light" | "dark";

const KEY = "theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function remembered(): ThemeChoice {
  const word = localStorage.getItem(KEY);
  return word === "light" || word === "dark" ? word : "system";
}

class Theme {
  choice = $state<ThemeChoice>(remembered());
  #systemDark = $state(system.matches);
  shown: Shown = $derived(this.choice === "system" ? (this.#systemDark ? "dark" : "light") : this.choice);

  constructor() {
    system.addEventListener("change", (event) => (this.#systemDark = event.matches));
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    localStorage.setItem(KEY, choice);
  }
}

export const theme = new Theme();
