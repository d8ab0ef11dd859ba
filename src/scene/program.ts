/** The program as written, for the page: operators with their text and their place in the workload's code, tensors with their homes. */

import type { Place } from "../base/errors.ts";
import { allWritesOf } from "../compile/blocks.ts";
import type { Fabric } from "../fabric/fabric.ts";
import { tensorBytes, tensorsReadBy, writesOf } from "../pattern/analysis.ts";
import { originOf } from "../pattern/origins.ts";
import { printOwnLines } from "../pattern/print.ts";
import type { Operator, Program, Tensor } from "../pattern/program.ts";
import type { SceneOperator, SceneProgram } from "./scene.ts";

/** `source`: before any pass. `placeOf`: a place in the code that ran -> the place in the file that a user wrote. */
export function programOf(source: Program, { tensors }: Pick<Fabric, "tensors">, placeOf: (place: Place) => Place): SceneProgram {
  const homes = new Map(tensors.map(({ tensor, tier }) => [tensor, tier]));
  return {
    name: source.name,
    operators: operatorsOf(source, source.operators, null, placeOf),
    tensors: source.tensors.map((tensor) => ({
      name: tensor.name,
      dtype: tensor.dtype,
      shape: tensor.shape,
      bytes: tensorBytes(tensor),
      role: roleOf(tensor, source),
      tier: homes.get(tensor.name) ?? null,
    })),
  };
}

function roleOf({ name }: Tensor, { inputs, outputs }: Program): SceneProgram["tensors"][number]["role"] {
  if (inputs.includes(name)) return "input";
  return Object.values(outputs).includes(name) ? "output" : "intermediate";
}

function operatorsOf(program: Program, operators: readonly Operator[], inside: string | null, placeOf: (place: Place) => Place): readonly SceneOperator[] {
  return operators.flatMap((operator) => {
    const { name, kind } = operator;
    const own: SceneOperator = {
      ...{ name, kind, inside, reads: [...readsFromOutside(operator)], writes: writesOf(operator) },
      carries: kind === "iterate" ? operator.carries.map(({ to, init, from }) => ({ to, init, from })) : [],
      text: printOwnLines(program, operator).join("\n"),
      place: placeIn(program, name, placeOf),
    };
    return kind === "iterate" ? [own, ...operatorsOf(program, operator.body, name, placeOf)] : [own];
  });
}

/** Of an iterate what stands before it: neither what its body makes nor what its rounds carry. */
function readsFromOutside(operator: Operator): ReadonlySet<string> {
  const reads = tensorsReadBy(operator);
  if (operator.kind !== "iterate") return reads;
  const own = new Set(allWritesOf(operator));
  return new Set([...reads].filter((name) => !own.has(name)));
}

function placeIn(program: Program, operator: string, placeOf: (place: Place) => Place): SceneOperator["place"] {
  const origin = originOf(program, operator);
  const { file, line } = origin === undefined ? {} : placeOf(origin);
  return file === undefined || line === undefined ? null : { file, line };
}
