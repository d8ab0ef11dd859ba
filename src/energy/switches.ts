/** Switches and routers by links and bits, between the rows of a table; and the ports that they end at. */

import type { Picojoules } from "../base/units.ts";
import type { NetworkSpec } from "../machine/machine.ts";
import { logLine } from "./fits.ts";
import type { SwitchTable } from "./table.ts";

/** Bits of a scalar token: a word. */
export const SCALAR_BITS = 32;

/** Bits that the input ports of a unit take in a cycle. */
export function portBits({ vector_in, scalar_in }: { readonly vector_in: number; readonly scalar_in: number }, { vector_bytes }: NetworkSpec): number {
  return vector_in * vector_bytes * 8 + scalar_in * SCALAR_BITS;
}

/** Straight in the logarithms between the rows of the grid, and on beyond its ends. */
export function switchCost({ rows }: SwitchTable, links: number, bits: number): { readonly pJ: Picojoules; readonly mm2: number } {
  const linkCounts = [...new Set(rows.map((row) => row.links))];
  const at = (of: "pJ" | "mm2"): number => {
    const along = (count: number): number =>
      logLine(
        rows.filter((row) => row.links === count).map((row) => [row.bits, row[of]] as const),
        bits,
      );
    return logLine(
      linkCounts.map((count) => [count, along(count)] as const),
      links,
    );
  };
  return { pJ: at("pJ"), mm2: at("mm2") };
}
