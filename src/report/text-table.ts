/** Rows -> a table of plain text, without lines and without spaces at line ends. */

import Table from "cli-table3";

/** Empty where it has no rows. `paint`: how heads look. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], paint: (word: string) => string = (word) => word): string {
  if (rows.length === 0) return "";
  const bars = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" };
  const inner = { left: "  ", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " };
  const made = new Table({
    head: head.map(paint),
    chars: { ...bars, ...inner },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
