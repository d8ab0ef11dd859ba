/**
 * Blocks: the operators of a program, and the body of each iterate, seen as a program of its own, so that a pass is a function on one list of operators.
 * A block lists the tensors of the whole program; its inputs are those that it does not write, its outputs what it must leave behind.
 */

import { writesOf } from "../pattern/analysis.ts";
import type { Index, IterateOperator, Operator, Program } from "../pattern/program.ts";

/** `rounds`: those of the loops around the block, whose numbers its bodies may use. */
export type BlockPass = (block: Program, rounds: readonly Index[]) => Program;

/** The pass on the program's own operators, then on the bodies of the iterates that are left, outermost first. */
export function mapBlocks(program: Program, pass: BlockPass, rounds: readonly Index[] = []): Program {
  const own = pass(program, rounds);
  const iterates = own.operators.filter((operator) => operator.kind === "iterate");
  return iterates.reduce((current, iterate) => mapBody(current, iterate, pass, rounds), own);
}

function mapBody(program: Program, iterate: IterateOperator, pass: BlockPass, rounds: readonly Index[]): Program {
  const before = blockOf(iterate, program);
  const after = mapBlocks(before, pass, [...rounds, iterate.round]);
  if (after === before) return program;
  const operators = program.operators.map((operator) => (operator === iterate ? { ...iterate, body: after.operators } : operator));
  return { ...program, tensors: after.tensors, operators };
}

/** The body of an iterate: it must leave what the next round, or the world outside, takes from it. */
export function blockOf({ body, carries, until }: IterateOperator, program: Program): Program {
  const own = new Set(body.flatMap(allWritesOf));
  const inputs = program.tensors.map(({ name }) => name).filter((name) => !own.has(name));
  const left = [...carries.map(({ from }) => from), ...(until === undefined ? [] : [until])];
  return { ...program, inputs, operators: body, outputs: Object.fromEntries(left.map((name) => [name, name])) };
}

/** Tensors that an operator writes, those inside an iterate included. */
export function allWritesOf(operator: Operator): readonly string[] {
  return operator.kind === "iterate" ? [...writesOf(operator), ...operator.body.flatMap(allWritesOf)] : writesOf(operator);
}

/** Passes call what they make after what it is made from, `owner.what`; a source operator may have a name of that form too. */
export function originFinder(source: Program): (operator: string) => string {
  const longestFirst = allOperators(source.operators)
    .map(({ name }) => name)
    .toSorted((a, b) => b.length - a.length);
  return (operator) => longestFirst.find((name) => operator === name || operator.startsWith(`${name}.`)) ?? operator;
}

/** The operators, each iterate followed by those inside it. */
export function allOperators(operators: readonly Operator[]): readonly Operator[] {
  return operators.flatMap((operator) => (operator.kind === "iterate" ? [operator, ...allOperators(operator.body)] : [operator]));
}
