/** `weft explain`: what each pass did and why, and how each section is mapped, in words. */

import { compileCommand } from "./compile.ts";
import type { TargetFlags } from "./run.ts";

export function explainCommand(flags: TargetFlags): Promise<void> {
  return compileCommand({ ...flags, emit: "explanation" });
}
