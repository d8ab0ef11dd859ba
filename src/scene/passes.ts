/** What the compiler did, step by step, for the page: the lines that each program pass changed, then the texts of controllers, fabric and mapping. */

import { changedLines } from "../compile/explain.ts";
import type { PassRecord } from "../compile/passes.ts";
import { printControllers } from "../compile/print.ts";
import type { Fabric, Section, Unit } from "../fabric/fabric.ts";
import { printFabric } from "../fabric/print.ts";
import type { Machine } from "../machine/machine.ts";
import { printMapping } from "../mapper/print.ts";
import type { Prepared } from "../sim/prepare.ts";
import type { ScenePass } from "./scene.ts";

/** Characters of a text that the page takes; of a longer one it has a part, which says so. */
const MOST = 200_000;

export function passesOf({ passes, controllers, fabric, mapping }: Prepared, machine: Machine): readonly ScenePass[] {
  return [
    ...passes.map(passOf),
    textOf("controllers", "The program as explicit loops over tiles: what each stage reads, and how each operand reaches it.", printControllers(controllers)),
    textOf("fabric", "Units as loop nests, and the channels and buffers between them.", fabricText(fabric)),
    textOf("mapping", "The place of each unit on the grid, and the links that each channel takes.", printMapping(mapping, machine)),
  ];
}

function passOf(record: PassRecord): ScenePass {
  const { gone, made } = changedLines(record);
  return { name: record.pass, what: record.what, before: gone, after: made };
}

function textOf(name: string, what: string, text: string): ScenePass {
  return { name, what, before: [], after: shortened(text.trimEnd().split("\n"), name) };
}

/** The first lines, as many as the page takes. */
function shortened(lines: readonly string[], name: string): readonly string[] {
  let length = 0;
  const fitting = lines.findIndex((line) => {
    length += line.length + 1;
    return length > MOST;
  });
  if (fitting < 0) return lines;
  return [...lines.slice(0, fitting), "", `... ${lines.length - fitting} more lines, which this page leaves out: weft compile --emit ${name} prints them`];
}

/** Units of a stage are copies of each other: where there are too many, as many of each stage as fit the page, with the channels that they push. */
function fabricText(fabric: Fabric): string {
  const whole = printFabric(fabric);
  if (whole.length <= MOST) return whole;
  const units = fabric.sections.reduce((sum, section) => sum + section.units.length, 0);
  for (let each = 32; ; each /= 2) {
    const text = printFabric({ ...fabric, sections: fabric.sections.map((section) => withFewer(section, each)) });
    if (text.length > MOST && each > 1) continue;
    return `${units} units are too many for this page. Of each stage it shows the first ${each === 1 ? "unit" : `${each} units`}, with the channels that they push:\nweft compile --emit fabric prints all.\n\n${text}`;
  }
}

/** The first units of each stage: those that do the same for an operator. */
function withFewer(section: Section, each: number): Section {
  const met = new Map<string, number>();
  const isKept = ({ operator, kind, label }: Unit): boolean => {
    const stage = `${operator} ${kind} ${label.replaceAll(/\d+/g, "")}`;
    met.set(stage, (met.get(stage) ?? 0) + 1);
    return met.get(stage)! <= each;
  };
  const units = section.units.filter(isKept);
  const kept = new Set(units.map(({ id }) => id));
  return { ...section, units, channels: section.channels.filter(({ source }) => kept.has(source.unit)) };
}
