/** The public API: what a workload file imports as "weft", and what other programs use weft through. */

export { type Fault, type Place, printFault, RunError, UserError } from "./base/errors.ts";
export * from "./pattern/builder.ts";
export { generateInputs } from "./pattern/inputs.ts";
export { interpret, outputsOf } from "./pattern/interpret.ts";
export type * from "./pattern/program.ts";
export * from "./pattern/scalars.ts";
