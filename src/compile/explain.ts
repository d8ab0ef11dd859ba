/**
 * What the compiler did and why, for a reader who wants to understand a mapping: each program pass as before -> after, then each section: why it begins where it
 * does, its loops, and for every stage how it runs and how each operand reaches it. Says nothing that a plan does not hold: the words follow the plan.
 */

import type { Fabric, RepeatStep, Step } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { printOperator, printOwnLines, printTensor } from "../pattern/print.ts";
import type { Index, Program } from "../pattern/program.ts";
import { allOperators } from "./blocks.ts";
import type { Controllers, OuterLoop, SectionPlan, StagePlan } from "./controllers.ts";
import { arrivalWords, letterAt } from "./explain-arrivals.ts";
import { bankWords } from "./explain-banks.ts";
import { handsOn, makes, neededWhole } from "./group.ts";
import type { Compiled } from "./index.ts";
import type { PassRecord } from "./passes.ts";
import { fewerCopies } from "./shares.ts";
import { joined, product, sumBuffers, sumsInMemory } from "./sizes.ts";
import type { StageShape } from "./stage.ts";

export function explain({ passes, controllers, fabric }: Pick<Compiled, "passes" | "controllers" | "fabric">, machine: Machine): string {
  const { program, style, sections } = controllers;
  const params = Object.entries(program.params).map(([name, value]) => `${name}=${value}`);
  const head = `${[program.name, ...params].join(" ")} on ${machine.name}, ${style}`;
  const many = `${counted(sections.length, "section")}: what is on the chip at one time`;
  return [head, "", "The program passes", ...passes.flatMap(passWords), "", many, ...stepWords(controllers, fabric, machine), ""].join("\n");
}

// --- passes ---

/** Lines that a pass took away, and lines that it made, as the pattern printer writes them. */
export function changedLines({ before, after }: PassRecord): { readonly gone: readonly string[]; readonly made: readonly string[] } {
  return { gone: added(after, before), made: added(before, after) };
}

function passWords(record: PassRecord): readonly string[] {
  const { pass, what } = record;
  const { gone, made } = changedLines(record);
  if (gone.length + made.length === 0) return [`  ${pass}: nothing to do`];
  return ["", `  ${pass}: ${what}`, ...listing("before", gone), ...listing("after", made), ""];
}

function listing(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [`    ${title}: nothing`] : [`    ${title}:`, ...lines.map((line) => `      ${line}`)];
}

/** Operators of `to` that are not in `from`. */
function added(from: Program, to: Program): readonly string[] {
  const known = new Set(textsOf(from));
  return textsOf(to)
    .filter((text) => !known.has(text))
    .flatMap((text) => text.split("\n"));
}

function textsOf(program: Program): readonly string[] {
  return allOperators(program.operators).map((operator) => printOwnLines(program, operator).join("\n"));
}

// --- sections ---

function stepWords(controllers: Controllers, { sections: built }: Fabric, machine: Machine): readonly string[] {
  let before: SectionPlan | null = null;
  const visit = (steps: readonly Step[], indent: string, around: RepeatStep | null): readonly string[] =>
    steps.flatMap((step, position) => {
      if (step.kind === "repeat") {
        before = null;
        const inside = visit(step.steps, `${indent}  `, step);
        before = null;
        return ["", `${indent}${repeatWords(step, controllers)}`, ...inside];
      }
      const section = controllers.sections[step.section]!;
      const why = whyHere(section, before, position === 0 ? around : null, controllers);
      before = section;
      const words = [...sectionWords(section, step.section + 1, why, controllers.program, machine), ...bankWords(built[step.section]!, machine)];
      return ["", ...words.map((line) => `${indent}${line}`)];
    });
  return visit(controllers.steps, "", null);
}

function repeatWords(repeat: RepeatStep, { configurations, cuts }: Controllers): string {
  const { name, times, until, steps } = repeat;
  const used = sectionsOf(steps).map((section) => configurations[section]!);
  const who = used.length === 1 ? "its section stays" : "its sections stay";
  const stop = until === undefined ? "" : `, or until ${until}`;
  const resident = new Set(used).size === 1 ? `${who} on the chip, so no round is configured again` : "its sections take turns on the chip";
  const cut = cuts[name];
  return `repeat ${name}: ${times} rounds${stop}; ${resident}${cut === undefined ? "" : `; they are not one section, as ${cut}`}`;
}

const sectionsOf = (steps: readonly Step[]): readonly number[] => steps.flatMap((step) => (step.kind === "section" ? [step.section] : sectionsOf(step.steps)));

/** Why the section does not go on where the one before it ends. */
function whyHere(section: SectionPlan, before: SectionPlan | null, loop: RepeatStep | null, { cuts, pins, style }: Controllers): string {
  const first = section.stages[0]!.shape;
  if (before === null) return loop === null ? "it has no section before it" : `a round of ${loop.name} begins with it`;
  if (pins[first.name] !== undefined) return `it begins here, as the schedule pins a cut at ${pins[first.name]}`;
  const whole = neededWhole(first).find((tensor) => before.stages.some(({ shape }) => makes(shape, tensor)));
  if (whole !== undefined) return `it begins here, as ${first.name} needs ${whole} whole before it begins, and the section before makes that`;
  const made = first.operands.map(({ tensor }) => tensor).find((tensor) => before.stages.some(({ shape }) => makes(shape, tensor)));
  if (made === undefined) return `it begins here, as ${first.name} reads nothing that the section before makes`;
  if (!before.stages.some(({ shape }) => handsOn(shape, made))) return `it begins here, as ${made} is complete only when all of it is in memory`;
  const cut = cuts[first.name];
  if (cut === undefined) return `it begins here, as ${style} makes a section of each operator of the source`;
  return `it begins here, as ${cut}`;
}

function sectionWords(section: SectionPlan, number: number, why: string, program: Program, machine: Machine): readonly string[] {
  const { pcu, pmu, ag } = section.units;
  const share = Math.round(section.estimate.link_share * 100);
  return [
    `section ${number}, of ${section.operators.join(", ")}: ${why}`,
    `  takes ${pcu} of ${machine.pcu.count} PCUs, ${pmu} of ${machine.pmu.count} PMUs, ${ag} of ${machine.ag.count} AGs${share === 0 ? "" : `, about ${share} % of the links`}`,
    `  ${expectation(section)}`,
    ...(section.parts === undefined ? pipelineWords(section, program, machine) : section.parts.flatMap((part, p) => partWords(part, p + 1, program, machine))),
  ];
}

function partWords(part: SectionPlan, number: number, program: Program, machine: Machine): readonly string[] {
  const { pcu, pmu, ag } = part.units;
  const homes = [
    ...new Set(part.stages.flatMap(({ shape, operands }) => operands.flatMap(({ home }, at) => (home === undefined ? [] : [shape.operands[at]!.tensor])))),
  ];
  const begins = homes.length === 0 ? "it waits for no other" : `it begins when ${homes.join(", ")} ${homes.length === 1 ? "is" : "are"} whole on the chip`;
  return [
    `  part ${number}, a metapipeline of ${counted(pcu, "PCU")}, ${counted(pmu, "PMU")} and ${ag} AGs in turn with other parts: ${begins}; ${expectation(part)}`,
    ...pipelineWords(part, program, machine),
  ];
}

function pipelineWords(plan: SectionPlan, program: Program, machine: Machine): readonly string[] {
  return [...loopWords(plan), ...plan.stages.flatMap((stage, position) => stageWords(stage, plan.loops, plan.stages.slice(0, position), program, machine))];
}

/** The cost model's figures; the largest decides, what is left over is filling and draining. */
function expectation({ estimate }: SectionPlan): string {
  const { cycles, compute_cycles, memory_cycles, generator_cycles, tier_bytes } = estimate;
  const parts: readonly (readonly [what: string, cycles: number, more: string])[] = [
    ["the slowest stage", compute_cycles, ""],
    ["memory", memory_cycles, ` for ${Math.round(tier_bytes)} bytes`],
    ["the busiest address generator", generator_cycles, ""],
  ];
  const [most] = parts.toSorted((a, b) => b[1] - a[1])[0]!;
  return `is expected to take ${Math.round(cycles)} cycles: ${parts.map(([what, time, more]) => `${what} ${Math.round(time)}${more}`).join(", ")}; ${most} decides`;
}

function loopWords({ loops, loop: chip, stages }: SectionPlan): readonly string[] {
  if (loops.length === 0)
    return [
      `  has no loop around ${stages.length === 1 ? "its stage" : "all of its stages"}: ${stages.length === 1 ? "it" : "each"} works once through its elements`,
    ];
  const sharedBy = (position: number): string => {
    const inside = stages.filter((stage) => stage.loops.length > position);
    if (inside.length < stages.length) return ` blocks, shared by all stages up to ${inside.at(-1)!.shape.name}`;
    return stages.length === 1 ? "" : ", shared by all stages";
  };
  return loops.map(({ name, extent, tile, par, trips, count }, position) => {
    if (chip !== undefined && position === 0) return `  runs all ${counted(extent, "round")} of ${chip.name}: what they carry stays on the chip`;
    const real = count === undefined ? `${extent}` : `${count}, at most ${extent}`;
    const copies = par === 1 ? "one copy" : `${par} copies side by side`;
    return `  loop ${letterAt(stages[0]!.shape, position)} of ${real}${sharedBy(position)}: ${tile === 1 ? "one element" : `a tile of ${tile}`} at a time, ${copies}, ${counted(trips, "turn")}${par === 1 ? "" : " each"} (${name} in a schedule)`;
  });
}

// --- stages ---

function stageWords(stage: StagePlan, loops: readonly OuterLoop[], before: readonly StagePlan[], program: Program, machine: Machine): readonly string[] {
  const { shape } = stage;
  const lines = printOperator(program, shape.operator, "");
  return [
    `  stage ${lines.join("\n    ")}`,
    `    runs as ${unitWords(stage)}`,
    ...shareWords(stage, loops),
    `    works through ${loops.length === 0 ? "its elements" : "a tile"} in ${insideWords(stage)}`,
    ...tableWords(stage),
    ...shape.operands.map((_, position) => `    reads ${arrivalWords(stage, position, stage.loops, before, isBuffered(stage, position, program), machine)}`),
    ...sumWords(stage, loops),
    ...stage.appends.map((field) => `    appends ${appended(shape, field)} to memory, record after record`),
    ...stage.stores.map(({ tensor, into = tensor, to, collect, buffers }) => {
      const after = `${to.includes("home") ? (to.length > 1 ? ", and leaves it on the chip for later parts" : " on the chip, for later parts") : ""}${into === tensor ? "" : " after the last round"}`;
      return `    ${to.includes("memory") ? "stores" : "leaves"} ${printTensor(tensorNamed(program, into))}${after}${storeWords(collect, buffers)}`;
    }),
  ].flatMap((line) => line.split("\n"));
}

/** Of a stage with fewer copies than its section. */
function shareWords(stage: StagePlan, loops: readonly OuterLoop[]): readonly string[] {
  return fewerCopies(stage, loops).map(
    ({ name, par, of, turns }) =>
      `    has ${par === 1 ? "one" : par} of the ${of} along ${name}: it keeps up with the slowest stage when each takes the tiles of ${turns} in turn`,
  );
}

const isBuffered = ({ shape }: StagePlan, position: number, { schedule }: Program): boolean =>
  schedule?.buffer?.[shape.operands[position]!.tensor] !== undefined;

/** Of a stage that adds up tiles. */
function sumWords(stage: StagePlan, loops: readonly OuterLoop[]): readonly string[] {
  const { sums, loops: own } = stage.shape;
  if (sums === null) return [];
  const copies = joined(stage, loops);
  const joins = copies === 1 ? "" : `; a tree joins the sums of ${copies} copies`;
  const where = sumsInMemory(stage) ? `in ${counted(sumBuffers(stage, loops), "buffer")} of a PMU` : "in its registers";
  return [`    adds up the turns of ${letterOf(stage.shape, own[sums]!.name)} ${where}${joins}`];
}

function unitWords({ shape, split }: StagePlan): string {
  const chain = Math.max(1, shape.parts.length);
  const lanes = shape.lane === null ? "one lane, as it has no loop" : `${shape.lanes} lanes along ${letterOf(shape, shape.lane)}`;
  const parts = split === 1 ? "" : `, split ${split} ways with a tree that joins the parts`;
  if (shape.mode === "systolic") return `a systolic array: ${lanes}, one row of it for each ${letterOf(shape, shape.rows!)}${parts}`;
  return `a pipeline ${chain === 1 ? "in one PCU" : `over ${chain} PCUs, as its operations fill more than one`}: ${lanes}${parts}`;
}

function insideWords({ shape, inner }: StagePlan): string {
  const turning = inner.filter((loop) => loop.trip > 1 || loop.step > 1);
  if (turning.length === 0) return "one step";
  return turning
    .map(({ index, trip, step, count }) => {
      const steps = count === undefined ? counted(trip, "step") : `as many steps as ${count} says`;
      return `${steps}${step > 1 ? ` of ${step}` : ""} along ${letterOf(shape, index)}`;
    })
    .join(" x ");
}

function tableWords({ shape, table }: StagePlan): readonly string[] {
  if (table === null || shape.table === null) return [];
  const where = table === "pmu" ? "from a copy of it in a PMU, as that holds all of it" : "from memory, element by element, as it is larger than a PMU";
  return [`    gathers from ${printTensor(shape.table)} ${where}`];
}

function storeWords(collect: readonly number[], buffers: number): string {
  const copies = product(collect);
  return copies > 1 && buffers > 0 ? `: a PMU gathers the tiles of ${copies} copies for one address generator` : "";
}

function appended({ operator, name }: StageShape, field: number): string {
  return operator.kind === "flatMap" ? `${name}.${Object.keys(operator.emits[0]!.fields)[field] ?? "size"}` : name;
}

const tensorNamed = (program: Program, name: string) => program.tensors.find((tensor) => tensor.name === name)!;

/** The letter that the pattern printer gives a loop of the stage. */
const letterOf = (shape: StageShape, index: string): string =>
  letterAt(
    shape,
    shape.loops.findIndex(({ name }: Index) => name === index),
  );

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
