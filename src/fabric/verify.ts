/** Refuses a fabric that its machine cannot hold, or that means nothing. Each fault names the unit, what it needs and the bound; all faults are collected. */

import { type Fault, UserError } from "../base/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Fabric, Section, TensorLayout } from "./fabric.ts";
import { faultAt, repeated } from "./faults.ts";
import { channelsById, configurationsOf } from "./nests.ts";
import { channelFaults } from "./verify-channels.ts";
import { unitLimitFaults } from "./verify-limits.ts";
import { nestFaults } from "./verify-nests.ts";
import { stepFaults } from "./verify-steps.ts";

/** Faults of the fabric, in the order of its parts; none if it can run. */
export function verifyFabric(fabric: Fabric, machine: Machine): Fault[] {
  const layouts = fabric.tensors.flatMap((layout) => layoutFaults(layout, machine));
  const sections = fabric.sections.flatMap((section) => sectionFaults(section, fabric, machine));
  const counts = configurationsOf(fabric).flatMap((together) =>
    countFaults(
      together.map((section) => fabric.sections[section]!),
      machine,
    ),
  );
  return [...layouts, ...overlapFaults(fabric.tensors), ...counts, ...sections, ...stepFaults(fabric)];
}

/** Throws a UserError with all faults. */
export function checkFabric(fabric: Fabric, machine: Machine): Fabric {
  const faults = verifyFabric(fabric, machine);
  if (faults.length > 0) throw new UserError(faults);
  return fabric;
}

function sectionFaults(section: Section, fabric: Fabric, machine: Machine): Fault[] {
  const channels = channelsById(section);
  const ids = section.units.map(({ id }) => id);
  return [
    ...repeated(ids).map((id) => faultAt(section.name, "repeated-id", `two units are called ${id}`)),
    ...section.units.flatMap((unit) => unitLimitFaults(unit, section.name, channels, machine)),
    ...section.units.flatMap((unit) => nestFaults(unit, section.name, channels, fabric, machine)),
    ...channelFaults(section, machine),
  ];
}

/** `together`: all sections of one configuration. */
function countFaults(together: readonly Section[], machine: Machine): Fault[] {
  const names = together.map(({ name }) => name).join(", ");
  const who = together.length === 1 ? "the section needs" : `the sections ${names} are on the chip together and need`;
  const units = together.flatMap((section) => section.units);
  return (["pcu", "pmu", "ag"] as const).flatMap((kind) => {
    const need = units.filter((unit) => unit.kind === kind).length;
    const bound = machine[kind].count;
    return need <= bound ? [] : [faultAt(names, "too-many-units", `${who} ${need} ${kind.toUpperCase()}s, the machine has ${bound}`)];
  });
}

function layoutFaults({ tensor, dtype, shape, tier, base_bytes }: TensorLayout, machine: Machine): Fault[] {
  if (tier === "sram") return [];
  const spec = machine.tiers[tier];
  if (spec === undefined) return [faultAt(tensor, "unknown-tier", `${tensor} lives in ${tier}, which the machine does not have`)];
  const end = base_bytes + bytesOfLayout({ dtype, shape });
  if (base_bytes >= 0 && end <= spec.bytes) return [];
  return [faultAt(tensor, "tier-overflow", `${tensor} takes bytes ${base_bytes} .. ${end} of ${tier}, which has ${spec.bytes}`)];
}

function bytesOfLayout({ dtype, shape }: Pick<TensorLayout, "dtype" | "shape">): number {
  return Math.ceil(shape.reduce((product, extent) => product * extent, 1) * bytesOf(dtype));
}

function overlapFaults(tensors: readonly TensorLayout[]): Fault[] {
  const placed = [...tensors].sort((a, b) => a.base_bytes - b.base_bytes);
  return placed.flatMap((layout, i) => {
    const before = placed.slice(0, i).findLast(({ tier }) => tier === layout.tier);
    if (before === undefined || before.base_bytes + bytesOfLayout(before) <= layout.base_bytes) return [];
    return [faultAt(layout.tensor, "tensors-overlap", `${layout.tensor} begins at byte ${layout.base_bytes}, inside ${before.tensor}`)];
  });
}
