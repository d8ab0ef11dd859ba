/** Controllers for people: each section's loops, then what every stage reads and how it gets there. */

import type { Controllers, OperandPlan, SectionPlan, StagePlan, TierBuffer } from "./controllers.ts";
import { isFilledByMakers } from "./homes.ts";
import { fewerCopies } from "./shares.ts";

export function printControllers(controllers: Controllers): string {
  const head = `controllers of ${controllers.program.name} on ${controllers.machine} (${controllers.style})`;
  return [head, ...controllers.sections.flatMap((section) => printSection(section, controllers.pins))].join("\n");
}

function printSection(section: SectionPlan, pins: Controllers["pins"]): readonly string[] {
  const pin = pins[section.stages[0]!.shape.name];
  const { pcu, pmu, ag } = section.units;
  const { cycles, compute_cycles, memory_cycles, tier_bytes, link_share } = section.estimate;
  return [
    "",
    `section ${section.name}  (${pcu} PCU, ${pmu} PMU, ${ag} AG)`,
    ...(pin === undefined ? [] : [`  begins at ${pin}: pinned by the schedule`]),
    `  expects ${Math.round(cycles)} cycles: compute ${Math.round(compute_cycles)}, memory ${Math.round(memory_cycles)} for ${Math.round(tier_bytes)} bytes; ${Math.round(link_share * 100)} % of the links`,
    ...(section.parts ?? []).flatMap((part, p) => [`  part ${p + 1}, expected to take ${Math.round(part.estimate.cycles)} cycles`, ...printStages(part)]),
    ...(section.parts === undefined ? printStages(section) : []),
  ];
}

function printStages(section: SectionPlan): readonly string[] {
  return [
    ...section.loops.map((loop) => `  for ${loop.name} in ${loop.extent}: tiles of ${loop.tile}, ${loop.par} copies, ${loop.trips} turns each`),
    ...section.stages.flatMap((stage) => printStage(stage, section)),
  ];
}

function printStage(stage: StagePlan, section: SectionPlan): readonly string[] {
  const { shape } = stage;
  const loops = stage.inner.map((loop) => `${loop.index}:${loop.trip}${loop.step > 1 ? `x${loop.step}` : ""}`).join(" ");
  const split = stage.split > 1 ? `, split ${stage.split} ways` : "";
  return [
    `    ${shape.name}: ${shape.mode}, ${shape.lanes} lanes over ${shape.lane ?? "nothing"}${split}${printShare(stage, section)}, loops ${loops === "" ? "none" : loops}`,
    ...shape.operands.map((operand, position) => `      reads ${operand.tensor} ${printVia(stage.operands[position]!, isFilledByMakers(stage, position))}`),
    ...(shape.shards.length > 1 ? [`      keeps each table in ${shape.shards.length} PMUs`] : []),
    ...stage.stores.map(
      (store) =>
        `      ${store.to.includes("memory") ? "stores" : "keeps"} ${store.tensor}${store.to.length > 1 ? ", and keeps it at its home" : ""}${store.to.includes("memory") ? "" : " at its home"}${store.buffers > 0 ? `, ${store.collect.join("x")} copies gathered by a PMU` : ""}`,
    ),
  ];
}

/** Of a stage with fewer copies than its section. */
function printShare(stage: StagePlan, section: SectionPlan): string {
  return fewerCopies(stage, section.loops)
    .map(({ name, par }) => `, ${par} copies along ${name}`)
    .join("");
}

function printVia({ via, level, home }: OperandPlan, isFilled: boolean): string {
  switch (via.kind) {
    case "tier-stream":
      return `streamed from ${home === undefined ? "memory" : "its home"}, at level ${level}`;
    case "tier-buffer":
      return `from ${via.buffers} buffers of ${via.box.join("x")}, ${via.pmus > 1 ? `in ${via.pmus} PMUs, ` : ""}${isFilled ? "filled by who makes it" : whenFilled(via, home !== undefined)}`;
    case "carried":
      return `from 2 buffers of ${via.shape.join("x")} filled with ${via.from} of the round before`;
    case "stage-stream":
      return `streamed from ${via.from}, at level ${level}`;
    case "stage-buffer":
      return `from ${via.buffers} buffers of ${via.shape.join("x")} ${via.pmus > 1 ? `in ${via.pmus} PMUs, ` : ""}filled by ${via.from}`;
  }
}

function whenFilled({ preset, hold, generators }: TierBuffer, isHome: boolean): string {
  const many = generators.reduce((a, b) => a * b, 1);
  return `${preset ? "there from the start" : `handed over at level ${hold}`}, ${many} ${isHome ? "walks of its home" : "generators"}`;
}
