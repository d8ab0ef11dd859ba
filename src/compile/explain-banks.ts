/** What the banks and ports of a section's memories do to it, in words, where there is something to say: a layout with a reason, vectors that take several turns, nests that queue. */

import { type BankMap, bankMapOf, paceOf, packedStrides } from "../fabric/banks.ts";
import type { Nest, Scratch, Section, Unit } from "../fabric/fabric.ts";
import { queuesOf } from "../fabric/ports.ts";
import type { Machine } from "../machine/machine.ts";

/** One line for all memories that are alike. */
export function bankWords(section: Section, machine: Machine): readonly string[] {
  const alike = new Map<string, { readonly first: string; count: number }>();
  for (const unit of section.units) {
    if (unit.kind !== "pmu") continue;
    const words = [...unit.scratch.flatMap((scratch) => layoutWords(unit, scratch, machine)), ...queueWords(unit, section, machine)].join("; ");
    const known = alike.get(words);
    if (known === undefined) alike.set(words, { first: unit.id, count: 1 });
    else known.count++;
  }
  alike.delete("");
  return [...alike].map(([words, { first, count }]) => `  memory ${first}${count === 1 ? "" : `, and ${count - 1} like it,`} ${words}`);
}

function layoutWords(unit: Unit, scratch: Scratch, machine: Machine): readonly string[] {
  const map = bankMapOf(scratch, machine.pmu.banks);
  const nests = unit.nests.filter(({ work }) => "scratch" in work && work.scratch === scratch.name);
  if (nests.some(({ work }) => work.kind === "gather" || work.kind === "scatter")) return [`${lieWords(map)}: data decides how many turns a vector takes`];
  const plain = bankMapOf({ shape: scratch.shape }, machine.pmu.banks);
  const [turns, turnsPlain] = [mostTurns(nests, map), mostTurns(nests, plain)];
  if (turns === 1 && turnsPlain === 1 && map.scheme === "cyclic") return [];
  const instead = turnsPlain > turns ? `; with row after row in cyclic order it would take ${turnsPlain}` : "";
  return [`${lieWords(map)}: a vector takes ${turns === 1 ? "1 turn" : `up to ${turns} turns`}${instead}`];
}

const mostTurns = (nests: readonly Nest[], map: BankMap): number =>
  Math.max(1, ...nests.map((nest) => ("access" in nest.work ? paceOf(nest, nest.work.access, map).turns : 1)));

function lieWords({ scheme, banks, shape, strides, pitch, block }: BankMap): string {
  const isPacked = packedStrides(shape).every((stride, d) => stride === strides[d]);
  const rows = isPacked ? "" : `, rows of ${shape.at(-1)} words in ${pitch}`;
  switch (scheme) {
    case "block":
      return `lies in ${banks} blocks of ${block} words, one a bank`;
    case "cyclic":
      return `lies in cyclic order over ${banks} banks${rows}`;
    case "hashed":
      return `lies hashed over ${banks} banks`;
    case "diagonal":
      return `lies diagonally over ${banks} banks${rows}`;
  }
}

function queueWords(unit: Unit, { channels }: Section, machine: Machine): readonly string[] {
  const queues = queuesOf(unit, channels, machine).flat();
  return [...new Set(queues)].map((port) => {
    const count = queues.filter((other) => other === port).length;
    return count === 1 ? `a nest queues at its ${port}, as its turns differ` : `${count} nests queue at its ${port}`;
  });
}
