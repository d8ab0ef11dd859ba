/** Prune: operators, and fields of groupBys, that no output needs are dropped, and the tensors with them. Before and after: the same outputs. */

import { tensorsReadBy, writesOf } from "../pattern/analysis.ts";
import type { Operator, Program } from "../pattern/program.ts";

export function prune(program: Program): Program {
  const needed = new Set(Object.values(program.outputs));
  const kept: Operator[] = [];
  for (const operator of program.operators.toReversed()) {
    const lean = leanOf(operator, needed);
    if (lean === null) continue;
    for (const tensor of tensorsReadBy(lean)) needed.add(tensor);
    kept.unshift(lean);
  }
  if (kept.length === program.operators.length && kept.every((operator, i) => operator === program.operators[i])) return program;
  const left = new Set([...needed, ...program.inputs, ...kept.flatMap(writesOf)]);
  return { ...program, operators: kept, tensors: program.tensors.filter(({ name }) => left.has(name)) };
}

function leanOf(operator: Operator, needed: ReadonlySet<string>): Operator | null {
  switch (operator.kind) {
    case "map":
    case "scan":
    case "flatMap":
    case "iterate":
      return writesOf(operator).some((tensor) => needed.has(tensor)) ? operator : null;
    case "groupBy": {
      const fields = operator.fields.filter((field) => needed.has(`${operator.name}.${field.name}`));
      if (fields.length === 0) return null;
      return fields.length === operator.fields.length ? operator : { ...operator, fields };
    }
  }
}
