/** What can be said of a mapping's buffers before it runs: paths that part and meet again, one of which must hold more than it can before the other delivers. */

import { findCircularNeeds, type NeedfulWait } from "../engine/needs.ts";
import type { NetworkSpec } from "../engine/network.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { processOf } from "../units/process.ts";
import { nestName, planSection, type SectionPlan } from "./build.ts";
import { sliceFabric } from "./slice.ts";

/** A line for each deadlock that is certain, with loops over collections as long as their bounds. Without one a section may still deadlock, late in its run. */
export function warnOfBuffers(mapping: Mapping, machine: Machine): readonly string[] {
  const slice = sliceFabric(mapping.fabric, false);
  return mapping.fabric.sections.flatMap((_, s) => {
    const plan = planSection(s, mapping, machine, slice.sections[s]!);
    const { network, names } = countingNetwork(plan, machine);
    const will = plan.sizes.length === 0 ? "will deadlock" : `will deadlock where ${plan.sizes.join(" and ")} is near its bound`;
    return findCircularNeeds(network).map((ring) => `section ${plan.section.name} ${will}: ${ring.map((wait) => printNeed(wait, network, names)).join("; ")}`);
  });
}

interface Counting {
  readonly network: NetworkSpec;
  readonly names: readonly string[];
}

/** The section's network with neither memory nor data: enough to count. */
function countingNetwork({ section, channels, ties }: SectionPlan, machine: Machine): Counting {
  const nests = section.units.flatMap((unit) => unit.nests.map((nest) => ({ unit, nest })));
  const processes = nests.map(({ unit, nest }, p) => processOf(unit, nest, machine, { ties: ties[p]!, traffic: null, behaviour: null }));
  return { network: { processes, channels, resources: [] }, names: nests.map(({ unit, nest }) => nestName(unit, nest)) };
}

function printNeed({ process, need, channel, other, amount }: NeedfulWait, { channels }: NetworkSpec, names: readonly string[]): string {
  const { name, depth } = channels[channel]!;
  const [own, from] = [names[process], names[other]];
  if (need === "token") return `${own} needs ${amount === 1 ? "a token" : `${amount} tokens`} on ${name} from ${from}`;
  return `${own} must push ${amount} to ${name}, which holds ${depth}, towards ${from}`;
}
