/** RunResult -> the text that `--json` writes. Keys stand in the order of the type; the same result always gives the same bytes. */

import type { RunResult } from "../result/result.ts";

export function printJson(result: RunResult): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}
