/** The public API: what a workload file imports as "weft", and what other programs use weft through: prepare (or compile and mapFabric), simulate, makeResult. */

export { type Fault, type Place, printFault, RunError, UserError } from "./base/errors.ts";
export { explain } from "./compile/explain.ts";
export { type Compiled, type CompileOptions, compile, printControllers } from "./compile/index.ts";
export { energyOf, energyOfSection } from "./energy/energy.ts";
export { type EnergyTable, energyTableSchema } from "./energy/table.ts";
export { describeMachine } from "./machine/describe.ts";
export type { Machine } from "./machine/machine.ts";
export { loadMachine } from "./machine/schema.ts";
export { type MapOptions, mapFabric, printMapping, verifyMapping } from "./mapper/index.ts";
export * from "./pattern/builder.ts";
export { generateInputs } from "./pattern/inputs.ts";
export { interpret, outputsOf } from "./pattern/interpret.ts";
export { type ProgramJson, programFromJson, programToJson } from "./pattern/json.ts";
export { printProgram } from "./pattern/print.ts";
export type * from "./pattern/program.ts";
export * from "./pattern/scalars.ts";
export { checkProgram, verifyProgram } from "./pattern/verify.ts";
export { printJson } from "./report/json.ts";
export { makeResult, type RunParts } from "./report/make.ts";
export { printReport } from "./report/table.ts";
export { brokenInvariants } from "./result/check.ts";
export type { RunCounters, SectionCounters, UnitCounters } from "./result/counters.ts";
export type * from "./result/result.ts";
export { parseResult, runResultSchema } from "./result/schema.ts";
export { type Prepared, type PrepareOptions, prepare } from "./sim/prepare.ts";
export { type SimulateOptions, simulate } from "./sim/simulate.ts";
