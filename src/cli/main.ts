/** The command line: wires the commands to yargs, and turns every failure into words on standard error and an exit code. */

import yargs, { type Argv } from "yargs";
import { UserError } from "../base/errors.ts";
import { suggest, suggestion } from "../base/suggest.ts";
import { compileCommand } from "./compile.ts";
import { explainCommand } from "./explain.ts";
import { TRACE_FORMATS, type TraceFormat } from "./exports.ts";
import { EXIT, failureOf } from "./failure.ts";
import { version } from "./files.ts";
import { answerSignals } from "./interrupt.ts";
import { run } from "./run.ts";

/** Runs a command line and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", endOfPipe);
  answerSignals();
  process.exitCode = await execute(args);
}

/** Runs a command line in this process: words go to its streams, the exit code is the answer. */
export async function execute(args: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  try {
    await parser(args, (failed) => {
      code = failed;
    }).parseAsync();
    return code;
  } catch (error) {
    const { exitCode, text } = failureOf(error);
    process.stderr.write(`${text}\n`);
    return exitCode;
  }
}

/** A reader that has seen enough, as in `weft list | head -1`, is no mistake. */
function endOfPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.done);
}

const COMMANDS = ["run", "compile", "explain", "compare", "search", "view", "list", "check", "area", "dram", "systolic", "validate"] as const;

/** `end` takes the exit code of a command that has one of its own. */
function parser(args: readonly string[], end: (code: number) => void): Argv {
  return yargs([...args])
    .scriptName("weft")
    .usage("$0 COMMAND\n\nSimulates a reconfigurable dataflow accelerator, cycle by cycle.")
    .command(
      "run <workload>",
      "simulate a workload and report cycles, limits, bytes and energy",
      (y) =>
        target(y)
          .option("values", { type: "boolean", default: false, describe: "compute values too, not only time" })
          .option("engine", { choices: ["fast", "oracle"] as const, default: "fast" as const, describe: "oracle: the slow one, cycle by cycle" })
          .option("fast-forward", { type: "boolean", default: true, describe: "skip what recurs, exactly; --no-fast-forward runs every firing" })
          .option("max-cycles", { ...text("--max-cycles", "a number"), describe: "stop after so many cycles, with the report so far and exit code 3" })
          .option("max-seconds", { ...text("--max-seconds", "a number"), describe: "the same after so many seconds on this host" })
          .option("max-memory", { ...text("--max-memory", "a size"), describe: "the same where weft takes more memory: 500MB, 2GiB" })
          .option("checkpoint", {
            ...text("--checkpoint", "a file"),
            describe: "write the state of the run into this file every minute and when it is stopped",
          })
          .option("resume", { ...text("--resume", "a file"), describe: "go on from a checkpoint of the same run" })
          .option("json", { ...text("--json", "a file"), describe: "write the result as JSON; - is standard output, instead of the tables" })
          .option("out", {
            ...text("--out", "a folder"),
            describe: "write report.json, report.txt, trace.bin, utilisation.svg and index.html, a page that shows the run, into this folder",
          })
          .option("trace", {
            ...{ type: "string", array: true, nargs: 1, choices: TRACE_FORMATS, default: [] as TraceFormat[] },
            describe: "with --out: write trace.pftrace for ui.perfetto.dev, or trace.csv for pandas; both where it is given twice",
          })
          .option("heatmap", { type: "boolean", default: false, describe: "print the grid too, each unit shaded by its busy share" })
          .option("gpu", {
            ...text("--gpu", "a name or a file"),
            default: "a100-40",
            describe: "with --out: the GPU beside which the page shows the run; none: no GPU",
          })
          .option("tries", {
            ...text("--tries", "a number"),
            default: "0",
            describe: "with --out: changes to run, as weft explain does, and most runs to find the depth of a channel; the page tells what they gain",
          }),
      (flags) => run(flags),
    )
    .command(
      "compile <workload>",
      "print what the compiler made of a workload",
      (y) =>
        target(y).option("emit", {
          choices: ["program", "controllers", "fabric", "mapping"] as const,
          default: "fabric" as const,
          describe: "the stage to print",
        }),
      (flags) => compileCommand(flags),
    )
    .command(
      "explain <workload>",
      "say what each pass did and why, how each section is mapped, what limits it, and which changes would gain most",
      (y) =>
        target(y)
          .option("tries", { ...text("--tries", "a number"), default: "8", describe: "changes to run, the most promising first; 0: only the plan" })
          .option("max-seconds", {
            ...text("--max-seconds", "a number"),
            default: "300",
            describe: "run no more changes after so many seconds on this host",
          }),
      (flags) => explainCommand(flags),
    )
    .command(
      "compare <workload>",
      "run a workload on machines and in styles side by side, and account for the whole difference",
      (y) =>
        y
          .positional("workload", { type: "string", demandOption: true, describe: "a name in workloads/, or a .yaml, .ts or .json file" })
          .option("machine", {
            type: "string",
            array: true,
            default: [] as string[],
            describe: "names in configs/, or .yaml files: --machine sn40l plasticine",
          })
          .option("set", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "PATH=VALUE: rows=1024, machine.pcu.lanes=32" })
          .option("seed", { ...text("--seed", "a number"), describe: "of generated data and of placement; 1 unless the workload says" })
          .option("max-seconds", {
            ...text("--max-seconds", "a number"),
            default: "15",
            describe: "stop each run after so many seconds on this host, and tell what its plan expects instead",
          })
          .option("json", { ...text("--json", "a file"), describe: "write the comparison as JSON; - is standard output, instead of the tables" })
          .option("svg", { ...text("--svg", "a file"), describe: "draw the roofline into this file; - is standard output, instead of the tables" }),
      async (flags) => (await import("./compare.ts")).compare(flags),
    )
    .command(
      "search <workload>",
      "try other tiles, copies and placements by simulation, on all cores, and keep the best",
      (y) =>
        target(y)
          .option("tries", { ...text("--tries", "a number"), demandOption: true, describe: "choices to simulate, the compiler's own the first" })
          .option("json", { ...text("--json", "a file"), describe: "write all tries as JSON, after each of them; - is standard output, at the end" })
          .option("resume", { ...text("--resume", "a file"), describe: "go on from what --json wrote" }),
      async (flags) => (await import("./search.ts")).search(flags),
    )
    .command(
      "view <folder> [other]",
      "serve the page of a run to a browser on this computer, or two runs side by side",
      (y) =>
        y
          .positional("folder", { type: "string", demandOption: true, describe: "what weft run --out wrote" })
          .positional("other", { type: "string", describe: "another, to compare it with" })
          .option("port", { ...text("--port", "a number"), describe: "of 127.0.0.1; one that is free unless said" }),
      async ({ folder, other, port }) => (await import("./view.ts")).view({ folders: other === undefined ? [folder] : [folder, other], port }),
    )
    .command("list", "name the workloads with their parameters and data, and the machines with their figures", {}, async () =>
      (await import("./list.ts")).list(),
    )
    .command(
      "check <file>",
      "check a machine or a workload, and name all its faults",
      (y) => y.positional("file", { type: "string", demandOption: true, describe: "a .yaml, .ts or .json file" }),
      async ({ file }) => (await import("./check.ts")).check(file),
    )
    .command(
      "systolic",
      "count the cycles of matrix products and convolutions on a systolic array",
      (y) =>
        y
          .option("array", { ...text("--array", "ROWSxCOLUMNS"), default: "32x32", describe: "rows and columns of cells" })
          .option("dataflow", {
            choices: ["os", "ws", "is", "all"] as const,
            default: "all" as const,
            describe: "what stands still in a cell: an output, a weight, an input",
          })
          .option("gemm", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "M,N,K: M rows, N columns, sums of K products" })
          .option("layers", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "a CSV file of layers, as SCALE-Sim takes it" })
          .option("json", { ...text("--json", "a file"), describe: "write the counts as JSON; - is standard output, instead of the table" }),
      async (flags) => (await import("./systolic.ts")).systolicCommand(flags),
    )
    .command(
      "area <machine>",
      "say what the parts of a machine take on the die",
      (y) =>
        y
          .positional("machine", { type: "string", demandOption: true, describe: "a name in configs/, or a .yaml file" })
          .option("set", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "PATH=VALUE: machine.pcu.lanes=32" })
          .option("json", { ...text("--json", "a file"), describe: "write the areas as JSON; - is standard output, instead of the table" }),
      async (flags) => (await import("./area.ts")).area(flags),
    )
    .command(
      "dram <memory>",
      "measure a memory under a stream of accesses: bandwidth, latency, commands, energy",
      (y) =>
        y
          .positional("memory", {
            type: "string",
            demandOption: true,
            describe: "ORGANIZATION,SPEED of a standard, a configuration of DRAMsim3, or an .ini file",
          })
          .option("pattern", { ...text("--pattern", "a pattern"), default: "seq", describe: "seq, seqw, rand, rand21, triad, stride:BYTES" })
          .option("source", { ...text("--source", "a source"), default: "max", describe: "max, idle, rate:ACCESSES_PER_TICK" })
          .option("ports", { ...text("--ports", "a number"), default: "1", describe: "accesses offered a tick" })
          .option("lines", { ...text("--lines", "a number"), default: "50000", describe: "lines of 64 bytes" })
          .option("range", { ...text("--range", "a size"), default: "1GiB", describe: "addresses are below it" })
          .option("seed", { ...text("--seed", "a number"), default: "12345", describe: "of random addresses" })
          .option("set", {
            type: "string",
            array: true,
            nargs: 1,
            default: [] as string[],
            describe: "mapping=MOP4CLXOR, nRCD=20; of an .ini: system.channels=2",
          })
          .option("json", { ...text("--json", "a file"), describe: "write the measurement as JSON; - is standard output, instead of the words" }),
      async (flags) => (await import("./dram.ts")).dramCommand(flags),
    )
    .command(
      "validate [suite]",
      "compare long runs with what was published, and write VALIDATION.md",
      (y) => y.positional("suite", { type: "string", describe: "one suite; all where none is named" }),
      async ({ suite }) => {
        end(await (await import("./validate.ts")).validate(suite));
      },
    )
    .demandCommand(1, "no command given")
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error === undefined || error === null || error.name === "YError" ? commandLineFault(message ?? error.message, args) : error;
    })
    .wrap(110)
    .version(version)
    .help()
    .alias("help", "h") as Argv;
}

/** A flag with a text, not empty; said twice, the last one counts. */
const text = (flag: string, expected: string) =>
  ({
    type: "string",
    requiresArg: true,
    coerce: (said: string | readonly string[]): string => {
      const last = typeof said === "string" ? said : (said.at(-1) ?? "");
      if (last === "") throw new UserError({ code: "bad-command-line", message: `expected ${expected}, found ""`, place: { path: flag } });
      return last;
    },
  }) as const;

/** What `run`, `compile`, `explain` and `search` have in common. */
function target(y: Argv) {
  return y
    .positional("workload", { type: "string", demandOption: true, describe: "a name in workloads/, or a .yaml, .ts or .json file" })
    .option("machine", { ...text("--machine", "a name or a file"), default: "plasticine", describe: "a name in configs/, or a .yaml file" })
    .option("style", { choices: ["spatial", "kernel-by-kernel"] as const, default: "spatial" as const, describe: "fuse operators, or one section for each" })
    .option("set", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "PATH=VALUE: rows=1024, machine.pcu.lanes=32" })
    .option("seed", { ...text("--seed", "a number"), describe: "of generated data and of placement; 1 unless the workload says" });
}

const NEEDS: Readonly<Partial<Record<string, string>>> = { check: "file", area: "machine", dram: "memory", view: "folder" };

/** What yargs says about a command line, in weft's words where they can be better. */
function commandLineFault(said: string, args: readonly string[]): UserError {
  const words = said.replaceAll(/\s+/g, " ").trim();
  const fault = (message: string, hint: string, path?: string): UserError =>
    new UserError({ code: "bad-command-line", message, hint, ...(path === undefined ? {} : { place: { path } }) });
  const [command = ""] = args;
  if (/^\w/.test(command) && !COMMANDS.some((one) => one === command))
    return fault(`there is no command ${JSON.stringify(command)}`, suggestion(command, COMMANDS));
  const choice = /Argument: (.+), Given: (.+), Choices: (.+)$/.exec(words);
  if (choice !== null) return fault(`expected one of ${choice[3]}, found ${choice[2]}`, "weft --help lists commands and flags", `--${choice[1]}`);
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(words)?.[1];
  const near = unknown === undefined ? undefined : suggest(unknown, FLAGS);
  if (unknown !== undefined && near === unknown) return fault(`${command} takes no --${unknown}`, `weft ${command} --help says more`);
  if (near !== undefined) return fault(`there is no flag --${unknown}`, `did you mean --${near}?`);
  const valueless = /^Not enough arguments following: (.+)$/.exec(words)?.[1];
  if (valueless !== undefined) return fault("expected a value", "weft --help lists commands and flags", `--${valueless}`);
  if (words.startsWith("Not enough non-option")) return fault(`${command} needs a ${NEEDS[command] ?? "workload"}`, `weft ${command} --help says more`);
  return fault(words.charAt(0).toLowerCase() + words.slice(1), "weft --help lists commands and flags");
}

const FLAGS = [
  "machine",
  "style",
  "set",
  "seed",
  "values",
  "engine",
  "fast-forward",
  "max-cycles",
  "max-seconds",
  "max-memory",
  "checkpoint",
  "resume",
  "json",
  "svg",
  "out",
  "gpu",
  "trace",
  "heatmap",
  "emit",
  "tries",
  "array",
  "dataflow",
  "gemm",
  "layers",
  "pattern",
  "source",
  "port",
  "ports",
  "lines",
  "range",
  "help",
  "version",
] as const;
