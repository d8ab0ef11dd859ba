/** What the parts of the verifier share. */

import type { Fault } from "../base/errors.ts";

/** A fault of a part of the fabric, at a path such as `section.pcu3.body`. */
export function faultAt(path: string, code: string, message: string, hint?: string): Fault {
  return { code, message, place: { path }, ...(hint === undefined ? {} : { hint }) };
}

/** Each name that occurs more than once, once. */
export function repeated(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const name of names) (seen.has(name) ? again : seen).add(name);
  return [...again];
}
