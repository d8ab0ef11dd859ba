/** What a search for the smallest depth of channels found, in words. */

import { grouped } from "../report/format.ts";
import type { SceneDepth } from "./scene.ts";

/** "16 -> 24: 3,120 cycles fewer, verified". */
export function depthWords({ depth, deepest, least, short, before_cycles, after_cycles }: SceneDepth): string {
  if (least === null) return deepest === depth ? "no room for more in its PMU" : `no depth helps (${grouped(deepest)} run), verified`;
  const open = short === least - 1 ? "" : `; ${grouped(short)} is too few, between was not run`;
  return `${grouped(depth)} -> ${grouped(least)}: ${grouped(before_cycles - after_cycles)} cycles fewer, verified${open}`;
}
