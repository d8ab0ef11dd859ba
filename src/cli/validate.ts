/** `weft validate`: runs suites of long studies, prints how each compares with what was published or asked, and writes that into VALIDATION.md. */

import { existsSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import type { Machine } from "../machine/machine.ts";
import { duration, grouped, percent } from "../report/format.ts";
import type { RunResult } from "../result/result.ts";
import { EXIT } from "./failure.ts";
import { assertWritable, readText, version, writeText } from "./files.ts";
import type { RunJob } from "./jobs.ts";
import { readMachine } from "./machines.ts";
import { parseSettings } from "./settings.ts";
import { type Case, type Expected, type Figure, SUITES, type Suite } from "./suites.ts";
import { inThread, JobFailed } from "./thread.ts";

/** What `validate` works on; the tests give it suites of their own. */
export interface ValidateParts {
  readonly suites: readonly Suite[];
  readonly run: (job: RunJob) => Promise<RunResult>;
  readonly file: string;
  /** Words for people, a line each. */
  readonly say: (line: string) => void;
  readonly print: (text: string) => void;
}

/** One suite, or all. Gives the exit code: 1 if a figure is out of its tolerance. A suite that is not run keeps its part of the file. */
export async function validate(name: string | undefined, parts: Partial<ValidateParts> = {}): Promise<number> {
  const { suites, run, file, say, print } = { ...DEFAULTS, ...parts };
  const chosen = chooseSuites(name, suites);
  assertWritable(file);
  const sections = sectionsOf(file);
  let failed = false;
  for (const suite of chosen) {
    const outcomes = await runSuite(suite, run, say);
    print(`${markdownTable([...HEAD, "host"], rowsOf(outcomes, true))}\n`);
    sections.set(suite.name, printSection(suite, outcomes));
    failed ||= outcomes.some((outcome) => !isGood(outcome));
  }
  writeText(file, [PREAMBLE, ...suites.flatMap((suite) => sections.get(suite.name) ?? [])].join("\n"));
  say(`wrote ${file}`);
  return failed ? EXIT.checkFailed : EXIT.done;
}

const DEFAULTS: ValidateParts = {
  suites: SUITES,
  run: inThread,
  file: "VALIDATION.md",
  say: (line) => void process.stderr.write(`weft: ${line}\n`),
  print: (text) => void process.stdout.write(text),
};

function chooseSuites(name: string | undefined, suites: readonly Suite[]): readonly Suite[] {
  const chosen = name === undefined ? suites : suites.filter((suite) => suite.name === name);
  if (chosen.length > 0 || name === undefined) return chosen;
  const names = suites.map((suite) => suite.name);
  throw new UserError({ code: "unknown-suite", message: `there is no suite ${JSON.stringify(name)}`, hint: suggestion(name, names) });
}

// --- running ---

/** What a case did: its result, or the words with which it ended. */
type Outcome = { readonly study: Case } & ({ readonly result: RunResult; readonly machine: Machine } | { readonly failure: string });

async function runSuite({ name, cases }: Suite, run: ValidateParts["run"], say: ValidateParts["say"]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, study] of cases.entries()) {
    say(`${name} ${index + 1} of ${cases.length}: ${study.name}`);
    outcomes.push(await runCase(study, run));
  }
  return outcomes;
}

/** A case that cannot be run to its end is out of tolerance; the others still count. */
async function runCase(study: Case, run: ValidateParts["run"]): Promise<Outcome> {
  const { workload, machine, set } = study;
  const settings = parseSettings(set);
  try {
    const result = await run({ kind: "run", workload, machine, style: "spatial", settings, seed: null, values: false, engine: "fast", maxCycles: null });
    return { study, result, machine: readMachine(machine, settings.machine) };
  } catch (error) {
    if (!(error instanceof JobFailed) && !(error instanceof UserError)) throw error;
    return { study, failure: error.message.split("\n")[0] as string };
  }
}

// --- judging ---

function isGood(outcome: Outcome): boolean {
  return "result" in outcome && outcome.study.figures.every((figure) => isWithin(figure.expected, figure.of(outcome.result, outcome.machine)));
}

function isWithin(expected: Expected, measured: number): boolean {
  switch (expected.kind) {
    case "published":
      return Math.abs(measured / expected.value - 1) <= expected.within;
    case "at least":
      return measured >= expected.value;
    case "at most":
      return measured <= expected.value;
    case "information":
      return Number.isFinite(measured);
  }
}

// --- printing ---

const HEAD = ["case", "machine", "what", "published or asked", "measured", "error or margin", "within"] as const;

/** One row a figure. Host seconds, which differ from run to run, are for the terminal alone. */
function rowsOf(outcomes: readonly Outcome[], host: boolean): readonly (readonly string[])[] {
  return outcomes.flatMap((outcome) =>
    outcome.study.figures.map((figure, index) => {
      const seconds = "result" in outcome && index === 0 ? `${outcome.result.host.wall_seconds.toFixed(1)} s` : "";
      return [outcome.study.name, machineOf(outcome.study), figure.what, expectation(figure), ...verdict(figure, outcome), ...(host ? [seconds] : [])];
    }),
  );
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
  const measured = of(outcome.result, outcome.machine);
  if (expected.kind === "information") return [print(measured), "", ""];
  return [print(measured), signedPercent(measured / expected.value - 1), isWithin(expected, measured) ? "yes" : "no"];
}

function signedPercent(share: number): string {
  return `${share < 0 ? "-" : "+"}${(Math.abs(share) * 100).toFixed(1)} %`;
}

const PREAMBLE = `# Validation

What weft simulates against what was published, or asked of it. \`weft validate\` writes this file; a suite alone rewrites its own part. The same
version gives the same bytes: a line that changed is a figure that moved.

No constant of a machine, a memory or a model was fitted to any figure below: machines come from their papers and data sheets (the source stands
beside each figure in configs/), and what is assumed is named under each table where it decides. A published figure is within its
tolerance or it is not; an asked one is a demand on the compiler's own choices, counted by the engine. The error or margin is relative.
`;

function printSection(suite: Suite, outcomes: readonly Outcome[]): string {
  return [
    `## ${suite.name}`,
    "",
    `Written by \`weft validate ${suite.name}\`, weft ${version}.`,
    "",
    markdownTable(HEAD, rowsOf(outcomes, false)),
    "Where the time went:",
    "",
    ...outcomes.map(whereTheTimeWent),
    "",
    "What is left out:",
    "",
    ...suite.leavesOut.map((line) => `- ${line}.`),
    "",
  ].join("\n");
}

function whereTheTimeWent(outcome: Outcome): string {
  const { name } = outcome.study;
  if ("failure" in outcome) return `- ${name} did not run: ${outcome.failure}`;
  const { cycles, seconds, limit, kernels, warnings } = outcome.result;
  const sections = kernels === 1 ? "one section" : `${kernels} sections`;
  const assumed = warnings.filter((warning) => warning.startsWith(`${limit.resource} decides`));
  return `- ${name}: ${[`${grouped(cycles)} cycles (${duration(seconds)}) in ${sections}`, limit.sentence, ...assumed].join("; ")}.`;
}

/** A table that reads well as it stands and as Markdown, ending in a line break. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((word, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? word).length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |\n`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("");
}

/** The parts of a file that stands already, by suite. */
function sectionsOf(file: string): Map<string, string> {
  const parts = existsSync(file) ? readText(file).split(/^(?=## )/m) : [];
  return new Map(parts.flatMap((part) => (/^## (\S+)\n/.exec(part) === null ? [] : [[part.slice(3, part.indexOf("\n")), part.trimEnd().concat("\n")]])));
}
