/** The columns of the table of channels. */

import { counted, grouped, percent } from "../../src/report/format.ts";
import { depthWords } from "../../src/scene/depth-words.ts";
import { depthOf } from "../model/occupancy.ts";
import { el } from "../ui/dom.ts";
import type { ShownColumn } from "../ui/table.ts";
import type { BufferCell, BufferRow } from "./buffers.ts";
import { areaPicture } from "./buffers-pictures.ts";
import { type Figure, figureColumn } from "./figure-column.ts";

const waited = ({ group: { starved, blocked } }: BufferRow): number => starved + blocked;

const WAITS: readonly Figure<BufferRow>[] = [
  { id: "waited", title: "waited", term: "stall", value: waited, text: counted },
  { id: "starved", title: "starved", term: "starved", value: ({ group }) => group.starved, text: counted },
  { id: "blocked", title: "blocked", term: "blocked", value: ({ group }) => group.blocked, text: counted },
  { id: "empty", title: "empty", term: "empty", value: ({ group }) => group.starvedShare, text: percent, isShare: true },
  { id: "full", title: "full", term: "full", value: ({ group }) => group.blockedShare, text: percent, isShare: true },
];

const FIGURES: readonly Figure<BufferRow>[] = [
  { id: "channels", title: "channels", term: "channel", value: ({ group }) => group.channels.length, text: grouped },
  { id: "tokens", title: "tokens", term: "token", value: ({ group }) => group.tokens, text: counted },
  { id: "fifo", title: "depth", term: "fifo", value: ({ group }) => Math.max(...group.channels.map(({ depth }) => depth)), text: grouped },
  { id: "slots", title: "slots", term: "slots", value: ({ group }) => Math.max(...group.channels.flatMap(({ slots }) => slots)), text: grouped },
  { id: "mean", title: "in use, about", term: "occupancy", value: ({ mean }) => mean, text: (mean) => `${Number(mean.toPrecision(2))}` },
];

export function bufferColumns(sections: boolean, isDifference: boolean): readonly ShownColumn<BufferCell>[] {
  const section: ShownColumn<BufferCell> = {
    ...{ id: "section", title: "section", term: "section", value: sectionName, text: sectionName, isWords: true },
    cell: (cell) => el("span", { class: "ellipsis", title: sectionName(cell) }, sectionName(cell)),
  };
  const changed: ShownColumn<BufferCell> = {
    ...{ id: "changed", title: "changed", term: "stall", value: changedCycles },
    text: (cell) => counted(changedCycles(cell)),
  };
  return [
    { id: "name", title: "channel", term: "channel", value: ({ row }) => row.group.name, text: ({ row }) => row.group.name, cell: nameCell },
    { id: "kind", title: "kind", value: ({ row }) => row.group.kind, text: ({ row }) => row.group.kind, isWords: true },
    sections ? section : { ...section, isHidden: true },
    ...(isDifference ? [changed] : []),
    ...WAITS.map((figure) => figureColumn(figure, isDifference)),
    {
      ...{ id: "needs", title: "depth needed", term: "needed_depth", value: depthCell, text: depthCell, isWords: true },
      cell: (cell) => el("span", { class: "needs" }, depthCell(cell)),
    },
    ...FIGURES.map((figure) => figureColumn(figure, isDifference)),
    { id: "over", title: "in use over time", term: "occupancy", value: () => null, text: () => "", cell: ({ row }) => areaPicture(row), isWords: true },
  ];
}

/** Copies are searched together: one of them says nothing. */
function depthCell({ row: { group, run, isSingle } }: BufferCell): string {
  if (isSingle) return "";
  const depth = depthOf(run, group);
  if (depth !== null) return depthWords(depth);
  return group.blocked === 0 ? "not blocked" : "not searched";
}

const sectionName = ({ row }: BufferCell): string => row.group.section.name;

function nameCell({ row, only }: BufferCell): Node {
  return el("span", {}, el("span", { class: "ellipsis wide" }, row.group.name), only === null ? null : el("span", { class: "badge" }, `only ${only}`));
}

function changedCycles({ row, before }: BufferCell): number {
  return before === null ? waited(row) : Math.abs(row.group.starved - before.group.starved) + Math.abs(row.group.blocked - before.group.blocked);
}
