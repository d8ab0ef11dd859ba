/**
 * What a trace is as bytes: eight that say what this is and in which version, the length of a header, the header as JSON, then all columns. Numbers of a column are written as what they differ
 * by from the one before in their row, in as few bytes as that takes: 7 bits a byte, the sign first. Not compressed: whoever stores it does that.
 */

import type { ActivityTrace, SectionSpan } from "./trace.ts";

/** "weft", "trc", and the version. */
export const MAGIC = [0x77, 0x65, 0x66, 0x74, 0x74, 0x72, 0x63] as const;
export const VERSION = 1;
/** Of what stands before the header: the magic, the version, and the header's length as four bytes, lowest first. */
export const PREFIX_BYTES = MAGIC.length + 5;

export interface TraceHeader extends Pick<ActivityTrace, "cycles" | "bin_cycles" | "bins" | "origin" | "unrecorded_cycles"> {
  /** Of all columns. */
  readonly bytes: number;
  readonly spans: readonly (readonly [number, number, number, number, number])[];
  readonly sections: readonly SectionHeader[];
  readonly tiers: readonly TierHeader[];
}

/** Rows of its columns. */
export interface SectionHeader {
  readonly first: number;
  readonly bins: number;
  readonly units: number;
  readonly nests: number;
  readonly requesters: number;
}

export interface TierHeader {
  readonly name: "hbm" | "ddr";
  readonly channels: number;
  readonly burst_bytes: number;
  readonly activates: boolean;
}

export const packSpan = ({ section, start, configuring_cycles, cycles, runs }: SectionSpan): TraceHeader["spans"][number] => [
  section,
  start,
  configuring_cycles,
  cycles,
  runs,
];

export const unpackSpan = ([section, start, configuring_cycles, cycles, runs]: TraceHeader["spans"][number]): SectionSpan => ({
  section,
  start,
  configuring_cycles,
  cycles,
  runs,
});
