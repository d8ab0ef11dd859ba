/**
 * The compiler: Program x Machine -> Fabric. This list is the whole of it, in order.
 *
 *     Program:      passes.ts, folds.ts, long-rows.ts            the same program, one loop nest an operator
 *     Controllers:  shape, group, search(plan)                   explicit tile loops, buffers, transfers, copies
 *     Fabric:       build, check                                 units and channels
 */

import { UserError } from "../base/errors.ts";
import type { Fabric, Step, Style, TensorLayout } from "../fabric/fabric.ts";
import { checkFabric } from "../fabric/verify.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorsReadBy } from "../pattern/analysis.ts";
import type { IterateOperator, Operator, Program } from "../pattern/program.ts";
import { checkProgram } from "../pattern/verify.ts";
import { allOperators } from "./blocks.ts";
import type { StageOperator } from "./body.ts";
import { buildSection } from "./build.ts";
import { NO_HOMES, type PlanContext } from "./context.ts";
import type { Controllers, SectionPlan } from "./controllers.ts";
import { cutAmong, type Stretches } from "./cuts.ts";
import { cutLongFolds } from "./folds.ts";
import { alone, formGroups, type Group, leaving } from "./group.ts";
import { mergedInto } from "./inline.ts";
import { memoryLatency, whySlower } from "./joining.ts";
import { layOut } from "./layout.ts";
import { rescaleLongRows, unchanged } from "./long-rows.ts";
import { chipGroup, zeroTensors } from "./onchip.ts";
import { joinParts, type PartsSetting } from "./parts.ts";
import { type Lowered, lowerProgram, type PassRecord, sourcesOf } from "./passes.ts";
import { permute } from "./permute.ts";
import { checkSchedule } from "./pins.ts";
import type { Rescaled } from "./rescale.ts";
import { shareChip } from "./residency.ts";
import { fewestCycles, fitsSomehow, searchPlan, whyUnfit } from "./search.ts";
import { type StageShape, shapeOf } from "./stage.ts";
import { cutTiles } from "./tiles.ts";

export type { Controllers } from "./controllers.ts";
export { interpretControllers } from "./interpret.ts";
export { printControllers } from "./print.ts";

export interface CompileOptions {
  readonly style: Style;
  /** Largest share of the network's links that a section may expect to take; smaller where a placement could not be routed. */
  readonly linkShare?: number;
}

/** Assumed: routed placements of full plasticine sections reach about this. */
export const DEFAULT_LINK_SHARE = 0.45;

export interface Compiled {
  /** After the program passes. */
  readonly program: Program;
  /** What each of them changed. */
  readonly passes: readonly PassRecord[];
  readonly controllers: Controllers;
  readonly fabric: Fabric;
  /** What the plan of each section was searched for. */
  readonly searched: readonly Searched[];
}

export interface Searched {
  readonly group: Group;
  readonly context: PlanContext;
}

export function compile(source: Program, machine: Machine, { style, linkShare = DEFAULT_LINK_SHARE }: CompileOptions): Compiled {
  checkProgram(source);
  refuseFormats(source);
  const lowered = lowerProgram(source, style);
  const permuted = style === "spatial" ? permute(lowered.program, machine) : lowered.program;
  const tiled = cutTiles(permuted);
  const tierOf = tierFinder(layOutAll(tiled, machine), machine);
  const setting = { sources: lowered.sources, linkShare, tierOf };
  const folded = cutLongFolds(tiled, machine, setting);
  const rescaled = style === "spatial" ? rescaleLongRows(folded, machine, setting, lowered.stretches) : unchanged(folded);
  const { program } = rescaled;
  const passes: readonly PassRecord[] = [
    ...lowered.passes,
    { pass: "permute", what: PERMUTE, before: lowered.program, after: permuted },
    { pass: "folds", what: FOLDS, before: permuted, after: folded },
    { pass: "rescale", what: RESCALE, before: folded, after: program },
  ];
  checkProgram(program);
  const sources = sourcesOf(source, mergedInto(lowered.merged, rescaled.merged));
  const { controllers, searched } = planProgram(rescaled, { ...lowered, sources }, machine, style, linkShare);
  const fabric: Fabric = {
    schemaVersion: 1,
    program: program.name,
    machine: machine.name,
    style,
    tensors: controllers.tensors,
    sections: controllers.sections.map((plan, section) => ({
      ...buildSection(plan, program, machine, (operator) => sources(operator).at(-1) ?? operator),
      configuration: controllers.configurations[section]!,
    })),
    steps: controllers.steps,
  };
  checkFabric(fabric, machine);
  return { program, passes, controllers, fabric, searched };
}

const PERMUTE = "What is made from a tensor larger than all PMUs is made in the order of that one's loops, so that both can share them.";
const FOLDS =
  "A fold too long for the chip is cut into parts that fit, so that what it reads is read once; a fold with a tile in the schedule is cut into tiles.";
const RESCALE =
  "Folds of exp(a - largest a) along rows that are too long for the chip are made block by block, each at its own scale, and brought to one scale behind the last block.";

/** A sparse format would change bytes and time, so it must not pass for a dense one. */
function refuseFormats({ tensors }: Program): void {
  const faults = tensors.flatMap(({ name, formats = [] }) =>
    formats.flatMap(({ kind }, dimension) => {
      const message = `dimension ${dimension} of "${name}" is ${kind}, which this version checks and does not compile`;
      return kind === "dense"
        ? []
        : [{ code: "not-lowered", place: { path: `tensor "${name}"` }, message, hint: "store it dense, or as rows of values and column numbers" }];
    }),
  );
  if (faults.length > 0) throw new UserError(faults);
}

/** Operators that run one after the other without a loop around some of them; or such a loop. */
type Block = { readonly kind: "stages"; readonly operators: readonly StageOperator[] } | { readonly kind: "loop"; readonly operator: IterateOperator };

function blocksOf(operators: readonly Operator[]): readonly Block[] {
  const blocks: Block[] = [];
  for (const operator of operators) {
    const last = blocks.at(-1);
    if (operator.kind === "iterate") blocks.push({ kind: "loop", operator });
    else if (last?.kind === "stages") blocks[blocks.length - 1] = { ...last, operators: [...last.operators, operator] };
    else blocks.push({ kind: "stages", operators: [operator] });
  }
  return blocks;
}

const stageOperators = (operators: readonly Operator[]): readonly StageOperator[] =>
  allOperators(operators).filter((operator): operator is StageOperator => operator.kind !== "iterate");

/** Loops that run on the chip with all their rounds. */
type ChipGroups = ReadonlyMap<IterateOperator, Group>;

/** Tensors that must be in memory whoever reads them: outputs, and what loops start from, carry, hand on and end by. A loop on the chip only reads what is not 0 at its start. */
function tensorsKept(program: Program, chips: ChipGroups): ReadonlySet<string> {
  const zeros = zeroTensors(program);
  const carried = allOperators(program.operators).flatMap((operator) => {
    if (operator.kind !== "iterate") return [];
    if (chips.has(operator)) return operator.carries.flatMap(({ init }) => (zeros.has(init) ? [] : [init]));
    return [...operator.carries.flatMap(({ to, init, from }) => [to, init, from]), ...(operator.until === undefined ? [] : [operator.until])];
  });
  return new Set([...Object.values(program.outputs), ...carried]);
}

/** As if every tensor were stored. */
const layOutAll = (program: Program, machine: Machine): readonly TensorLayout[] =>
  layOut(program, machine, new Set(program.tensors.map((tensor) => tensor.name)));

function tierFinder(tensors: readonly TensorLayout[], machine: Machine): PlanContext["tierOf"] {
  const tiers = new Map(tensors.map(({ tensor, tier }) => [tensor, tier]));
  const fastest = machine.tiers.hbm === undefined ? "ddr" : "hbm";
  return (tensor) => {
    const tier = tiers.get(tensor) ?? fastest;
    return tier === "sram" ? fastest : tier;
  };
}

/** Groups the stages, lays out memory, and searches a plan for each group. */
function planProgram(
  { program, blocks }: Rescaled,
  { operators, sources, stretches }: Pick<Lowered, "operators" | "stretches"> & Pick<PlanContext, "sources">,
  machine: Machine,
  style: Style,
  linkShare: number,
): Pick<Compiled, "controllers" | "searched"> {
  const everything = layOutAll(program, machine);
  const overBlocks = new Set(blocks);
  const chips = new Map<IterateOperator, Group>();
  const preferred = new Map(stageOperators(program.operators).map((operator) => [operator.name, shapeOf(operator, program, machine)]));
  const all = [...preferred.values()];
  const leavingOf = (group: Group): ReadonlySet<string> =>
    group.loop === undefined ? leaving(group, tensorsKept(program, chips), all) : new Set(group.loop.results.map(({ from }) => from));
  const contextFor = (group: Group, tensors = everything): PlanContext => ({
    program,
    machine,
    leaving: leavingOf(group),
    homes: NO_HOMES,
    sources,
    linkShare,
    tierOf: tierFinder(tensors, machine),
  });
  const pipelined = { ...machine, pcu: { ...machine.pcu, modes: ["simd" as const] } };
  const shapeFor = (operator: StageOperator): StageShape => {
    const shape = preferred.get(operator.name)!;
    if (shape.mode === "simd" || fitsSomehow(alone(shape), contextFor(alone(shape)))) return shape;
    return shapeOf(operator, program, pipelined);
  };
  const cuts: Record<string, string> = {};
  const slower = whySlower(machine, contextFor);
  const joins = (group: Group, before: Group): boolean => {
    if (cutAmong(group.shapes, stretches) !== null) return false;
    if (style !== "spatial" && new Set(group.shapes.flatMap((shape) => sources(shape.name))).size > 1) return false;
    const last = group.shapes.at(-1)!.name;
    const unfit = whyUnfit(group, contextFor(group));
    const cut = unfit === null ? slower(group, before) : `the section before would not fit with ${last} in it: ${unfit}`;
    if (cut !== null) cuts[last] = cut;
    return cut === null;
  };
  /** Cycles that the rounds of a loop are expected to take if each carries through memory: every section waits for its first loads and its last stores. */
  const timeInMemory = ({ times }: IterateOperator, rounds: readonly Group[]): number =>
    times * rounds.reduce((sum, group) => sum + fewestCycles(group, contextFor(group), LOOP_TRIALS) + 2 * memoryLatency(machine), 0);
  const groups: Group[] = [];
  const stepsOf = (operators: readonly Operator[]): readonly Step[] =>
    blocksOf(operators).flatMap((block): readonly Step[] => {
      const chip = block.kind === "loop" ? chips.get(block.operator) : undefined;
      if (chip !== undefined) return [{ kind: "section", section: groups.push(chip) - 1 }];
      if (block.kind === "loop") {
        const { name, round, times, until, carries, body } = block.operator;
        return [{ kind: "repeat", name, round: round.name, times, ...(until !== undefined && { until }), carries, steps: stepsOf(body) }];
      }
      const formed = formGroups(block.operators.map(shapeFor), joins, true, overBlocks);
      return formed.map((group) => ({ kind: "section", section: groups.push(group) - 1 }));
    });
  const schedule = program.schedule ?? {};
  for (const operator of style === "spatial" ? program.operators : []) {
    if (operator.kind !== "iterate") continue;
    const shapes = stageOperators(operator.body).map(shapeFor);
    const chip = chipGroup(operator, shapes, program, machine);
    if (chip === null) continue;
    const pin = cutAmong(shapes, stretches);
    if (pin !== null) {
      cuts[operator.name] = `the schedule pins a cut at ${pin}`;
      continue;
    }
    const plan = searchPlan(chip, contextFor(chip), schedule);
    const apart = typeof plan === "string" ? 0 : timeInMemory(operator, formGroups(shapes, joins, true, overBlocks));
    if (typeof plan === "string") cuts[operator.name] = plan;
    else if (plan.estimate.cycles > apart)
      cuts[operator.name] = `that is expected to take ${Math.round(plan.estimate.cycles)} cycles, not ${Math.round(apart)}`;
    else chips.set(operator, chip);
  }
  const steps = stepsOf(needed(program, chips));
  checkSchedule(schedule, groups, operators);
  const kept = tensorsKept(program, chips);
  const carriedOut = [...chips.values()].flatMap(({ loop }) => loop!.results.map(({ to }) => to));
  /** What groups in one section leave in memory, loops on the chip apart. */
  const leavingAll = (together: readonly Group[]): ReadonlySet<string> =>
    leaving({ shapes: together.flatMap(({ shapes, loop }) => (loop === undefined ? shapes : [])), shared: 0 }, kept, all);
  const layOutFor = (sections: readonly (readonly Group[])[]): readonly TensorLayout[] =>
    layOut(program, machine, new Set([...sections.flatMap((together) => [...leavingAll(together)]), ...kept, ...carriedOut]));
  const apartTensors = layOutFor(groups.map((group) => [group]));
  const searched = groups.map((group): Searched => ({ group, context: contextFor(group, apartTensors) }));
  const planWith = (section: number, share: number, other: Partial<PlanContext>): SectionPlan | string => {
    const { group, context } = searched[section]!;
    return searchPlan(group, { ...context, machine: shareOf(machine, share), linkShare: linkShare * share, ...other }, schedule);
  };
  const planOn = (section: number, share: number): SectionPlan | string => planWith(section, share, {});
  /** Its address generators take turns with those of the other parts. */
  const planPart: PartsSetting["planPart"] = (section, share, generators, part) =>
    planWith(section, share, { ...part, machine: { ...shareOf(machine, share), ag: { ...machine.ag, count: generators } } });
  const plans = groups.map((group, section): SectionPlan => {
    const plan = planOn(section, 1);
    if (typeof plan === "string") throw tooLarge(group, plan, machine);
    return plan;
  });
  const pins = pinsOf(groups, stretches);
  const common = { schemaVersion: 1, program, machine: machine.name, style, cuts, pins } as const;
  if (style !== "spatial") {
    const configurations = plans.map((_, section) => section);
    return { controllers: { ...common, tensors: apartTensors, sections: plans, configurations, steps }, searched };
  }
  const resident = shareChip(steps, plans, planOn, machine, linkShare);
  const isCut = (together: readonly Group[]): boolean =>
    cutAmong(
      together.flatMap(({ shapes }) => shapes),
      stretches,
    ) !== null;
  const alones = groups.map((group, section) => ({ group, plan: resident.sections[section]! }));
  const joined = joinParts(steps, alones, { program, machine, linkShare, isCut, leavingOf: leavingAll, planPart });
  const tensors = layOutFor(joined.sections.map((_, now) => groups.filter((_group, section) => joined.now[section] === now)));
  const configurations = joined.sections.map((_, now) => joined.now[resident.configurations[joined.now.indexOf(now)]!]!);
  return { controllers: { ...common, tensors, sections: joined.sections, configurations, steps: joined.steps }, searched };
}

/** First stage of a group -> the last of the cuts that part it from the group before. */
function pinsOf(groups: readonly Group[], { of, cuts }: Stretches): Controllers["pins"] {
  const begun = groups.map(({ shapes }) => ({ first: shapes[0]!.name, stretch: of(shapes[0]!.name) }));
  return Object.fromEntries(begun.flatMap(({ first, stretch }, g) => (g > 0 && stretch > begun[g - 1]!.stretch ? [[first, cuts[stretch - 1]!]] : [])));
}

/** Operators that become steps: maps that are 0 everywhere only where somebody reads them from memory. */
function needed(program: Program, chips: ChipGroups): readonly Operator[] {
  const kept = tensorsKept(program, chips);
  const zeros = zeroTensors(program);
  const starts = new Set([...chips.keys()].flatMap(({ carries }) => carries.map(({ init }) => init)));
  const isRead = (tensor: string): boolean =>
    kept.has(tensor) || allOperators(program.operators).some((operator) => operator.kind !== "iterate" && tensorsReadBy(operator).has(tensor));
  return program.operators.filter(({ name }) => !starts.has(name) || !zeros.has(name) || isRead(name));
}

/** The machine with that share of its units. */
function shareOf(machine: Machine, share: number): Machine {
  if (share === 1) return machine;
  const { pcu, pmu, ag } = machine;
  const part = <T extends { readonly count: number }>(spec: T): T => ({ ...spec, count: Math.floor(spec.count * share) });
  return { ...machine, pcu: part(pcu), pmu: part(pmu), ag: part(ag) };
}

/** Choices tried to see how fast a loop's rounds could be apart. Bounds the time of a compilation. */
const LOOP_TRIALS = 500;

function tooLarge(group: Group, reason: string, machine: Machine): UserError {
  const names = group.shapes.map((shape: StageShape) => shape.name).join(", ");
  return new UserError({
    code: "program-too-large",
    place: { path: names },
    message: `"${names}" does not fit ${machine.name}: ${reason}`,
    hint: "make the extents smaller, change the schedule, or choose a larger machine",
  });
}
