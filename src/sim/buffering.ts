/** What can be said of a mapping's buffers before it runs: paths that part and meet again, one of which must hold more than it can before the other delivers. */

import { findCircularNeeds, type NeedfulWait } from "../engine/needs.ts";
import type { NetworkSpec } from "../engine/network.ts";
import { findSlowdowns, type Slowdown } from "../engine/pace.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { processOf } from "../units/process.ts";
import { nestName, planCircuits, planSection, type SectionPlan } from "./build.ts";
import { sliceFabric } from "./slice.ts";

/**
 * A line for each deadlock that is certain, with loops over collections as long as their bounds, and for each place at which too few slots slow a section down.
 * Without one a section may still deadlock, late in its run, or be slow for other reasons; of one with loops that tokens count nothing can be said.
 */
export function warnOfBuffers(mapping: Mapping, machine: Machine): readonly string[] {
  const slice = sliceFabric(mapping.fabric, false);
  return mapping.fabric.sections.flatMap(({ units }, s) => {
    if (units.some(({ nests }) => nests.some(({ loops }) => loops.some(({ port }) => port !== undefined)))) return [];
    const plan = planCircuits(planSection(s, mapping, machine, slice.sections[s]!), mapping.fabric, machine);
    const { network, names } = countingNetwork(plan, machine);
    const will = plan.sizes.length === 0 ? "will deadlock" : `will deadlock where ${plan.sizes.join(" and ")} is near its bound`;
    const { name } = plan.section;
    const deadlocks = findCircularNeeds(network).map((ring) => `section ${name} ${will}: ${ring.map((wait) => printNeed(wait, network, names)).join("; ")}`);
    return [...deadlocks, ...findSlowdowns(network).map((slowdown) => `section ${name} is slowed down: ${printSlowdown(slowdown, network, names)}`)];
  });
}

interface Counting {
  readonly network: NetworkSpec;
  readonly names: readonly string[];
}

/** The section's network with neither memory nor data: enough to count. */
function countingNetwork({ section, channels, ties }: SectionPlan, machine: Machine): Counting {
  const nests = section.units.flatMap((unit) => unit.nests.map((nest) => ({ unit, nest })));
  const processes = nests.map(({ unit, nest }, p) => processOf(unit, nest, machine, { ties: ties[p]!, traffic: null, queue: null, behaviour: null }));
  return { network: { processes, channels, resources: [] }, names: nests.map(({ unit, nest }) => nestName(unit, nest)) };
}

function printNeed({ process, need, channel, other, amount }: NeedfulWait, { channels }: NetworkSpec, names: readonly string[]): string {
  const { name, depth } = channels[channel]!;
  const [own, from] = [names[process], names[other]];
  if (need === "token") return `${own} needs ${amount === 1 ? "a token" : `${amount} tokens`} on ${name} from ${from}`;
  return `${own} must push ${amount} to ${name}, which holds ${depth}, towards ${from}`;
}

function printSlowdown({ from, to, ticks, slots, channel, ii }: Slowdown, { channels }: NetworkSpec, names: readonly string[]): string {
  const pace = `${slots} firings in ${ticks} cycles at best`;
  const more = Math.ceil(ticks / ii) - slots;
  return `of two paths from ${names[from]} to ${names[to]} one holds ${slots} tokens, the other takes ${ticks} cycles there and back: ${pace}; ${more} more slots on ${channels[channel]!.name} are enough`;
}
