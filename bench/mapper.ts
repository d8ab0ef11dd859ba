/**
 * Speed of placing and routing on one core, and the quality of what comes of it. Moves are all that annealing draws: most are not kept, and one in
 * seven finds no site. Seconds are the best of three, after the code has been warmed up by the first.
 */

import Table from "cli-table3";
import { seedRandom } from "../src/base/random.ts";
import { readMachine } from "../src/cli/machines.ts";
import { loadWorkload } from "../src/cli/workload.ts";
import { compile } from "../src/compile/index.ts";
import type { Section } from "../src/fabric/fabric.ts";
import type { Machine } from "../src/machine/machine.ts";
import { anneal, movesFor } from "../src/mapper/anneal.ts";
import { mazeOf } from "../src/mapper/maze.ts";
import { meshOf } from "../src/mapper/mesh.ts";
import { placementProblem } from "../src/mapper/problem.ts";
import { qualityOf } from "../src/mapper/quality.ts";
import { routeSection } from "../src/mapper/section-routes.ts";
import { sitesOf } from "../src/mapper/sites.ts";
import { constructivePlacement } from "../src/mapper/start.ts";
import { count, timed } from "./timing.ts";

const cases: readonly { readonly workload: string; readonly machine: string }[] = [
  { workload: "softmax", machine: "plasticine" },
  { workload: "plasticine-gemm", machine: "plasticine" },
  { workload: "attention", machine: "sn40l" },
  { workload: "gemm", machine: "sn40l" },
];

export async function benchMapper(): Promise<string> {
  const head = ["workload", "units", "nets", "moves", "M moves/s", "start s", "anneal s", "route s", "wirelength", "longest", "busiest link"];
  const table = new Table({ head, colAligns: head.map((_, i) => (i === 0 ? "left" : "right")), style: { head: [], border: [] } });
  for (const { workload, machine: name } of cases) {
    const machine = readMachine(name, []);
    const { program } = await loadWorkload(workload);
    const { fabric } = compile(program, machine, { style: "spatial" });
    const largest = fabric.sections.toSorted((a, b) => b.units.length - a.units.length)[0]!;
    table.push([`${workload} on ${name}`, ...measure(largest, machine)]);
  }
  return `${table.toString()}\n`;
}

/** The first attempt of the mapper: one placement, and its routes. */
function measure(section: Section, machine: Machine): string[] {
  const sites = sitesOf(machine);
  const problem = placementProblem(section, sites, () => 1, true);
  const moves = movesFor(section.units.length);
  const start = best(() => constructivePlacement(problem));
  const placed = best(() => anneal(problem, start.value, { random: seedRandom(1, "place", section.name, 1), moves }));
  const positions = section.units.map((_, unit) => sites[placed.value.siteOf[unit]!]!);
  const routed = best(() => routeSection(mazeOf(meshOf(machine)), section, machine, positions));
  const { wirelength_hops, longest_route_hops, busiest_link_share } = qualityOf(section, machine, routed.value.routes);
  const seconds = [start, placed, routed].map((part) => part.seconds.toFixed(3));
  const quality = [count(wirelength_hops), count(longest_route_hops), `${(100 * busiest_link_share).toFixed(1)} %`];
  const rate = (moves / placed.seconds / 1e6).toFixed(2);
  return [count(section.units.length), count(problem.weights.length), count(moves), rate, ...seconds, ...quality];
}

function best<T>(work: () => T): ReturnType<typeof timed<T>> {
  return [1, 2, 3].map(() => timed(work)).sort((a, b) => a.seconds - b.seconds)[0]!;
}
