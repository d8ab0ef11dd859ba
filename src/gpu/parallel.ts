/**
 * Tensor parallelism, as Megatron-LM has it (Shoeybi et al., 2019), found by propagation: the share of a program that one of several GPUs runs, and which results the GPUs must add up among each other.
 * A product of a tensor that all have with an input that is no one's yet is cut along an index of its result that only the input has (columns, heads). What is read at a cut index is cut there too, inputs
 * included; where a cut index is folded, every GPU has a part of the sum, which an all-reduce completes before it is read. What nothing cuts, every GPU computes. Where two tensors are cut along
 * different indices of one operator, the second is gathered.
 */

import type { LinkSpec } from "../machine/gpu.ts";
import { affine, type Read, readsOf, tensorBytes, tensorNamed, visitNodes } from "../pattern/analysis.ts";
import { childrenOf, withChildren } from "../pattern/nodes.ts";
import type { Expr, Index, MapOperator, Operator, Program } from "../pattern/program.ts";

export interface Share {
  /** With the extents of one GPU. */
  readonly program: Program;
  /** Tensors that the GPUs add up, or gather, after they are made; with all their bytes. */
  readonly exchanges: ReadonlyMap<string, Exchange>;
}

export interface Exchange {
  readonly kind: "all-reduce" | "all-gather";
  readonly tensor: string;
  readonly bytes: number;
}

/** The share of one of so many GPUs. */
export function shareOf(program: Program, gpus: number): Share {
  const exchanges = new Map<string, Exchange>();
  if (gpus === 1) return { program, exchanges };
  const cuts = new Cuts(program);
  for (const operator of program.operators) if (operator.kind === "map") cuts.visit(operator, exchanges, gpus);
  const operators = program.operators.map((operator): Operator => (operator.kind === "map" ? cutOperator(operator, cuts.indexOf(operator), gpus) : operator));
  const tensors = program.tensors.map((tensor) => {
    const place = cuts.placeOf(tensor.name);
    return place === undefined ? tensor : { ...tensor, shape: tensor.shape.map((extent, d) => (d === place ? Math.ceil(extent / gpus) : extent)) };
  });
  return { program: { ...program, operators, tensors }, exchanges };
}

/** Along which dimension each tensor is cut, and along which index each operator. */
class Cuts {
  readonly #program: Program;
  readonly #places = new Map<string, number>();
  readonly #indices = new Map<string, string>();
  /** Read whole by some operator. */
  readonly #whole = new Set<string>();

  constructor(program: Program) {
    this.#program = program;
  }

  placeOf(tensor: string): number | undefined {
    return this.#places.get(tensor);
  }

  indexOf({ name }: MapOperator): string | undefined {
    return this.#indices.get(name);
  }

  visit(operator: MapOperator, exchanges: Map<string, Exchange>, gpus: number): void {
    const reads = readsOf(operator);
    const index = this.#given(reads) ?? this.#chosen(operator, reads, gpus);
    if (index === undefined) {
      for (const { tensor } of reads) this.#whole.add(tensor);
      return;
    }
    this.#indices.set(operator.name, index);
    for (const read of reads) this.#cut(read, index, exchanges);
    const place = operator.domain.findIndex(({ name }) => name === index);
    if (place >= 0) this.#places.set(operator.name, place);
    else exchanges.set(operator.name, { kind: "all-reduce", tensor: operator.name, bytes: tensorBytes(tensorNamed(this.#program, operator.name)) });
  }

  /** The index at which the first cut tensor is read along its cut. */
  #given(reads: readonly Read[]): string | undefined {
    for (const { tensor, at } of reads) {
      const place = this.#places.get(tensor);
      const index = place === undefined ? undefined : leading(at[place]!);
      if (index !== undefined) return index;
    }
    return undefined;
  }

  /** Of a product of something with an input that nobody has read whole: the outermost index of the result that only the input has and that all GPUs can share. */
  #chosen({ domain, body }: MapOperator, reads: readonly Read[], gpus: number): string | undefined {
    if (!hasFold(body)) return undefined;
    for (const { tensor, at } of [...reads].reverse()) {
      const beside = reads.filter((read) => read.tensor !== tensor);
      if (!this.#program.inputs.includes(tensor) || this.#whole.has(tensor) || beside.length === 0) continue;
      const own = new Set(at.flatMap((place) => leading(place) ?? []));
      const others = new Set(beside.flatMap((read) => read.at.flatMap((place) => leading(place) ?? [])));
      const found = domain.find(({ name, extent }) => own.has(name) && !others.has(name) && extent >= gpus);
      if (found !== undefined) return found.name;
    }
    return undefined;
  }

  /** What is read along the index: inputs are cut there; what is cut elsewhere is gathered first. */
  #cut({ tensor, at }: Read, index: string, exchanges: Map<string, Exchange>): void {
    const place = at.findIndex((one) => leading(one) === index);
    const before = this.#places.get(tensor);
    if (place >= 0 && before === undefined && this.#program.inputs.includes(tensor) && !this.#whole.has(tensor)) this.#places.set(tensor, place);
    else if (before !== undefined && before !== place)
      exchanges.set(tensor, { kind: "all-gather", tensor, bytes: tensorBytes(tensorNamed(this.#program, tensor)) });
    else if (place < 0) this.#whole.add(tensor);
  }
}

function hasFold(body: Expr): boolean {
  let found = false;
  visitNodes([body], (expr) => {
    found ||= expr.kind === "reduce";
  });
  return found;
}

/** The index that moves a place farthest. */
function leading(place: Expr): string | undefined {
  const form = affine(place);
  if (form === null) return undefined;
  return [...form.coefficients].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))[0]?.[0];
}

function cutOperator(operator: MapOperator, index: string | undefined, gpus: number): MapOperator {
  if (index === undefined) return operator;
  const shared = (one: Index): Index => (one.name === index ? { ...one, extent: Math.ceil(one.extent / gpus) } : one);
  const rewrite = (expr: Expr): Expr => {
    const inside = withChildren(expr, childrenOf(expr).map(rewrite));
    return inside.kind === "reduce" ? { ...inside, over: inside.over.map(shared) } : inside;
  };
  return { ...operator, domain: operator.domain.map(shared), body: rewrite(operator.body) };
}

/** Bytes that a GPU of a ring sends on: its part to the next, once round to gather, twice to reduce. */
export function ringBytes({ kind, bytes }: Exchange, gpus: number): number {
  return ((kind === "all-reduce" ? 2 : 1) * (gpus - 1) * bytes) / gpus;
}

/** Seconds that the ring takes: its bytes, and the latency of each pass round it. */
export function ringSeconds(exchange: Exchange, { gpus, bytes_per_second, latency_seconds }: LinkSpec): number {
  return ringBytes(exchange, gpus) / bytes_per_second + (exchange.kind === "all-reduce" ? 2 : 1) * latency_seconds;
}
