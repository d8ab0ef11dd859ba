/** RunResult <-> text. Keys stand in the order of the type; the same result always gives the same bytes. */

import type { RunResult } from "../result/result.ts";
import { parseResult } from "../result/schema.ts";

export function printJson(result: RunResult): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}

export function readJson(text: string): RunResult {
  return parseResult(JSON.parse(text));
}
