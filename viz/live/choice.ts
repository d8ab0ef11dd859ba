/** What a user has chosen to run: as a job for the worker, and as the command line that gives the same. */

import type { RunBundle } from "../../src/scene/scene.ts";
import type { Catalogue, CatalogueMachine, CatalogueWorkload, Knob } from "./catalogue.ts";
import type { LiveJob } from "./run.ts";

export interface Choice {
  readonly workload: string;
  readonly machine: string;
  readonly style: LiveJob["style"];
  readonly seed: string;
  /** By path of a knob, what it says if not its standard: the words of a stop, or what was typed. */
  readonly turned: Readonly<Record<string, string>>;
  /** `PATH=VALUE` pairs, with blanks between. */
  readonly more: string;
}

/** The knobs that a choice can turn. */
export function knobsOf(catalogue: Catalogue, { workload, machine }: Choice): readonly Knob[] {
  return [...workloadOf(catalogue, workload).parameters, ...machineOf(catalogue, machine).figures];
}

export const workloadOf = ({ workloads }: Catalogue, name: string): CatalogueWorkload => workloads.find((one) => one.name === name) ?? workloads[0]!;
export const machineOf = ({ machines }: Catalogue, name: string): CatalogueMachine => machines.find((one) => one.name === name) ?? machines[0]!;

/** What a knob says. */
export function wordsAt({ path, stops, standard }: Knob, { turned }: Pick<Choice, "turned">): string {
  return turned[path] ?? stops[standard]!.words;
}

/** Without what says the same as the standard. */
export function turn(choice: Choice, { path, stops, standard }: Knob, words: string): Choice {
  const { [path]: _, ...others } = choice.turned;
  return { ...choice, turned: words === stops[standard]!.words ? others : { ...others, [path]: words } };
}

export function jobOf(catalogue: Catalogue, choice: Choice): LiveJob {
  const { workload, machine, style, seed } = choice;
  const number = Number(seed);
  return {
    workload,
    machine,
    style,
    settings: settingsOf(catalogue, choice),
    seed: seed.trim() === "" || !Number.isSafeInteger(number) ? null : number,
    gpu: "a100-40",
  };
}

function settingsOf(catalogue: Catalogue, choice: Choice): readonly string[] {
  const turned = knobsOf(catalogue, choice).flatMap(({ path, stops }) => {
    const words = choice.turned[path];
    if (words === undefined) return [];
    return stops.find((stop) => stop.words === words)?.sets ?? [`${path}=${words}`];
  });
  return [...turned, ...choice.more.split(/\s+/).filter((pair) => pair !== "")];
}

export function commandOf({ workload, machine, style, settings, seed }: LiveJob): string {
  const words = ["weft", "run", workload, "--machine", machine];
  if (style !== "spatial") words.push("--style", style);
  for (const pair of settings) words.push("--set", pair);
  if (seed !== null) words.push("--seed", `${seed}`);
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

/** The run that the page shows, as far as the page can run it: a workload of the user's own it cannot. */
export function choiceOf(catalogue: Catalogue, { report, scene }: Pick<RunBundle, "report" | "scene">): Choice {
  const known = catalogue.workloads.some(({ name }) => name === report.workload.name);
  const sameMachine = catalogue.machines.some(({ name }) => name === report.machine.name);
  const choice: Choice = {
    workload: known ? report.workload.name : "softmax",
    machine: sameMachine ? report.machine.name : "plasticine",
    style: report.style === "kernel-by-kernel" ? "kernel-by-kernel" : "spatial",
    seed: known && report.workload.seed !== 1 ? `${report.workload.seed}` : "",
    turned: {},
    more: sameMachine ? overridesIn(scene).join(" ") : "",
  };
  if (!known) return choice;
  const { parameters } = workloadOf(catalogue, choice.workload);
  return parameters.reduce((next, knob) => turn(next, knob, `${report.workload.params[knob.path] ?? wordsAt(knob, next)}`), choice);
}

/** Figures that a user has set say so: their source is the setting. */
function overridesIn({ machine }: RunBundle["scene"]): readonly string[] {
  return [...new Set(machine.figures.flatMap(({ source }) => /^assumed: --set (machine\.\S+=\S+)$/.exec(source)?.[1] ?? []))];
}
