/**
 * Partition: cuts a body into a chain of PCUs, each within the machine's stages, ports and registers.
 *
 *     16 operations   ->   PCU(6) -> PCU(6) -> PCU(4)        on PCUs of 6 stages
 *
 * Each stage does one operation on every lane. A fold or scan across lanes takes log2(lanes) stages (one if the tree is folded) and one to accumulate, and one more for numbers
 * that share a lane. exp, log, sqrt, tanh,
 * sigmoid and div take `special_stages` each, or the tail unit, after which the PCU does nothing more. Constants and counters are free.
 */

import { UserError } from "../base/errors.ts";
import type { PcuSpec } from "../machine/machine.ts";
import type { ScalarOp } from "../pattern/program.ts";
import type { Body, BodyNode } from "./body.ts";

export interface Part {
  /** Nodes of the body computed here, in order. */
  readonly nodes: readonly number[];
  /** Operands of the body that this PCU receives. */
  readonly operands: readonly number[];
  /** Nodes received from earlier parts, and sent to later ones or out. */
  readonly imports: readonly number[];
  readonly exports: readonly number[];
  readonly stages: number;
  readonly registers: number;
}

export interface PartitionLimits {
  readonly pcu: PcuSpec;
  readonly lanes: number;
  /** Of them, those that share a lane of the PCU. */
  readonly packed: number;
  /** The fold or scan goes across lanes. */
  readonly tree: boolean;
  /** Operands that come one number at a time from other PCUs, as do all values between its parts: those take scalar ports. Absent: all take vector ports. */
  readonly scalars?: ReadonlySet<number>;
}

const SPECIAL: ReadonlySet<ScalarOp> = new Set(["exp", "log", "sqrt", "tanh", "sigmoid", "div"]);

export function partition(body: Body, limits: PartitionLimits, operator: string): readonly Part[] {
  const open: Draft[] = [];
  for (const id of body.nodes.keys()) if (isWork(body.nodes[id]!)) grow(body, open, { nodes: [id], passes: [] }, limits, operator);
  for (const id of new Set(body.results)) if (!isWork(body.nodes[id]!)) grow(body, open, { nodes: [], passes: [id] }, limits, operator);
  return open.map((draft) => measure(body, draft, limits));
}

/** A PCU being filled: nodes it computes, and results that it only passes on (operands, counters, constants). */
interface Draft {
  readonly nodes: readonly number[];
  readonly passes: readonly number[];
}

/** Adds to the last PCU where that fits, else opens the next. */
function grow(body: Body, open: Draft[], more: Draft, limits: PartitionLimits, operator: string): void {
  const last = open.at(-1);
  const joined = last && { nodes: [...last.nodes, ...more.nodes], passes: [...last.passes, ...more.passes] };
  if (joined && fits(body, joined, limits)) open[open.length - 1] = joined;
  else if (fits(body, more, limits)) open.push(more);
  else throw tooLarge(body, more, limits, operator);
}

const isWork = (node: BodyNode): boolean => node.kind === "op" || node.kind === "cast" || node.kind === "reduce" || node.kind === "scan";

function argsOf(node: BodyNode): readonly number[] {
  switch (node.kind) {
    case "op":
      return node.args;
    case "cast":
    case "reduce":
    case "scan":
      return [node.arg];
    case "operand":
    case "const":
    case "index":
      return [];
  }
}

function stagesOf(body: Body, id: number, { pcu, lanes, packed, tree }: PartitionLimits): number {
  const node = body.nodes[id]!;
  if (node.kind === "reduce" || node.kind === "scan") return tree ? (packed > 1 ? 1 : 0) + treeStages(lanes / packed, pcu) + 1 : 1;
  if (packed > 1 && isWidening(body, id)) return 0;
  if (node.kind === "op" && SPECIAL.has(node.op)) return pcu.tail ? 0 : pcu.special_stages;
  return 1;
}

const treeStages = (lanes: number, { folded_tree }: PcuSpec): number => (folded_tree ? Math.min(1, lanes - 1) : Math.ceil(Math.log2(lanes)));

/** A cast of a factor whose products are folded: the multiplier makes a wide product of narrow factors. */
function isWidening({ nodes }: Body, id: number): boolean {
  const isProduct = (node: BodyNode): boolean => node.kind === "op" && node.op === "mul" && node.args.includes(id);
  return nodes[id]!.kind === "cast" && nodes.every((node, user) => !argsOf(node).includes(id) || (isProduct(node) && isFolded(nodes, user)));
}

const isFolded = (nodes: readonly BodyNode[], id: number): boolean => nodes.every((node) => !argsOf(node).includes(id) || node.kind === "reduce");

/** What a PCU needs to compute and pass these. */
function measure(body: Body, { nodes, passes }: Draft, limits: PartitionLimits): Part {
  const inside = new Set(nodes);
  const operands = new Set<number>();
  const imports = new Set<number>();
  const usedOutside = new Set<number>(body.results);
  const take = (id: number) => {
    const node = body.nodes[id]!;
    if (node.kind === "operand") operands.add(node.operand);
    else if (isWork(node) && !inside.has(id)) imports.add(id);
  };
  body.nodes.forEach((node, id) => {
    for (const arg of argsOf(node)) {
      if (inside.has(id)) take(arg);
      else usedOutside.add(arg);
    }
  });
  passes.forEach(take);
  const exports = [...nodes.filter((id) => usedOutside.has(id)), ...passes];
  const stages = nodes.reduce((sum, id) => sum + stagesOf(body, id, limits), 0);
  return { nodes, operands: [...operands], imports: [...imports], exports, stages, registers: liveValues(body, nodes, exports) };
}

/** Most values alive between two stages, operands that are still needed included. */
function liveValues(body: Body, nodes: readonly number[], exports: readonly number[]): number {
  const lastUse = new Map<number, number>();
  nodes.forEach((id, position) => {
    for (const arg of argsOf(body.nodes[id]!)) if (body.nodes[arg]!.kind !== "const" && body.nodes[arg]!.kind !== "index") lastUse.set(arg, position);
  });
  for (const id of exports) lastUse.set(id, nodes.length);
  let most = 0;
  nodes.forEach((_, position) => {
    const made = new Set(nodes.slice(0, position + 1));
    let live = 0;
    for (const [id, last] of lastUse) if (last > position && (made.has(id) || !nodes.includes(id))) live++;
    most = Math.max(most, live);
  });
  return most;
}

function fits(body: Body, draft: Draft, limits: PartitionLimits): boolean {
  const { pcu } = limits;
  const part = measure(body, draft, limits);
  return part.stages <= pcu.stages && portsFit(part, limits) && part.registers <= pcu.registers && tailIsLast(body, draft.nodes, pcu);
}

function portsFit({ operands, imports, exports }: Part, { pcu, scalars }: PartitionLimits): boolean {
  if (scalars === undefined) return operands.length + imports.length <= pcu.vector_in && exports.length <= pcu.vector_out;
  const vectors = operands.filter((operand) => !scalars.has(operand)).length;
  return vectors <= pcu.vector_in && operands.length - vectors + imports.length <= pcu.scalar_in && exports.length <= pcu.scalar_out;
}

/** With a tail unit: at most one special function, and nothing after it. */
function tailIsLast(body: Body, nodes: readonly number[], pcu: PcuSpec): boolean {
  if (!pcu.tail) return true;
  const special = nodes.filter((id) => isSpecial(body.nodes[id]!));
  return special.length === 0 || (special.length === 1 && special[0] === nodes.at(-1));
}

export const isSpecial = (node: BodyNode): boolean => node.kind === "op" && SPECIAL.has(node.op);

function tooLarge(body: Body, draft: Draft, limits: PartitionLimits, operator: string): UserError {
  const part = measure(body, draft, limits);
  const { pcu } = limits;
  const needs = [
    ["stages", part.stages, pcu.stages],
    ["vector inputs", part.operands.length + part.imports.length, pcu.vector_in],
    ["vector outputs", part.exports.length, pcu.vector_out],
    ["registers", part.registers, pcu.registers],
  ] as const;
  const over = needs.filter(([, need, have]) => need > have).map(([what, need, have]) => `${need} ${what} of ${have}`);
  return new UserError({
    code: "body-too-large",
    place: { path: operator },
    message: `one operation of "${operator}" does not fit a PCU: it needs ${over.join(", ")}`,
    hint: "use a machine with larger PCUs or split the operation",
  });
}
