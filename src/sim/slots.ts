/** How many tokens a mapping's channels can hold. */

import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { planCircuits, planSection } from "./build.ts";
import { sliceFabric } from "./slice.ts";

/**
 * Of each section, by id of a channel: the slots before each of its sinks. Of a stream its FIFO, the registers of the hops and what the source itself holds of tokens under way;
 * of a buffer the number of buffers. Relays of a packet network hold one token more each.
 */
export function slotsOf(mapping: Mapping, machine: Machine): readonly ReadonlyMap<string, readonly number[]>[] {
  const { sections } = sliceFabric(mapping.fabric, false);
  return mapping.fabric.sections.map((_, s) => {
    const { sinks, channels } = planCircuits(planSection(s, mapping, machine, sections[s]!), mapping.fabric, machine);
    return new Map([...sinks].map(([id, ends]) => [id, ends.map((end) => channels[end]!.depth)]));
  });
}
