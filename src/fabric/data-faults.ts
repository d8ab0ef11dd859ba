/** What data can do wrong while a section runs: said of the source operator, in the words of the interpreter (pattern/interpret.ts). */

import { UserError } from "../base/errors.ts";

export function readOutside(operator: string, tensor: string, element: number, elements: number): UserError {
  const hint = "keep the index inside the tensor, also where a `select` throws the value away";
  // -1 stands for a place outside one of several dimensions (compile/gathers.ts).
  const what = element === -1 ? `reads "${tensor}" outside its shape` : `reads element ${element} of "${tensor}", expected 0 to ${elements - 1}`;
  return fault(operator, "read-outside", what, hint);
}

export function keyOutOfRange(operator: string, key: number, keys: number): UserError {
  return fault(operator, "key-out-of-range", `meets the key ${key}, expected 0 to ${keys - 1}`, "drop such records with a `when`, or raise `keys`");
}

export function tooManyRecords(operator: string, bound: number): UserError {
  return fault(operator, "bound-exceeded", `makes more records than its bound of ${bound}`, "raise the operator's bound");
}

export function tooManyKeys(operator: string, bound: number): UserError {
  return fault(operator, "bound-exceeded", `meets more distinct keys than its bound of ${bound}`, "raise the operator's bound");
}

export function tripOutOfRange(operator: string, loop: string, trip: number, most: number): UserError {
  return fault(operator, "trip-out-of-range", `turns its loop ${loop} ${trip} times, expected 0 to ${most}`, "check the counts that the data gives");
}

function fault(operator: string, code: string, what: string, hint: string): UserError {
  return new UserError({ code, message: `"${operator}" ${what}`, place: { path: `operator "${operator}"` }, hint });
}
