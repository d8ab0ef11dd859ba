/** For programs that run in Node, beside the library: workloads, machines and energy tables from files or by name. */

export { readEnergyTable, readGpu, readMachine } from "./machines.ts";
export { type LoadedWorkload, type LoadOptions, loadWorkload, workloadNames } from "./workload.ts";
