/** Waterfall -> bars for a terminal: one side's time, what each part takes away (-) or adds (+), the other side's. */

import { duration, percent } from "./format.ts";
import type { Waterfall } from "./waterfall.ts";
import { wrapped } from "./wrapped.ts";

const BAR = 40;

/** Without a line break at the end. */
export function printWaterfall({ from, to, from_ps, to_ps, parts }: Waterfall): string {
  const levels = [from_ps];
  for (const { ps } of parts) levels.push(levels.at(-1)! + ps);
  const [low, high] = [Math.min(0, ...levels), Math.max(...levels, to_ps, 1)];
  const place = (ps: number): number => Math.round(((ps - low) / (high - low)) * BAR);
  const bar = (a: number, b: number, sign: string): string => {
    const [begin, end] = [place(Math.min(a, b)), place(Math.max(a, b))];
    return `${" ".repeat(begin)}${sign.repeat(Math.max(a === b ? 0 : 1, end - begin))}`;
  };
  const rows = [
    { name: from, time: signed(from_ps, ""), bar: bar(0, from_ps, "#"), why: "" },
    ...parts.map(({ name, ps, why }, i) => ({
      name: `  ${name}`,
      time: signed(ps, "+"),
      bar: bar(levels[i]!, levels[i + 1]!, ps < 0 ? "-" : "+"),
      why,
    })),
    { name: to, time: signed(to_ps, ""), bar: bar(0, to_ps, "#"), why: "" },
  ];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const times = Math.max(...rows.map(({ time }) => time.length));
  const lines = rows.map((row) => `  ${row.name.padEnd(width)}  ${row.time.padStart(times)}  ${row.bar}`.trimEnd());
  const whys = parts.filter(({ ps }) => ps !== 0).map(({ name, why }) => wrapped(`    ${name}: ${why}`, "      "));
  return [`From ${from} to ${to}: ${change(from_ps, to_ps)}`, ...lines, "", ...whys].join("\n");
}

function change(from: number, to: number): string {
  if (from === 0 || from === to) return "no difference";
  return to < from ? `${percent(1 - to / from)} less time, ${factor(from / to)} as fast` : `${percent(to / from - 1)} more time`;
}

const factor = (value: number): string => `${Number(value.toPrecision(3))} x`;

function signed(ps: number, plus: string): string {
  return `${ps < 0 ? "-" : ps > 0 ? plus : ""}${ps === 0 ? "0" : duration(Math.abs(ps) / 1e12)}`;
}
