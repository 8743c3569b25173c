/** How far a shadow agrees with what was answered, in words: the share of equal answers first. */
import { count, counted, figure } from "$lib/format";
import type { AgreementView } from "$lib/ipc/bindings/AgreementView";
import type { LiveVersion } from "$lib/ipc/bindings/LiveVersion";

export function versionWords(version: LiveVersion, within = false): string {
  if (version.version === null) return within ? "a version not of this library" : "A version not of this library";
  return `${within ? "version" : "Version"} ${version.version}`;
}

/** A share that is not quite whole never reads as "100 %". */
function share(equal: number, rows: number): string {
  if (equal === rows) return "every one";
  const exact = (equal / rows) * 100;
  return `${exact > 99.9 ? "over 99.9" : figure(exact)} %`;
}

/** What the answers of both were like, row by row. */
function compared({ equal, mean_abs: away, rows }: AgreementView): string {
  if (equal === null) return away === 0 ? "the same number on every one" : `the numbers differ by ${figure(away)} on average`;
  return `the same label on ${share(equal, rows)}${away ? `; scores differ by ${figure(away)} on average` : ""}`;
}

export function agreementWords({ agreement, rows }: LiveVersion): string {
  if (rows === 0) return "Has seen no row yet; both are compared as requests come";
  if (!agreement || agreement.rows === 0) return `${counted(rows, "row")} seen, none compared yet`;
  const seen = agreement.rows === rows ? `${counted(rows, "row")} seen and compared` : `${counted(rows, "row")} seen, ${count(agreement.rows)} compared`;
  return `${seen}: ${compared(agreement)}`;
}
