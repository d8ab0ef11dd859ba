/** Colours for things without an order of their own: operators, sections. Hues that the colour-blind can tell apart, then the same lighter and darker; names stand beside them. */

const HUES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8f7a00", "#7b61c9"] as const;
/** Mixed into the hue: none, white, black. */
const SHADES = [
  [0, 0],
  [255, 0.45],
  [0, 0.4],
] as const;

export function hueOf(number: number): string {
  const hue = HUES[number % HUES.length]!;
  const [to, part] = SHADES[Math.floor(number / HUES.length) % SHADES.length]!;
  const channel = (at: number): number => Math.round(Number.parseInt(hue.slice(at, at + 2), 16) * (1 - part) + to * part);
  return `rgb(${channel(1)}, ${channel(3)}, ${channel(5)})`;
}

/** By name, in the order of the names. */
export function huesOf(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...new Set(names)].map((name, number) => [name, hueOf(number)]));
}

/** Between two colours of a difference: less is the one, more the other, none the page's own colour. Alpha says how much. */
export const LESS = "#d55e00";
export const MORE = "#0072b2";
