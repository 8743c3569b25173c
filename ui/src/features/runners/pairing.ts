/** What is asked before two sides meet, and what happens then, in the order of the stages that pairing reports. */
import type { Step } from "$components/Steps.svelte";

const NAME = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/;
const LINE: Record<string, number> = { start: 0, keychain: 0, prove: 1, look: 2 };

export type Reached = { session: boolean; stage: string | null; done: boolean; failed: boolean };

export function pairSteps({ session, stage, done, failed }: Reached): Step[] {
  const texts = [session ? "Memory kept for the token, until Flightdeck is closed" : "Keychain ready to keep the token", "Both sides prove that they know the code", "Its endpoints are looked at"];
  const at = stage === null ? -1 : (LINE[stage] ?? 0);
  return texts.map((text, index) => ({ text, state: done || index < at ? "done" : index > at || at < 0 ? "next" : failed ? "failed" : "now" }));
}

/** A name for the runner at an address: the first part of its host. */
export function suggestedName(address: string): string {
  const host = address.trim().replace(/^https?:\/\//i, "").replace(/[/?#].*$/, "").replace(/:\d*$/, "");
  const numeric = /^[\d.]+$/.test(host) || host.startsWith("[");
  const name = (numeric ? host : (host.split(".")[0] ?? "")).toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return name.slice(0, 64);
}

export function wrongName(name: string, taken: string[]): string | null {
  if (!NAME.test(name)) return "Lower-case letters, digits, - _ and . only, up to 64";
  return taken.includes(name) ? "A runner has this name already" : null;
}

/** A code as people type it: dashes and spaces do not count, O is 0, I and L are 1. */
export function wrongCode(code: string): string | null {
  const digits = code.replace(/[\s-]/g, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  return /^[0-9A-HJKMNP-TV-Z]{20}$/.test(digits) ? null : "20 letters and digits, without U";
}
