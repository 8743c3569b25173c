/** How figures are written: with unit, grouped, never more digits than they carry. A missing figure is a dash. */

const NONE = "–";
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : whole.format(value);
}

/** "1 version", "3 versions". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Three significant digits, without an exponent where a person would not write one. */
export function figure(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return whole.format(value);
  if (size < 0.0005) return value.toExponential(1).replace("e-", " × 10⁻").replace(/⁻(\d+)$/, (_, power: string) => `⁻${raised(power)}`);
  return String(Number(value.toPrecision(digits)));
}

function raised(text: string): string {
  return [...text].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? digit).join("");
}

/** A duration given in microseconds, split so that the unit can be set smaller. */
export function duration(us: number | null | undefined): { value: string; unit: string } {
  if (us === null || us === undefined) return { value: NONE, unit: "" };
  if (us < 1000) return { value: figure(us), unit: "µs" };
  if (us < 1_000_000) return { value: figure(us / 1000), unit: "ms" };
  return { value: figure(us / 1_000_000), unit: "s" };
}

/** One latency unit for a whole strip or table: milliseconds. */
export function milliseconds(us: number | null | undefined): string {
  return us === null || us === undefined ? NONE : `${figure(us / 1000, 2)} ms`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let size = value;
  let step = 0;
  while (size >= 1000 && step < units.length - 1) {
    size /= 1000;
    step += 1;
  }
  return `${step === 0 ? whole.format(size) : figure(size, size < 10 ? 2 : 3)} ${units[step]}`;
}

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? NONE : `${figure(share * 100, 2)} %`;
}

/** "sha256:9f2c…61ab". */
export function shortDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, "");
  return `sha256:${hex.slice(0, 4)}…${hex.slice(-4)}`;
}

/** The SHA-256 of a key as people compare it: two lines of eight groups. */
export function fingerprint(digest: string): string[] {
  const groups = digest.replace(/^sha256:/, "").match(/.{4}/g) ?? [];
  return [groups.slice(0, 8).join(" "), groups.slice(8).join(" ")];
}

/** How long ago, in words: "41 s ago", "12 minutes ago", "3 weeks ago". */
export function ago(when: string | number, now: number): string {
  const seconds = Math.max(0, Math.round((now - new Date(when).getTime()) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  const steps: [number, string][] = [[60, "minute"], [3600, "hour"], [86_400, "day"], [604_800, "week"], [2_629_800, "month"], [31_557_600, "year"]];
  let best = steps[0] as [number, string];
  for (const step of steps) if (seconds >= step[0]) best = step;
  return `${counted(Math.floor(seconds / best[0]), best[1])} ago`;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

/** "18 Jun, 14:00": the event times of rows, which are shown in UTC as they were given. */
export function moment(when: string | null | undefined): string {
  return when ? minute.format(new Date(when)) : NONE;
}

export function date(when: string): string {
  return day.format(new Date(when));
}

/** A length of time in seconds: "1 minute", "30 s", "2 hours". */
export function span(seconds: number): string {
  if (seconds % 86_400 === 0) return counted(seconds / 86_400, "day");
  if (seconds % 3600 === 0) return counted(seconds / 3600, "hour");
  if (seconds % 60 === 0) return counted(seconds / 60, "minute");
  return `${count(seconds)} s`;
}

/** How long something took, in seconds as a person reads them: "0.4 s", "12 s", "3 min 05 s". */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (value < 9.95) return `${value.toFixed(1)} s`;
  if (value < 59.5) return `${Math.round(value)} s`;
  const rest = Math.round(value);
  if (rest < 3600) return `${Math.floor(rest / 60)} min ${String(rest % 60).padStart(2, "0")} s`;
  return `${Math.floor(rest / 3600)} h ${String(Math.floor((rest % 3600) / 60)).padStart(2, "0")} min`;
}
