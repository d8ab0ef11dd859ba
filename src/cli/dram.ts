/** `weft dram`: what a stream of accesses makes of a memory: bandwidth, latency, commands, energy. */

import { UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { type Ini, parseIni } from "../machine/dram/dramsim3.ts";
import { dramsim3PartNames, iniOf } from "../machine/dram/dramsim3-parts.ts";
import { standards } from "../machine/dram/index.ts";
import { totalEnergy } from "../machine/dram/power.ts";
import { readQuantity } from "../machine/quantity.ts";
import type { UnifiedPolicy } from "../memory/dram/controller.ts";
import { grouped, percent } from "../report/format.ts";
import type { DramChoice, DramReport } from "./dram-memory.ts";
import { assertWritable, readText, writeText } from "./files.ts";
import { wholeNumber } from "./settings.ts";
import { inThread } from "./thread.ts";

export interface DramFlags {
  readonly memory: string;
  readonly pattern: string;
  readonly source: string;
  readonly ports: string;
  readonly lines: string;
  readonly range: string;
  readonly seed: string;
  readonly set: readonly string[];
  readonly json: string | undefined;
}

export async function dramCommand(flags: DramFlags): Promise<void> {
  const { pattern, source, json } = flags;
  if (json !== undefined) assertWritable(json);
  const stream = {
    ...{ pattern, source, ports: wholeNumber("--ports", flags.ports, 1), lines: wholeNumber("--lines", flags.lines, 1, MOST_LINES) },
    ...{ range_bytes: rangeOf(flags.range), seed: wholeNumber("--seed", flags.seed, 0) },
  };
  const report = await inThread({ kind: "dram", choice: choiceOf(flags.memory, flags.set.map(pairOf)), stream });
  if (json !== undefined) writeText(json, `${JSON.stringify(report, null, 1)}\n`);
  if (json !== "-") process.stdout.write(printDram(report));
}

/** Each is remembered until its data comes. */
const MOST_LINES = 1e8;

type Pair = readonly [key: string, value: string];

function pairOf(text: string): Pair {
  const [, key, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return [key.trim(), value.trim()];
  throw new UserError({
    code: "bad-setting",
    message: `expected KEY=VALUE, found ${JSON.stringify(text)}`,
    place: { path: "--set" },
    hint: "for instance mapping=MOP4CLXOR",
  });
}

function rangeOf(text: string): number {
  const bytes = readQuantity(text, "size");
  if (bytes !== undefined && bytes >= 256 && bytes % 256 === 0) return bytes;
  throw new UserError({
    code: "bad-range",
    message: `expected a size with its unit, a multiple of 256 B, found ${JSON.stringify(text)}`,
    place: { path: "--range" },
    hint: "for instance 1GiB",
  });
}

/** A file of DRAMsim3's format, the name of one of its configurations, or ORGANIZATION,SPEED of the standards' tables. */
function choiceOf(memory: string, pairs: readonly Pair[]): DramChoice {
  if (memory.endsWith(".ini")) return { kind: "ini", name: memory, ini: withPairs(parseIni(readText(memory)), pairs) };
  if (dramsim3PartNames.includes(memory)) return { kind: "ini", name: memory, ini: withPairs(iniOf(memory), pairs) };
  const [organization = "", speed = ""] = memory.split(",");
  if (speed !== "") return withPolicy({ organization, speed }, pairs);
  const known = [...dramsim3PartNames, ...standards.flatMap(({ organizations }) => Object.keys(organizations).map((name) => `${name},SPEED`))];
  throw new UserError({ code: "unknown-dram-part", message: `there is no memory ${JSON.stringify(memory)}`, hint: suggestion(memory, known) });
}

/** `system.cmd_queue_size=16`: a key of a section. */
function withPairs(ini: Ini, pairs: readonly Pair[]): Ini {
  const made: { [section: string]: Ini[string] } = { ...ini };
  for (const [path, value] of pairs) {
    const [, section = "", key = ""] = /^(\w+)\.(\w+)$/.exec(path) ?? [];
    if (made[section] === undefined)
      throw badKey(
        path,
        Object.keys(made).map((name) => `${name}.KEY`),
      );
    made[section] = { ...made[section], [key]: value };
  }
  return made;
}

const badKey = (key: string, choices: readonly string[]): UserError =>
  new UserError({ code: "unknown-key", message: `there is no ${JSON.stringify(key)} to set`, place: { path: "--set" }, hint: suggestion(key, choices) });

const POLICY_KEYS = ["mapping", "channels", "ranks", "scheduler", "refresh", "entries"] as const;

/** As much of each as a machine's config may say. */
const MOST: { readonly [key: string]: number } = { channels: 1024, ranks: 16, entries: 4096 };
const MOST_CLOCKS = 1e6;

/** `mapping`, `channels` and the like, and timings in clocks: `nRCD=20`. */
function withPolicy(named: { readonly organization: string; readonly speed: string }, pairs: readonly Pair[]): DramChoice {
  const said = new Map(pairs);
  for (const key of said.keys()) if (!POLICY_KEYS.some((one) => one === key) && !/^n[A-Z0-9]/.test(key)) throw badKey(key, [...POLICY_KEYS, "nRCD"]);
  const number = (key: string): number | undefined => (said.has(key) ? wholeNumber(`--set ${key}`, said.get(key)!, 1, MOST[key] ?? MOST_CLOCKS) : undefined);
  const timings = Object.fromEntries([...said.keys()].filter((key) => /^n[A-Z0-9]/.test(key)).map((key) => [key, number(key)!]));
  const [ranks, entries] = [number("ranks"), number("entries")];
  return {
    kind: "part",
    part: { ...named, timings, ...(ranks === undefined ? {} : { counts: { rank: ranks } }) },
    policy: {
      ...(entries === undefined ? {} : { read_entries: entries, write_entries: entries }),
      ...(said.has("scheduler") ? { scheduler: oneOf("scheduler", said, ["FR-FCFS", "FR-FCFS-row-hit", "FCFS"]) } : {}),
      ...(said.has("refresh") ? { refresh: oneOf("refresh", said, ["none", "all-bank", "staggered", "per-bank", "paired"]) } : {}),
    } satisfies Partial<UnifiedPolicy>,
    mapping: said.get("mapping") ?? "RoBaRaCoCh",
    channels: number("channels") ?? 1,
  };
}

function oneOf<T extends string>(key: string, said: ReadonlyMap<string, string>, choices: readonly T[]): T {
  const word = said.get(key) ?? "";
  const found = choices.find((choice) => choice === word);
  if (found !== undefined) return found;
  throw new UserError({
    code: "bad-setting",
    message: `there is no ${key} ${JSON.stringify(word)}`,
    place: { path: "--set" },
    hint: suggestion(word, choices),
  });
}

function printDram({ memory, bytes_per_second, peak_bytes_per_second, latency_ticks, commands, energy_pJ, ...found }: DramReport): string {
  const { p50, p95, p99, most } = latency_ticks;
  const lines = [
    `${memory}: ${grouped(found.reads)} reads and ${grouped(found.writes)} writes in ${grouped(found.span_ticks)} ticks of ${found.tick_ps} ps`,
    `bandwidth  ${(bytes_per_second / 1e9).toFixed(4)} GB/s, ${percent(bytes_per_second / peak_bytes_per_second)} of ${(peak_bytes_per_second / 1e9).toFixed(4)}`,
    `latency    ${found.mean_latency_ticks.toFixed(3)} ticks on average, ${found.mean_latency_ns.toFixed(3)} ns; p50 ${p50}, p95 ${p95}, p99 ${p99}, most ${most} ticks`,
    `commands   ${Object.entries(commands)
      .map(([name, count]) => `${grouped(count)} ${name.replace("_", " ")}`)
      .join(", ")}`,
  ];
  if (commands.writes < found.writes)
    lines.push(`waiting    ${grouped(found.writes - commands.writes)} writes, done once the controller took them in, not yet in the banks`);
  if (energy_pJ !== undefined) lines.push(`energy     ${(totalEnergy(energy_pJ) / 1e6).toFixed(3)} uJ`);
  return `${lines.join("\n")}\n`;
}
