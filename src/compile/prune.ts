/** Prune: operators, and fields of groupBys, that no output needs are dropped, and the tensors with them. Before and after: the same outputs. */

import { tensorsReadBy } from "../pattern/analysis.ts";
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
  return { ...program, operators: kept, tensors: program.tensors.filter(({ name }) => needed.has(name) || program.inputs.includes(name)) };
}

function leanOf(operator: Operator, needed: ReadonlySet<string>): Operator | null {
  switch (operator.kind) {
    case "map":
    case "scan":
      return needed.has(operator.name) ? operator : null;
    case "groupBy": {
      const fields = operator.fields.filter((field) => needed.has(`${operator.name}.${field.name}`));
      if (fields.length === 0) return null;
      return fields.length === operator.fields.length ? operator : { ...operator, fields };
    }
    case "flatMap":
    case "iterate":
      return operator;
  }
}
