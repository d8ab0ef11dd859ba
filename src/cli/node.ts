/** For programs that run in Node, beside the library: workloads, machines and energy tables from files or by name, and the folder of a run with its page. */

export { version } from "./files.ts";
export { readEnergyTable, readGpu, readMachine } from "./machines.ts";
export { PAGE, packRun, pageOf, writeOutput } from "./output.ts";
export { type LoadedWorkload, type LoadOptions, loadWorkload, workloadNames } from "./workload.ts";
