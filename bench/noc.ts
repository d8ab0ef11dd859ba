/** Speed of the packet network on one core, in routers times cycles a CPU second, beside what BookSim 2 did on a host of this size (test/validation/data/booksim2.json). */

import Table from "cli-table3";
import { readFigures } from "../src/cli/comparison.ts";
import { type NocCase, readNocCases } from "../src/cli/noc-suite.ts";
import { measureNoc } from "../src/network/measure.ts";
import { nodesOf } from "../src/network/spec.ts";
import { count, timed } from "./timing.ts";

const CASES = [
  { variant: "A_16vc8", flits: 1, load: 0.05 },
  { variant: "A_16vc8", flits: 1, load: 0.35 },
  { variant: "A_16vc8", flits: 4, load: 0.35 },
  { variant: "C_1vc8_lean", flits: 1, load: 0.35 },
];

export function benchNoc(): string {
  const head = ["network", "flits", "load", "router cycles", "CPU s", "M router cycles/s", "BookSim 2", "x"];
  const table = new Table({ head, colAligns: head.map((_, i) => (i === 0 ? "left" : "right")), style: { head: [], border: [] } });
  for (const one of CASES.map(caseOf)) table.push(measure(one));
  return `${table.toString()}\n`;
}

function caseOf({ variant, flits, load }: (typeof CASES)[number]): NocCase {
  const isWanted = ({ experiment }: NocCase): boolean => experiment.pattern === "uniform" && experiment.flits === flits && experiment.load === load;
  return readNocCases().find((one) => one.variant === variant && isWanted(one))!;
}

/** The best of three, after the code has been warmed up by the first. */
function measure({ variant, spec, experiment }: NocCase): string[] {
  const tries = [1, 2, 3].map(() => timed(() => measureNoc(spec, experiment)));
  const seconds = Math.min(...tries.map((attempt) => attempt.seconds));
  const routerCycles = tries[0]!.value.cycles * nodesOf(spec);
  const peer = peerSpeed(variant, experiment);
  const compared = peer === undefined ? ["", ""] : [(peer / 1e6).toFixed(2), (routerCycles / seconds / peer).toFixed(1)];
  const figures = [count(routerCycles), seconds.toFixed(2), (routerCycles / seconds / 1e6).toFixed(2)];
  return [variant, `${experiment.flits}`, `${experiment.load}`, ...figures, ...compared];
}

function peerSpeed(variant: string, { flits, load }: NocCase["experiment"]): number | undefined {
  const { speed } = readFigures("booksim2.json") as { readonly speed: readonly PeerSpeed[] };
  return speed.find((one) => one.variant === variant && one.flits === flits && one.load === load)?.router_cycles_per_cpu_second;
}

interface PeerSpeed {
  readonly variant: string;
  readonly flits: number;
  readonly load: number;
  readonly router_cycles_per_cpu_second: number;
}
