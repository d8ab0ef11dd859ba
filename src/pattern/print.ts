/**
 * A program as people read it, one operator a line, as its mathematics:
 *
 *     max: bf16[4096]
 *       max[i] = max(j < 4096: x[i, j])
 *
 * Shared subexpressions are named t1, t2 ... and follow after `where`.
 */

import { affine, bodiesOf, indicesOf } from "./analysis.ts";
import { childrenOf, visitNodes } from "./nodes.ts";
import type { Expr, FlatMapOperator, GroupByOperator, Index, Operator, Program, ReduceFn, ScalarOp, Tensor } from "./program.ts";

export function printProgram(program: Program): string {
  const params = Object.entries(program.params).map(([name, value]) => `${name} = ${value}`);
  const inputs = program.inputs.map((name) => `input ${printTensor(tensorOf(program, name))}`);
  const outputs = Object.entries(program.outputs).map(([output, tensor]) => (output === tensor ? output : `${output} = ${tensor}`));
  const operators = program.operators.map((operator) => printOperator(program, operator, ""));
  return [`program ${program.name}(${params.join(", ")})`, ...inputs, ...operators.flat(), `output ${outputs.join(", ")}`, ""].join("\n");
}

function tensorOf(program: Program, name: string): Pick<Tensor, "name" | "dtype" | "shape" | "tier"> {
  return program.tensors.find((tensor) => tensor.name === name) ?? { name, dtype: "f32", shape: [], tier: "auto" };
}

/** `x: bf16[4096, 128] in hbm`. */
export function printTensor({ name, dtype, shape, tier }: Pick<Tensor, "name" | "dtype" | "shape" | "tier">): string {
  return `${name}: ${dtype}${shape.length === 0 ? "" : `[${shape.join(", ")}]`}${tier === "auto" ? "" : ` in ${tier}`}`;
}

/** The lines of one operator, its name and type first. */
export function printOperator(program: Program, operator: Operator, indent: string): readonly string[] {
  const writer = writerOf(operator);
  const lines = (head: string, ...body: readonly string[]): readonly string[] => [
    `${indent}${head}`,
    ...body.map((line) => `${indent}  ${line}`),
    ...writer.definitions().map((line) => `${indent}    ${line}`),
  ];
  switch (operator.kind) {
    case "map":
      return lines(printTensor(tensorOf(program, operator.name)), `${writer.element(operator)} = ${writer.print(operator.body)}`);
    case "scan": {
      const kind = `${operator.exclusive ? "exclusive " : ""}scan by ${foldNames[operator.fn]} in ${operator.acc}`;
      return lines(`${printTensor(tensorOf(program, operator.name))}, ${kind}`, `${writer.element(operator)} = ${kind} of ${writer.print(operator.body)}`);
    }
    case "flatMap":
      return lines(`${operator.name}: up to ${operator.bound} records`, ...printEmits(operator, writer));
    case "groupBy":
      return lines(`${operator.name}: ${operator.keys} groups`, ...printGroups(operator, writer));
    case "gather":
      return lines(
        printTensor(tensorOf(program, operator.name)),
        `${writer.element(operator)} = element ${writer.print(operator.index)} of ${operator.tensor}`,
      );
    case "hash": {
      const where = operator.when === undefined ? "" : ` where ${writer.print(operator.when)}, else -1`;
      const number = `number of ${writer.print(operator.key)} among ${operator.keys} keys`;
      return lines(printTensor(tensorOf(program, operator.name)), `${writer.element(operator)} = ${number}${where}`);
    }
    case "iterate": {
      const carries = operator.carries.map(({ to, init, from }) => `${to} from ${init}, then ${from}`);
      const until = operator.until === undefined ? "" : `, until ${operator.until}`;
      return [
        `${indent}${operator.name}: ${operator.times} rounds (${operator.round.name}) of ${carries.join("; ")}${until}`,
        ...operator.body.flatMap((item) => printOperator(program, item, `${indent}  `)),
      ];
    }
  }
}

/** Of an iterate its own line alone; what is inside speaks for itself. */
export function printOwnLines(program: Program, operator: Operator): readonly string[] {
  return printOperator(program, operator.kind === "iterate" ? { ...operator, body: [] } : operator, "");
}

function printEmits({ domain, emits }: FlatMapOperator, writer: Writer): readonly string[] {
  return emits.map(({ when, fields }) => {
    const record = Object.entries(fields).map(([name, value]) => `${name} = ${writer.print(value)}`);
    return `for ${writer.loops(domain)} where ${writer.print(when)}: ${record.join(", ")}`;
  });
}

function printGroups({ domain, when, key, fields }: GroupByOperator, writer: Writer): readonly string[] {
  const head = `for ${writer.loops(domain)}${when === undefined ? "" : ` where ${writer.print(when)}`} by ${writer.print(key)}:`;
  return [
    head,
    ...fields.map(({ name, fn, acc, dtype, value }) => `  ${name}: ${dtype} = ${foldNames[fn]}(${writer.print(value)})${acc === dtype ? "" : ` in ${acc}`}`),
  ];
}

// --- expressions ---

interface Writer {
  print(expr: Expr): string;
  /** `y[i, j]`. */
  element(operator: { readonly name: string; readonly domain: readonly Index[] }): string;
  /** `i < 4096, j < late.size`. */
  loops(indices: readonly Index[]): string;
  /** `where t1 = ...`, one line each; empties the list. */
  definitions(): readonly string[];
}

const foldNames: { readonly [F in ReduceFn]: string } = { add: "sum", mul: "product", min: "min", max: "max", and: "all", or: "any" };

/** Infix operators and how tightly they bind. */
const infix: { readonly [Op in ScalarOp]?: readonly [sign: string, strength: number] } = {
  or: ["or", 1],
  and: ["and", 2],
  eq: ["==", 3],
  ne: ["!=", 3],
  lt: ["<", 3],
  le: ["<=", 3],
  gt: [">", 3],
  ge: [">=", 3],
  add: ["+", 4],
  sub: ["-", 4],
  mul: ["*", 5],
  div: ["/", 5],
  mod: ["mod", 5],
};

function writerOf(operator: Operator): Writer {
  const letters = new Map(indicesOf(operator).map(({ name }, position) => [name, letter(position)]));
  const shared = sharedNodes(operator);
  const names = new Map<Expr, string>();
  const definitions: string[] = [];
  const print = (expr: Expr, strength = 0): string => {
    if (!shared.has(expr)) return printFully(expr, strength);
    const known = names.get(expr);
    if (known !== undefined) return known;
    const name = `t${names.size + 1}`;
    names.set(expr, name);
    const position = definitions.push("") - 1;
    definitions[position] = `where ${name} = ${printFully(expr, 0)}`;
    return name;
  };
  const printFully = (expr: Expr, strength: number): string => {
    switch (expr.kind) {
      case "const":
        return String(expr.value);
      case "index":
        return letters.get(expr.index) ?? expr.index;
      case "read":
        return expr.at.length === 0 ? expr.tensor : `${expr.tensor}[${expr.at.map((place) => print(place)).join(", ")}${expr.padded ? " or 0" : ""}]`;
      case "cast":
        return `${expr.dtype}(${print(expr.arg)})`;
      case "reduce":
        return `${foldNames[expr.fn]}(${loops(expr.over)}: ${print(expr.body)})${expr.acc === expr.dtype ? "" : ` in ${expr.acc}`}`;
      case "op":
        return printOperation(expr.op, expr.args, strength, print);
    }
  };
  const loops = (indices: readonly Index[]): string => indices.map(({ name, extent, count }) => `${letters.get(name)} < ${count ?? extent}`).join(", ");
  return {
    print: (expr) => print(expr),
    element: ({ name, domain }) => (domain.length === 0 ? name : `${name}[${domain.map((index) => letters.get(index.name)).join(", ")}]`),
    loops,
    definitions: () => definitions.splice(0),
  };
}

function printOperation(op: ScalarOp, args: readonly Expr[], strength: number, print: (expr: Expr, strength?: number) => string): string {
  const sign = infix[op];
  if (sign === undefined) return `${op}(${args.map((arg) => print(arg)).join(", ")})`;
  const text = `${print(args[0]!, sign[1])} ${sign[0]} ${print(args[1]!, sign[1] + 1)}`;
  return sign[1] < strength ? `(${text})` : text;
}

/** Operations and reductions with more than one user; index arithmetic is printed in place. */
function sharedNodes(operator: Operator): ReadonlySet<Expr> {
  const users = new Map<Expr, number>();
  const use = (expr: Expr): void => {
    users.set(expr, (users.get(expr) ?? 0) + 1);
  };
  bodiesOf(operator).forEach(use);
  visitNodes(bodiesOf(operator), (expr) => {
    childrenOf(expr).forEach(use);
  });
  return new Set(
    [...users].filter(([expr, count]) => count > 1 && ["op", "reduce", "cast"].includes(expr.kind) && affine(expr) === null).map(([expr]) => expr),
  );
}

/** i, j, k, l, m, n, then i6, i7 ... */
export function letter(position: number): string {
  return "ijklmn"[position] ?? `i${position}`;
}
