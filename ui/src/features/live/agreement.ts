/** How far a shadow agrees with what was answered, in words: the share of equal answers first. */
import { count, counted, figure } from "$lib/format";
import type { LiveVersion } from "$lib/ipc/bindings/LiveVersion";

export function versionWords(version: LiveVersion, within = false): string {
  if (version.version === null) return within ? "a version not of this library" : "A version not of this library";
  return `${within ? "version" : "Version"} ${version.version}`;
}

/** A share that is not quite whole never reads as "100 %". */
function share(equal: number, rows: number): string {
  if (equal === rows) return "every row";
  const exact = (equal / rows) * 100;
  return `${exact > 99.9 ? "over 99.9" : figure(exact)} % of rows`;
}

export function agreementWords(version: LiveVersion): string {
  const { agreement, rows } = version;
  if (rows === 0) return "Has seen no row yet; it is compared as requests come";
  const seen = `${counted(rows, "row")} seen`;
  if (!agreement || agreement.rows === 0) return `${seen}, none compared yet`;
  const away = agreement.mean_abs === null ? "" : agreement.equal === null ? "" : `; scores differ by ${figure(agreement.mean_abs)} on average`;
  if (agreement.equal === null) return `${seen}. ${agreement.mean_abs === 0 ? "The same number on every row" : `Answers differ by ${figure(agreement.mean_abs)} on average`}, ${count(agreement.rows)} compared`;
  return `${seen}. The same label on ${share(agreement.equal, agreement.rows)} of ${count(agreement.rows)} compared${away}`.replace(" rows of ", " the rows, of ").replace("row of", "row, of");
}
