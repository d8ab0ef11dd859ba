/** What a program's outputs are, and what they were. */

import { checksum } from "../base/hash.ts";
import type { Program } from "../pattern/program.ts";
import type { RunCounters } from "../result/counters.ts";
import type { OutputResult } from "../result/result.ts";

/** `outputs`: their values, where they were computed. */
export function outputRows(program: Program, outputs: RunCounters["outputs"]): Readonly<Record<string, OutputResult>> {
  const rows = Object.entries(program.outputs).map(([name, tensorName]): [string, OutputResult] => {
    const tensor = program.tensors.find((one) => one.name === tensorName);
    const values = outputs?.[name];
    return [name, { shape: tensor?.shape ?? [], dtype: tensor?.dtype ?? "f32", checksum: values === undefined ? null : checksum(values) }];
  });
  return Object.fromEntries(rows);
}
