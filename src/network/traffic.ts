/** Synthetic traffic: where the packets of a node go, and when a node makes one (Dally and Towles 2004, section 3.2; BookSim's traffic.cpp has the same under the same names). */

import { UserError } from "../base/errors.ts";
import { type LaggedState, nextLagged, seedWhole } from "../base/lagged.ts";
import { suggestion } from "../base/suggest.ts";
import { type NocSpec, nodesOf } from "./spec.ts";

/** Patterns over the bits of a node's number need a power of two of nodes, transpose an even one; those over its coordinates work on any grid. */
export const PATTERNS = ["uniform", "transpose", "bitcomp", "bitrev", "shuffle", "tornado", "neighbor", "diagonal", "asymmetric", "randperm"] as const;

export type Pattern = (typeof PATTERNS)[number];

/** The destination of a node's next packet. `draw`: a random whole number of [0, bound). */
export type Destination = (source: number, draw: (bound: number) => number) => number;

export function destinationOf(pattern: Pattern, spec: NocSpec): Destination {
  const nodes = nodesOf(spec);
  const bits = Math.log2(nodes);
  if (BIT_PATTERNS.has(pattern)) verifyBits(pattern, nodes, bits);
  switch (pattern) {
    case "uniform":
      return (_source, draw) => draw(nodes);
    case "transpose":
      return (source) => ((source << (bits / 2)) & (nodes - 1)) | (source >> (bits / 2));
    case "bitcomp":
      return (source) => ~source & (nodes - 1);
    case "bitrev":
      return (source) => reverseBits(source, bits);
    case "shuffle":
      return (source) => ((source << 1) & (nodes - 1)) | (source >> (bits - 1));
    case "tornado":
      return byCoordinates(spec, (at, length) => (at + ((length + 1) >> 1) - 1) % length);
    case "neighbor":
      return byCoordinates(spec, (at, length) => (at + 1) % length);
    case "diagonal":
      return (source, draw) => (draw(3) === 0 ? (source + 1) % nodes : source);
    case "asymmetric":
      return (source, draw) => (source % (nodes >> 1)) + (draw(2) === 1 ? nodes >> 1 : 0);
    case "randperm": {
      const permutation = permutationOf(nodes);
      return (source) => permutation[source]!;
    }
  }
}

const BIT_PATTERNS: ReadonlySet<Pattern> = new Set<Pattern>(["transpose", "bitcomp", "bitrev", "shuffle"]);

function verifyBits(pattern: Pattern, nodes: number, bits: number): void {
  const isGood = Number.isInteger(bits) && (pattern !== "transpose" || bits % 2 === 0);
  if (isGood) return;
  const kind = pattern === "transpose" ? "an even power" : "a power";
  throw new UserError({ code: "noc-pattern", message: `${pattern} needs ${kind} of two of nodes, not ${nodes}` });
}

/** The same for every run: of seed 0. Node i goes to the draw-th place that is free. */
function permutationOf(nodes: number): readonly number[] {
  const whole = seedWhole(0);
  const free = Array.from({ length: nodes }, (_, node) => node);
  const permutation = new Array<number>(nodes);
  for (let node = 0; node < nodes; node++) permutation[free.splice(drawBelow(whole, nodes - node), 1)[0]!] = node;
  return permutation;
}

function reverseBits(source: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit++) reversed |= ((source >> bit) & 1) << (bits - 1 - bit);
  return reversed;
}

function byCoordinates({ columns, rows }: NocSpec, moved: (at: number, length: number) => number): Destination {
  return (source) => moved(source % columns, columns) + columns * moved(Math.floor(source / columns), rows);
}

export function parsePattern(name: string): Pattern {
  const found = PATTERNS.find((pattern) => pattern === name);
  if (found !== undefined) return found;
  throw new UserError({ code: "noc-pattern", message: `there is no traffic ${JSON.stringify(name)}`, hint: suggestion(name, PATTERNS) });
}

/** Uniform of [0, bound) by remainder, as BookSim draws it. */
export const drawBelow = (whole: LaggedState, bound: number): number => nextLagged(whole) % bound;
