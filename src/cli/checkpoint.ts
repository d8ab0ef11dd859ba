/**
 * Checkpoints: a simulation under way in a file, from which a later command goes on. A line that names the format, a line of JSON that says of which run it is, and
 * the snapshot, serialised and compressed. A file of another run, another version or another format is refused.
 */

import { deserialize, serialize } from "node:v8";
import { gunzipSync, gzipSync } from "node:zlib";
import { UserError } from "../base/errors.ts";
import type { Snapshot } from "../sim/snapshot.ts";
import { readBytes, writeBytes } from "./files.ts";

/** All that decides a run but its limits. Hashes are of what the names stand for. */
export interface Identity {
  readonly weft: string;
  readonly workload: string;
  readonly machine: string;
  readonly style: string;
  readonly seed: string;
  readonly values: string;
  readonly engine: string;
  /** Of the units, their places and routes: another build of weft may map otherwise. */
  readonly mapping: string;
}

export interface Checkpoint {
  readonly identity: Identity;
  readonly snapshot: Snapshot;
}

const FORMAT = "weft checkpoint 1";

/** Whole or not at all. */
export function writeCheckpoint(file: string, { identity, snapshot }: Checkpoint): void {
  const head = Buffer.from(`${FORMAT}\n${JSON.stringify(identity)}\n`);
  writeBytes(file, Buffer.concat([head, gzipSync(serialize(snapshot), { level: 1 })]));
}

/** What a file has, if it is of this format and whole. */
export function readCheckpoint(file: string): Checkpoint {
  const bytes = readBytes(file);
  const first = bytes.indexOf("\n");
  const second = bytes.indexOf("\n", first + 1);
  const format = bytes.toString("utf8", 0, Math.min(first < 0 ? 0 : first, 100));
  if (!format.startsWith("weft checkpoint ")) throw fault(file, "it is no checkpoint of weft");
  if (format !== FORMAT) throw fault(file, `its format is "${format}", this weft reads "${FORMAT}"`);
  try {
    return {
      identity: JSON.parse(bytes.toString("utf8", first + 1, second)) as Identity,
      snapshot: deserialize(gunzipSync(bytes.subarray(second + 1))) as Snapshot,
    };
  } catch {
    throw fault(file, "it is truncated or damaged");
  }
}

const WHAT: { readonly [K in keyof Identity]: string } = {
  weft: "version of weft",
  workload: "workload",
  machine: "machine",
  style: "style",
  seed: "seed",
  values: "choice of --values",
  engine: "engine",
  mapping: "build of weft, which maps otherwise",
};

/** Refuses a checkpoint of another run. What is not known yet of this one is not compared. */
export function assertSameRun(file: string, found: Identity, now: Partial<Identity>): void {
  for (const key of Object.keys(WHAT) as (keyof Identity)[]) {
    if (now[key] === undefined || now[key] === found[key]) continue;
    throw fault(file, `it is of another ${WHAT[key]}: ${found[key]}, not ${now[key]}`, "run with the flags that it was made with, or without --resume");
  }
}

function fault(file: string, words: string, hint?: string): UserError {
  return new UserError({ code: "bad-checkpoint", message: `cannot resume from ${file}: ${words}`, place: { path: "--resume" }, ...(hint && { hint }) });
}

/** Seconds between two checkpoints of a run. */
const PERIOD = 60;

/** Writes a checkpoint every so often, and the last. A file that cannot be written is told, and ends no run. */
export function makeKeeper(file: string, identity: Identity, now: () => number, tell: (line: string) => void): (take: () => Snapshot, isLast: boolean) => void {
  let last = now();
  return (take, isLast) => {
    if (!isLast && now() - last < PERIOD) return;
    const snapshot = take();
    try {
      writeCheckpoint(file, { identity, snapshot });
      tell(`checkpoint ${file}: ${whereFrom(snapshot)}`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      tell(`no checkpoint: ${error.message}`);
    }
    last = now();
  };
}

export function whereFrom({ section, ticks, engine }: Snapshot): string {
  return `a run that resumes goes on ${engine === null ? "from the start of" : "within"} section ${section}, begun at cycle ${ticks}`;
}
