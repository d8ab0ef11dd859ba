/** The order in which sections run: each runs somewhere, loops around them carry tensors of one kind, and rounds are those of loops around. */

import type { Fault } from "../base/errors.ts";
import type { Fabric, RepeatStep, Step, TensorLayout } from "./fabric.ts";
import { faultAt, repeated } from "./faults.ts";
import { roundsOf } from "./resolve.ts";

export function stepFaults(fabric: Fabric): Fault[] {
  const run = new Set<number>();
  const faults = fabric.steps.flatMap((step) => oneStepFaults(step, [], fabric, run));
  const idle = fabric.sections.flatMap(({ name }, s) => (run.has(s) ? [] : [faultAt(name, "section-never-runs", `no step runs the section ${name}`)]));
  return [...faults, ...idle];
}

/** `rounds`: symbols of the loops around. Adds the sections it meets to `run`. */
function oneStepFaults(step: Step, rounds: readonly string[], fabric: Fabric, run: Set<number>): Fault[] {
  if (step.kind === "repeat") {
    const inside = step.steps.flatMap((inner) => oneStepFaults(inner, [...rounds, step.round], fabric, run));
    return [...repeatFaults(step, rounds, fabric), ...inside];
  }
  const section = fabric.sections[step.section];
  if (section === undefined) return [faultAt("steps", "no-such-section", `a step runs section ${step.section}, there are ${fabric.sections.length}`)];
  run.add(step.section);
  const missing = roundsOf(section).filter((symbol) => !rounds.includes(symbol));
  return missing.map((symbol) => faultAt(section.name, "no-such-round", `${section.name} goes by the round ${symbol}, but runs in no loop that counts it`));
}

function repeatFaults({ name, round, times, until, carries }: RepeatStep, rounds: readonly string[], fabric: Fabric): Fault[] {
  const faults: Fault[] = [];
  const report = (code: string, message: string): void => void faults.push(faultAt(name, code, message));
  const find = (tensor: string): TensorLayout | undefined => {
    const layout = fabric.tensors.find((candidate) => candidate.tensor === tensor);
    if (layout === undefined) report("no-such-tensor", `${name} names ${tensor}, which the fabric does not place`);
    return layout;
  };
  if (!(Number.isSafeInteger(times) && times >= 1)) report("bad-times", `${name} has ${times} rounds, it needs at least 1`);
  if (rounds.includes(round)) report("repeated-id", `${name} counts its rounds as ${round}, as a loop around it does`);
  for (const to of repeated(carries.map((carry) => carry.to))) report("repeated-id", `${name} carries ${to} twice`);
  for (const carry of carries) {
    const [to, init, from] = [find(carry.to), find(carry.init), find(carry.from)];
    for (const other of [init, from])
      if (to && other && kindOf(to) !== kindOf(other)) report("carry-disagrees", `${name} carries ${print(to)}, but ${print(other)} takes its place`);
  }
  const condition = until === undefined ? undefined : find(until);
  if (condition !== undefined && kindOf(condition) !== "bool[]") report("bad-until", `${name} ends by ${print(condition)}; it must be a bool scalar`);
  return faults;
}

function kindOf({ dtype, shape }: TensorLayout): string {
  return `${dtype}[${shape.join(", ")}]`;
}

function print(layout: TensorLayout): string {
  return `${layout.tensor}: ${kindOf(layout)}`;
}
