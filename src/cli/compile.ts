/** `weft compile`: prints one stage of a workload's way to the machine. */

import type { CompileJob, Emit } from "./jobs.ts";
import { type TargetFlags, targetOf } from "./target.ts";
import { inThread } from "./thread.ts";

export async function compileCommand(flags: TargetFlags & { readonly emit: Emit }): Promise<void> {
  const job: CompileJob = { kind: "compile", ...targetOf(flags), emit: flags.emit };
  const text = await inThread(job);
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}
