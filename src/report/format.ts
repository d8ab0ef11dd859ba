/** Numbers for people: the same on every host, whatever its locale. */

const PREFIXES = ["", "k", "M", "G", "T", "P"] as const;

/** 470312 -> "470,312". */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 0.9613 -> "96.1 %". A share too small to show says so; only 0 is "0 %". */
export function percent(share: number): string {
  if (share === 0) return "0 %";
  return share < 0.0005 ? "< 0.1 %" : `${(share * 100).toFixed(1)} %`;
}

/** 51.2e9, "B/s" -> "51.2 GB/s": three digits, decimal prefixes. */
export function scaled(value: number, unit: string): string {
  const step = value < 1000 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(value) / 3));
  const head = value / 1000 ** step;
  return `${Number(head.toPrecision(3))} ${PREFIXES[step]}${unit}`;
}

/** 3200 -> "3.2 k": a count of things. */
export function counted(value: number): string {
  return scaled(value, "").trim();
}

/** 0.0086 -> "8.6 ms". */
export function duration(seconds: number): string {
  const units = [
    ["s", 1],
    ["ms", 1e-3],
    ["us", 1e-6],
  ] as const;
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? (["ns", 1e-9] as const);
  return `${Number((seconds / size).toPrecision(4))} ${unit}`;
}

/** Of a logarithmic axis: -2 -> "0.01", 7 -> "1e7". */
export function decadeWord(decade: number): string {
  return decade >= -3 && decade <= 5 ? `${Number((10 ** decade).toPrecision(1))}` : `1e${decade}`;
}

/** Picojoules -> "12.3 mJ". */
export function energy(picojoules: number): string {
  const units = [
    ["J", 1e12],
    ["mJ", 1e9],
    ["uJ", 1e6],
    ["nJ", 1e3],
  ] as const;
  const [unit, size] = units.find(([, amount]) => picojoules >= amount) ?? (["pJ", 1] as const);
  return `${Number((picojoules / size).toPrecision(4))} ${unit}`;
}

/** "a, b and c". */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** Parts of a whole number as whole numbers that add up to it, each within 1 of its part. */
export function wholes(parts: readonly number[], total: number): readonly number[] {
  let exact = 0;
  let given = 0;
  return parts.map((part, i) => {
    exact += part;
    const next = i === parts.length - 1 ? total : Math.min(total, Math.round(exact));
    const whole = next - given;
    given = next;
    return whole;
  });
}

/** [2, 1] -> ["66.7 %", "33.3 %"]: they add up to 100. A part that has no share left is "< 0.1 %"; only 0 is "0 %". */
export function percents(parts: readonly number[]): readonly string[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  return wholes(
    parts.map((part) => (1000 * part) / total),
    1000,
  ).map((whole, i) => percent(whole === 0 && parts[i]! > 0 ? Number.MIN_VALUE : whole / 1000));
}
