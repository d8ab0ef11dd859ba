/**
 * Where in the code of a workload its operators and inputs were made. Kept beside the program, so that neither its JSON nor its hash knows; read only when something
 * is to be said about one, for the text of a stack is dear.
 */

import type { Place } from "../base/errors.ts";
import type { Operator, Program, Tensor } from "./program.ts";

const origins = new WeakMap<Operator | Tensor, Error>();

/** Notes the call under way as the origin of what it makes. */
export function noteOrigin(made: Operator | Tensor): void {
  origins.set(made, new Error(made.name));
}

/** The innermost call outside weft that made the operator or tensor of this name; undefined where the program was not made by code of this process. */
export function originOf({ operators, tensors }: Pick<Program, "operators" | "tensors">, name: string): Place | undefined {
  const made = [...flat(operators), ...tensors].find((candidate) => candidate.name === name);
  const stack = made && origins.get(made)?.stack;
  return stack === undefined ? undefined : firstOutside(stack.split("\n").flatMap(placeOfFrame));
}

function flat(operators: readonly Operator[]): readonly Operator[] {
  return operators.flatMap((operator) => (operator.kind === "iterate" ? [operator, ...flat(operator.body)] : [operator]));
}

interface Frame extends Place {
  readonly file: string;
}

/** "    at name (file:///folder/file.ts:12:5)" or "    at /folder/file.ts:12:5". */
function placeOfFrame(line: string): readonly Frame[] {
  const [, file, row, column] = /^\s*at (?:.* \()?(.+):(\d+):(\d+)\)?$/.exec(line) ?? [];
  return file === undefined ? [] : [{ file: file.replace(/^(?:async )?file:\/\//, ""), line: Number(row), column: Number(column) }];
}

/** The innermost frames are weft's own, and lie in the folder of the very first. */
function firstOutside(frames: readonly Frame[]): Place | undefined {
  const own = folderOf(frames[0]?.file ?? "");
  return frames.find(({ file }) => folderOf(file) !== own);
}

const folderOf = (file: string): string => file.slice(0, Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")));
