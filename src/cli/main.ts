/** The command line: wires the commands to yargs, and turns every failure into words on standard error and an exit code. */

import yargs, { type Argv } from "yargs";
import { UserError } from "../base/errors.ts";
import { suggest, suggestion } from "../base/suggest.ts";
import { compileCommand } from "./compile.ts";
import { EXIT, failureOf } from "./failure.ts";
import { version } from "./files.ts";
import { run } from "./run.ts";
import { JobFailed } from "./thread.ts";

/** Runs a command line and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", endOfPipe);
  process.once("SIGINT", () => {
    process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}weft: interrupted\n`);
    process.exit(EXIT.interrupted);
  });
  try {
    await parser(args).parseAsync();
  } catch (error) {
    const { exitCode, text } = error instanceof JobFailed ? error.failure : failureOf(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  }
}

/** A reader that has seen enough, as in `weft list | head -1`, is no mistake. */
function endOfPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.done);
}

const COMMANDS = ["run", "compile", "list", "check", "validate"] as const;

function parser(args: readonly string[]): Argv {
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
          .option("max-cycles", { ...text, describe: "stop with exit code 3 after so many cycles" })
          .option("json", { ...text, describe: "write the result as JSON; - is standard output, instead of the tables" })
          .option("out", { ...text, describe: "write result.json and report.txt into this folder" }),
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
    .command("list", "name the workloads with their parameters, and the machines with their figures", {}, async () => (await import("./list.ts")).list())
    .command(
      "check <file>",
      "check a machine or a workload, and name all its faults",
      (y) => y.positional("file", { type: "string", demandOption: true, describe: "a .yaml, .ts or .json file" }),
      async ({ file }) => (await import("./check.ts")).check(file),
    )
    .command(
      "validate [suite]",
      "compare long runs with what was published, and write VALIDATION.md",
      (y) => y.positional("suite", { type: "string", describe: "one suite; all where none is named" }),
      async ({ suite }) => {
        process.exitCode = await (await import("./validate.ts")).validate(suite);
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

/** A flag with a text; said twice, the last one counts. */
const text = {
  type: "string",
  requiresArg: true,
  coerce: (said: string | readonly string[]): string => (typeof said === "string" ? said : (said.at(-1) ?? "")),
} as const;

/** What `run` and `compile` have in common. */
function target(y: Argv) {
  return y
    .positional("workload", { type: "string", demandOption: true, describe: "a name in workloads/, or a .yaml, .ts or .json file" })
    .option("machine", { ...text, default: "plasticine", describe: "a name in configs/, or a .yaml file" })
    .option("style", { choices: ["spatial", "kernel-by-kernel"] as const, default: "spatial" as const, describe: "fuse operators, or one section for each" })
    .option("set", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "PATH=VALUE: rows=1024, machine.pcu.lanes=32" })
    .option("seed", { ...text, describe: "of generated data and of placement; 1 unless the workload says" });
}

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
  if (near !== undefined) return fault(`there is no flag --${unknown}`, `did you mean --${near}?`);
  const valueless = /^Not enough arguments following: (.+)$/.exec(words)?.[1];
  if (valueless !== undefined) return fault("expected a value", "weft --help lists commands and flags", `--${valueless}`);
  if (words.startsWith("Not enough non-option"))
    return fault(`${command} needs a ${command === "check" ? "file" : "workload"}`, `weft ${command} --help says more`);
  return fault(words.charAt(0).toLowerCase() + words.slice(1), "weft --help lists commands and flags");
}

const FLAGS = ["machine", "style", "set", "seed", "values", "engine", "max-cycles", "json", "out", "emit", "help", "version"] as const;
