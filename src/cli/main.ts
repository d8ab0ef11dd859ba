/** The command line: wires the commands to yargs, and turns every failure into words on standard error and an exit code. */

import yargs, { type Argv } from "yargs";
import { UserError } from "../base/errors.ts";
import { suggest } from "../base/suggest.ts";
import { check } from "./check.ts";
import { compileCommand } from "./compile.ts";
import { EXIT, failureOf } from "./failure.ts";
import { version } from "./files.ts";
import { list } from "./list.ts";
import { run } from "./run.ts";
import { JobFailed } from "./thread.ts";

/** Runs a command line and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on("error", endOfPipe);
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

const COMMANDS = ["run", "compile", "list", "check"] as const;

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
          .option("max-cycles", { type: "string", requiresArg: true, describe: "stop with exit code 3 after so many cycles" })
          .option("json", { type: "string", requiresArg: true, describe: "write the result as JSON; - is standard output, instead of the tables" })
          .option("out", { type: "string", requiresArg: true, describe: "write result.json and report.txt into this folder" }),
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
    .command("list", "name the workloads with their parameters, and the machines with their figures", {}, () => list())
    .command(
      "check <file>",
      "check a machine or a workload, and name all its faults",
      (y) => y.positional("file", { type: "string", demandOption: true, describe: "a .yaml, .ts or .json file" }),
      ({ file }) => check(file),
    )
    .demandCommand(1, "no command given")
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? commandLineFault(message, args);
    })
    .wrap(110)
    .version(version)
    .help() as Argv;
}

/** What `run` and `compile` have in common. */
function target(y: Argv) {
  return y
    .positional("workload", { type: "string", demandOption: true, describe: "a name in workloads/, or a .yaml, .ts or .json file" })
    .option("machine", { type: "string", default: "plasticine", requiresArg: true, describe: "a name in configs/, or a .yaml file" })
    .option("style", { choices: ["spatial", "kernel-by-kernel"] as const, default: "spatial" as const, describe: "fuse operators, or one section for each" })
    .option("set", { type: "string", array: true, nargs: 1, default: [] as string[], describe: "PATH=VALUE: rows=1024, machine.pcu.lanes=32" })
    .option("seed", { type: "string", requiresArg: true, describe: "of generated data and of placement; 1 unless the workload says" });
}

function commandLineFault(message: string, args: readonly string[]): UserError {
  const words = message
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .join(" ")
    .replaceAll(/\s+/g, " ");
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/.exec(words)?.[1];
  const near = unknown === undefined ? undefined : suggest(unknown, args[0] === unknown ? COMMANDS : FLAGS);
  const hint = near === undefined ? "weft --help lists commands and flags" : `did you mean ${COMMANDS.some((one) => one === near) ? near : `--${near}`}?`;
  return new UserError({ code: "bad-command-line", message: words.charAt(0).toLowerCase() + words.slice(1), hint });
}

const FLAGS = ["machine", "style", "set", "seed", "values", "engine", "max-cycles", "json", "out", "emit", "help", "version"] as const;
