/** `weft validate`: runs suites of long studies, prints how each compares with what was published or asked, and writes that into VALIDATION.md. */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { UserError } from "../base/errors.ts";
import { expectedOneOf, suggest } from "../base/suggest.ts";
import type { Style } from "../fabric/fabric.ts";
import { type ComparisonSuite, isMet, type Row } from "./comparison.ts";
import { printRows } from "./comparison-tables.ts";
import { EXIT, JobFailed } from "./failure.ts";
import { assertWritable, readText, version, writeText } from "./files.ts";
import type { StudyJob } from "./jobs.ts";
import { readMachine } from "./machines.ts";
import { isGood, type Outcome } from "./outcome.ts";
import { parseSettings } from "./settings.ts";
import type { Study } from "./study.ts";
import { type Case, type RunSuite, SUITES, type Suite } from "./suites.ts";
import { inThread } from "./thread.ts";
import { printTables, whereTheTimeWent } from "./validation.ts";

/** What `validate` works on; the tests give it suites of their own. */
export interface ValidateParts {
  readonly suites: readonly Suite[];
  /** `label` is the case, for words about its progress. */
  readonly run: (job: StudyJob, label: string) => Promise<Study>;
  readonly compare: (suite: ComparisonSuite) => Promise<readonly Row[]>;
  /** Cases that run side by side. They change neither figures nor their order. */
  readonly lanes: number;
  readonly file: string;
  /** Words for people, a line each. */
  readonly say: (line: string) => void;
  readonly print: (text: string) => void;
}

/** One suite, or all. Gives the exit code: 1 if a figure is out of its tolerance, or a demand on a comparison is not met. A suite that is not run keeps its part of the file. */
export async function validate(name: string | undefined, parts: Partial<ValidateParts> = {}): Promise<number> {
  const all = { ...DEFAULTS, ...parts };
  const { suites, file, say, print } = all;
  const chosen = chooseSuites(name, suites);
  assertWritable(file);
  const sections = sectionsOf(file);
  let failed = false;
  for (const suite of chosen) {
    const { good, tables, section } = suite.kind === "runs" ? await runSuite(suite, all) : await compareSuite(suite, all);
    print(`${tables}\n`);
    sections.set(suite.name, section);
    failed ||= !good;
  }
  writeText(file, [PREAMBLE, ...suites.flatMap((suite) => sections.get(suite.name) ?? [])].join("\n"));
  say(`wrote ${file}`);
  return failed ? EXIT.checkFailed : EXIT.done;
}

const DEFAULTS: ValidateParts = {
  suites: SUITES,
  run: inThread,
  compare: ({ name }) => inThread({ kind: "comparison", suite: name }, name),
  lanes: Math.min(2, availableParallelism()),
  file: "VALIDATION.md",
  say: (line) => void process.stderr.write(`weft: ${line}\n`),
  print: (text) => void process.stdout.write(text),
};

function chooseSuites(name: string | undefined, suites: readonly Suite[]): readonly Suite[] {
  const chosen = name === undefined ? suites : suites.filter((suite) => suite.name === name);
  if (chosen.length > 0 || name === undefined) return chosen;
  const names = suites.map((suite) => suite.name);
  const near = suggest(name, names);
  throw new UserError({
    code: "unknown-suite",
    message: `there is no suite ${JSON.stringify(name)}`,
    hint: `${near === undefined ? "" : `did you mean ${JSON.stringify(near)}? `}${expectedOneOf(names)}`,
  });
}

// --- running ---

interface Ran {
  /** Nothing is out of its tolerance. */
  readonly good: boolean;
  /** For the terminal. */
  readonly tables: string;
  /** For the file. */
  readonly section: string;
}

async function runSuite(suite: RunSuite, parts: ValidateParts): Promise<Ran> {
  const outcomes = await runCases(suite, parts);
  return { good: outcomes.every(isGood), tables: printTables(outcomes, true), section: printSection(suite, runLines(outcomes)) };
}

async function compareSuite(suite: ComparisonSuite, { compare, say }: ValidateParts): Promise<Ran> {
  const began = performance.now();
  const rows = await compare(suite);
  say(`${suite.name}: ${rows.length} figure${rows.length === 1 ? "" : "s"} in ${secondsSince(began)}`);
  const tables = printRows(rows, suite.demands);
  const given = suite.given === undefined ? [] : [suite.given()];
  return { good: suite.demands.every((demand) => isMet(demand, rows)), tables, section: printSection(suite, [`${suite.title}\n`, tables, ...given]) };
}

const secondsSince = (began: number): string => `${((performance.now() - began) / 1000).toFixed(1)} s on this host`;

/** In the order of the cases, whichever ends first. */
async function runCases({ name, cases }: RunSuite, { run, lanes, say }: ValidateParts): Promise<readonly Outcome[]> {
  const began = performance.now();
  const outcomes: Outcome[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < cases.length) {
      const index = next++;
      const study = cases[index] as Case;
      say(`${name} ${index + 1} of ${cases.length}: ${study.name}`);
      outcomes[index] = await runCase(study, run);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  say(`${name}: ${cases.length} case${cases.length === 1 ? "" : "s"} in ${secondsSince(began)}`);
  return outcomes;
}

/** A case that cannot be run to its end is out of tolerance; the others still count. */
async function runCase(study: Case, run: ValidateParts["run"]): Promise<Outcome> {
  const { workload, machine, set, beside, most_cycles } = study;
  const settings = parseSettings(set);
  const inStyle = (style: Style): Promise<Study> => {
    const job = { workload, machine, style, settings, seed: null, values: false, engine: "fast", maxCycles: null } as const;
    return run({ kind: "study", ...job, ...(most_cycles !== undefined && { mostCycles: most_cycles }) }, study.name);
  };
  try {
    const own = await inStyle("spatial");
    const other = beside === undefined ? null : (await inStyle(beside)).result;
    return { study, ...own, machine: readMachine(machine, settings.machine), beside: other };
  } catch (error) {
    if (!(error instanceof JobFailed) && !(error instanceof UserError)) throw error;
    return { study, failure: error.message.split("\n")[0] as string };
  }
}

// --- writing ---

const PREAMBLE = `# Validation

What weft simulates against what was published, or asked of it. \`weft validate\` writes this file; a suite alone rewrites its own part. The same
version gives the same bytes: a line that changed is a figure that moved.

Machines come from their papers and data sheets (the source stands beside each figure in configs/), and what is assumed is named under each table where it
decides. GPUs are the exception: a few of their constants were fitted to measurements that the chapter gpu compares with, and stand in a table there, each with its case; no other
constant of a machine, a memory or a model was fitted to any figure below. Four choices were made with figures below in view: how much
placement weighs channels on rings (the two LSTMs of the suite rnn run fastest with it), how much placement and routing
weigh the ways of a broadcast to its sinks (products of matrices on sn40l, that with bias and GELU of the suite compiler among them, are not held back by rings with it) and
the DDR4 mapping of plasticine-20x20-ddr4 (OuterProduct_0 of the suite cycles; configs/ says so). A published figure is within its
tolerance or it is not; an asked one is a demand on the compiler's own choices, counted by the engine. The error or margin is relative.
`;

/** `lines`: what it found. */
function printSection({ name, leavesOut }: Suite, lines: readonly string[]): string {
  return [
    `## ${name}`,
    "",
    `Written by \`weft validate ${name}\`, weft ${version}.`,
    "",
    ...lines,
    "What is left out:",
    "",
    ...leavesOut.map((line) => `- ${line}.`),
    "",
  ].join("\n");
}

const runLines = (outcomes: readonly Outcome[]): readonly string[] => [
  printTables(outcomes, false),
  "Where the time went:",
  "",
  ...outcomes.map(whereTheTimeWent),
  "",
];

/** The parts of a file that stands already, by suite. */
function sectionsOf(file: string): Map<string, string> {
  const parts = existsSync(file) ? readText(file).split(/^(?=## )/m) : [];
  return new Map(parts.flatMap((part) => (/^## (\S+)\n/.exec(part) === null ? [] : [[part.slice(3, part.indexOf("\n")), part.trimEnd().concat("\n")]])));
}
