/** The tables of `weft validate`: a row for each figure of a case, a row for each benchmark, and in words where the time of each went. */

import { duration, grouped, percent } from "../report/format.ts";
import type { RunResult } from "../result/result.ts";
import { printTable, signedPercent, type Table } from "./markdown.ts";
import { isWithin, largestBound, type Measured, type Outcome } from "./outcome.ts";
import { offChipBytes, type UnitCounts } from "./study.ts";
import type { Case, Figure } from "./suites.ts";

/** All that a suite found. Host seconds, which differ from run to run, are for the terminal alone. */
export function printTables(outcomes: readonly Outcome[], host: boolean): string {
  return [figureTable(outcomes, host), benchmarkTable(outcomes, host)]
    .filter(({ rows }) => rows.length > 0)
    .map(printTable)
    .join("\n");
}

function hostSeconds(outcome: Outcome): string {
  return "result" in outcome ? `${outcome.result.host.wall_seconds.toFixed(1)} s` : "";
}

// --- figures ---

function figureTable(outcomes: readonly Outcome[], host: boolean): Table {
  const head = ["case", "machine", "what", "published or asked", "measured", "error or margin", "within"];
  const rows = outcomes.flatMap((outcome) =>
    outcome.study.figures.map((figure, index) => {
      const cells = [outcome.study.name, machineOf(outcome.study), figure.what, expectation(figure), ...verdict(figure, outcome)];
      return host ? [...cells, index === 0 ? hostSeconds(outcome) : ""] : cells;
    }),
  );
  return { head: host ? [...head, "host"] : head, rows };
}

function machineOf({ machine, set }: Case): string {
  const prefix = "machine.";
  return [machine, ...set.filter((setting) => setting.startsWith(prefix)).map((setting) => setting.slice(prefix.length))].join(", ");
}

function expectation({ expected, print }: Figure): string {
  switch (expected.kind) {
    case "published":
      return `${print(expected.value)} +- ${percent(expected.within)} (${expected.source})`;
    case "at least":
    case "at most":
      return `${expected.kind} ${print(expected.value)} (${expected.source})`;
    case "information":
      return "for information";
  }
}

function verdict({ expected, of, print }: Figure, outcome: Outcome): readonly [string, string, string] {
  if ("failure" in outcome) return ["did not run", "", "no"];
  const measured = of(outcome.result, outcome.machine, outcome.data_bytes, outcome.beside);
  if (expected.kind === "information") return [print(measured), "", ""];
  return [print(measured), signedPercent(measured / expected.value - 1), isWithin(expected, measured) ? "yes" : "no"];
}

// --- benchmarks ---

/** A run that takes so many times its bound is flagged. */
const FAR = 3;

function benchmarkTable(outcomes: readonly Outcome[], host: boolean): Table {
  const head = [
    ...["benchmark", "simulated", "expected by the plan", "lower bound", "reached", "limited by", `over ${FAR} x the bound`],
    ...["bytes off chip over data", "PCU / PMU / AG", "published", "configurations loaded", "power of the chip, by events"],
  ];
  const rows = outcomes.flatMap((outcome) => {
    const published = outcome.study.published_units;
    if (published === undefined) return [];
    const cells = [outcome.study.name, ...("failure" in outcome ? ["did not run", "", "", "", "", "", "", ""] : measuredCells(outcome)), unitCells(published)];
    const last = "failure" in outcome ? ["", ""] : [`${outcome.result.launches}`, `${chipWatts(outcome.result).toFixed(1)} W`];
    return [[...cells, ...last, ...(host ? [hostSeconds(outcome)] : [])]];
  });
  return { head: host ? [...head, "host"] : head, rows };
}

/** Without the memories behind the pins. */
function chipWatts({ energy_pJ: { total, hbm, ddr }, seconds }: RunResult): number {
  return (total - hbm - ddr) / 1e12 / seconds;
}

function measuredCells({ result, expected_cycles, on_chip, data_bytes }: Measured): readonly string[] {
  const { cycles, seconds, limit } = result;
  const bound = largestBound(result);
  return [
    `${grouped(cycles)} cycles, ${duration(seconds)}`,
    `${grouped(expected_cycles)} (${signedPercent(expected_cycles / cycles - 1)})`,
    `${grouped(bound.cycles)}, ${bound.resource}`,
    percent(bound.cycles / cycles),
    limit.resource,
    cycles > FAR * bound.cycles ? (limit.sentence.split("; ")[0] as string) : "",
    `${Number((offChipBytes(result) / data_bytes).toPrecision(3))} x`,
    unitCells(on_chip),
  ];
}

const unitCells = ({ pcu, pmu, ag }: UnitCounts): string => `${pcu} / ${pmu} / ${ag}`;

// --- in words ---

export function whereTheTimeWent(outcome: Outcome): string {
  const { name } = outcome.study;
  if ("failure" in outcome) return `- ${name} did not run: ${outcome.failure}`;
  const { cycles, seconds, limit, kernels, warnings } = outcome.result;
  const runs = kernels === 1 ? "one section" : `${grouped(kernels)} runs of sections`;
  const assumed = warnings.filter((warning) => warning.startsWith(`${limit.resource} decides`));
  return `- ${name}: ${[`${grouped(cycles)} cycles (${duration(seconds)}) in ${runs}`, limit.sentence, ...assumed].join("; ")}.`;
}
