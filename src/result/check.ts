/** What must hold of every result, whatever was run: asserted at the end of each run, since a result that breaks one is a bug in weft. */

import type { RunResult, UnitResult } from "./result.ts";

const PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;
const STATES = ["busy", "starved", "blocked", "memory", "configuring", "idle", "unattributed"] as const;

/** Throws an Error (a bug, not the user's fault) that lists every broken invariant. */
export function assertResult(result: RunResult): void {
  const broken = brokenInvariants(result);
  if (broken.length > 0) throw new Error(`the result contradicts itself:\n  ${broken.slice(0, 10).join("\n  ")}`);
}

/** One sentence each, with the numbers; empty if all hold. */
export function brokenInvariants(result: RunResult): readonly string[] {
  return [...badNumbers(result, "result"), ...badUnits(result), ...badEnergy(result), ...badBounds(result), ...badSections(result)];
}

function badNumbers(value: unknown, path: string): readonly string[] {
  if (typeof value === "number") {
    const signed = path.endsWith(".x") || path.includes(".params.") || path.endsWith(".seed");
    return Number.isFinite(value) && (signed || value >= 0) ? [] : [`${path} is ${value}`];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => badNumbers(part, `${path}.${key}`));
}

function badUnits({ units, cycles, partial }: RunResult): readonly string[] {
  return units.flatMap((unit) => {
    const sum = STATES.reduce((total, state) => total + unit[`${state}_cycles`], 0);
    const where = `unit ${unit.id} of section ${unit.section}`;
    return [...(sum === cycles ? [] : [`the states of ${where} add up to ${sum} of ${cycles} cycles`]), ...badCauses(unit, where, partial !== null)];
  });
}

/** Every cycle in which a unit does not work has its cause; what it did from its last firing on in a run that was stopped is not known. */
function badCauses(unit: UnitResult, where: string, isPartial: boolean): readonly string[] {
  const lost = isPartial || unit.unattributed_cycles === 0 ? [] : [`${unit.unattributed_cycles} cycles of ${where} are attributed to no cause`];
  const explained = (["starved", "blocked", "memory", "idle"] as const).flatMap((state) => {
    const told = unit.causes.reduce((total, cause) => total + (cause.state === state ? cause.cycles : 0), 0);
    const waited = unit[`${state}_cycles`];
    return told === waited ? [] : [`the causes of ${where} explain ${told} of ${waited} ${state} cycles`];
  });
  return [...lost, ...explained];
}

/** Details to the parts of a section, sections to the parts of the run, parts to totals: to the last digit. */
function badEnergy({ energy_pJ, energy_detail: { sections } }: RunResult): readonly string[] {
  const sumOf = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const told = (where: string, sum: number, whole: number): readonly string[] => (sum === whole ? [] : [`${where} add up to ${sum}, the total is ${whole}`]);
  return [
    ...told("the parts of energy_pJ", sumOf(PARTS.map((part) => energy_pJ[part])), energy_pJ.total),
    ...PARTS.flatMap((part) => told(`the sections' ${part} of energy_detail`, sumOf(sections.map((one) => one.energy_pJ[part])), energy_pJ[part])),
    ...sections.flatMap(({ name, energy_pJ: own, detail_pJ }) => [
      ...told(`the parts of the energy of section ${name}`, sumOf(PARTS.map((part) => own[part])), own.total),
      ...PARTS.flatMap((part) => told(`the details of ${part} in section ${name}`, sumOf(Object.values(detail_pJ[part])), own[part])),
    ]),
  ];
}

function badBounds(result: RunResult): readonly string[] {
  const places = [{ name: "the run", cycles: result.cycles, bounds_cycles: result.bounds_cycles }, ...result.sections];
  return places.flatMap(({ name, cycles, bounds_cycles }) =>
    Object.entries(bounds_cycles).flatMap(([resource, bound]) =>
      cycles >= Math.floor(bound) ? [] : [`${name} took ${cycles} cycles, below its ${resource} bound of ${bound}`],
    ),
  );
}

/** A run may be stopped before a section that is configured begins. */
function badSections({ sections, cycles, kernels, launches, partial, tiers }: RunResult): readonly string[] {
  const sum = (field: "cycles" | "runs"): number => sections.reduce((total, section) => total + section[field], 0);
  const moved = (["hbm", "ddr"] as const).flatMap((tier) =>
    (["read_bytes", "write_bytes"] as const).flatMap((field) => {
      const [told, all] = [sections.reduce((total, section) => total + (section.tiers[tier]?.[field] ?? 0), 0), tiers[tier]?.[field] ?? 0];
      return told === all ? [] : [`the ${field} of the sections in ${tier} add up to ${told} of ${all}`];
    }),
  );
  return [
    ...moved,
    ...(sum("cycles") === cycles ? [] : [`the sections add up to ${sum("cycles")} of ${cycles} cycles`]),
    ...(sum("runs") === kernels ? [] : [`the runs of the sections add up to ${sum("runs")} of ${kernels} kernels`]),
    ...(launches <= kernels + (partial === null ? 0 : 1) ? [] : [`${launches} configurations were loaded for ${kernels} kernels`]),
  ];
}
