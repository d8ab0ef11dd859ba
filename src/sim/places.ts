/**
 * Where tensors are while a run goes on. A place is where the layout of some tensor says. Outside of repeats each tensor is in its own; in a repeat the carried
 * tensors change places, and no data moves.
 */

import type { Fabric, RepeatStep, Section, Step, TensorLayout } from "../fabric/fabric.ts";
import { arrayFor } from "../pattern/dtypes.ts";
import type { TensorValues, Values } from "../pattern/program.ts";

interface Place {
  readonly layout: TensorLayout;
  /** Made when they are first asked for. */
  values: Values | null;
}

export interface Places {
  readonly fabric: Fabric;
  /** By tensor: where it is now. */
  readonly now: Map<string, Place>;
  readonly own: ReadonlyMap<string, Place>;
}

/** `given`: values of tensors that come from outside. */
export function makePlaces(fabric: Fabric, given: TensorValues): Places {
  const own = new Map(fabric.tensors.map((layout) => [layout.tensor, { layout, values: given[layout.tensor] ?? null }]));
  return { fabric, now: new Map(own), own };
}

/** The layout of where the tensor is now, under the tensor's name. */
export function layoutNow({ now }: Places, tensor: string): TensorLayout {
  const { layout } = now.get(tensor)!;
  return layout.tensor === tensor ? layout : { ...layout, tensor };
}

/** What is where the tensor is now: all zero if nobody has written there. */
export function valuesNow({ now }: Places, tensor: string): Values {
  const place = now.get(tensor)!;
  place.values ??= arrayFor(
    place.layout.dtype,
    place.layout.shape.reduce((product, extent) => product * extent, 1),
  );
  return place.values;
}

// --- for later runs ---

/** Places by the name of the tensor whose own they are. */
export interface PlacesSnapshot {
  readonly now: ReadonlyMap<string, string>;
  readonly values: ReadonlyMap<string, Values | null>;
}

/** `before`: values to keep of some places instead of those that are there now. */
export function savePlaces({ now, own }: Places, before: ReadonlyMap<string, Values>): PlacesSnapshot {
  return {
    now: new Map([...now].map(([tensor, { layout }]) => [tensor, layout.tensor])),
    values: new Map([...own].map(([tensor, { values }]) => [tensor, before.get(tensor) ?? values])),
  };
}

export function restorePlaces({ now, own }: Places, snapshot: PlacesSnapshot): void {
  for (const [tensor, values] of snapshot.values) own.get(tensor)!.values = values;
  for (const [tensor, place] of snapshot.now) now.set(tensor, own.get(place)!);
}

/** Copies of the values in the places where these tensors are. */
export function copyPlaces({ now }: Places, tensors: readonly string[]): ReadonlyMap<string, Values> {
  const copies = new Map<string, Values>();
  for (const tensor of tensors) {
    const { layout, values } = now.get(tensor)!;
    if (values !== null) copies.set(layout.tensor, values.slice());
  }
  return copies;
}

// --- repeats ---

/** Before the first round: each carried tensor is where its start is. */
export function beginRepeat({ now }: Places, { carries }: RepeatStep): void {
  const starts = carries.map(({ init }) => now.get(init)!);
  carries.forEach(({ to }, carry) => {
    now.set(to, starts[carry]!);
  });
}

/** After a round: each carried tensor is where its next value is, which may be where another carried one was. */
export function endRound({ now }: Places, { carries }: RepeatStep): void {
  const next = carries.map(({ from }) => now.get(from)!);
  carries.forEach(({ to }, carry) => {
    now.set(to, next[carry]!);
  });
}

/**
 * Before a round: what the round writes goes where none of the others is. `others`: all tensors that change places in this repeat and those around and inside it. There
 * are as many places of their own as there are of them, so one is free.
 */
export function freePlaces({ now, own }: Places, written: readonly string[], others: readonly string[]): void {
  for (const tensor of written) {
    const taken = new Set(others.flatMap((other) => (other === tensor ? [] : [now.get(other)!])));
    if (!taken.has(now.get(tensor)!)) continue;
    const { layout } = own.get(tensor)!;
    const free = others.map((other) => own.get(other)!).find((place) => !taken.has(place) && isAlike(place.layout, layout));
    if (free === undefined) throw new Error(`no place is free for the next ${tensor}`);
    now.set(tensor, free);
  }
}

function isAlike(a: TensorLayout, b: TensorLayout): boolean {
  return a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((extent, d) => extent === b.shape[d]);
}

/** Of each repeat, which of the tensors that change places its body writes, and all that do in the outermost repeat around it. */
export type Movers = ReadonlyMap<RepeatStep, { readonly written: readonly string[]; readonly others: readonly string[] }>;

export function findMovers({ steps, sections }: Fabric): Movers {
  const movers = new Map<RepeatStep, { readonly written: readonly string[]; readonly others: readonly string[] }>();
  for (const step of steps) {
    if (step.kind === "section") continue;
    const nested = repeatsIn(step);
    const writes = writesOf(step.steps, sections);
    const carries = nested.flatMap((repeat) => repeat.carries);
    const moved = new Set([...carries.map(({ to }) => to), ...carries.flatMap(({ init, from }) => [init, from]).filter((tensor) => writes.has(tensor))]);
    for (const repeat of nested) {
      const own = writesOf(repeat.steps, sections);
      movers.set(repeat, { written: [...moved].filter((tensor) => own.has(tensor)), others: [...moved] });
    }
  }
  return movers;
}

function repeatsIn(step: RepeatStep): readonly RepeatStep[] {
  return [step, ...step.steps.flatMap((inner) => (inner.kind === "repeat" ? repeatsIn(inner) : []))];
}

/** Tensors off chip that these steps write. */
function writesOf(steps: readonly Step[], sections: readonly Section[]): ReadonlySet<string> {
  const own = steps.flatMap((step) => (step.kind === "section" ? writtenBy(sections[step.section]!) : []));
  return new Set([...own, ...steps.flatMap((step) => (step.kind === "repeat" ? [...writesOf(step.steps, sections)] : []))]);
}

/** Tensors off chip that a section writes. */
export function writtenBy({ units }: Section): readonly string[] {
  const nests = units.flatMap((unit) => unit.nests);
  return nests.flatMap(({ work }) => (work.kind === "store" || work.kind === "append" ? [work.tensor] : []));
}
