/**
 * What every unit did when: cycles in each state, by unit and bin of time. All columns are whole cycles (or firings, bursts) and add up to what the report counts: a bin is the finest
 * grain that is kept, and the order of states within one is not known. Columns are row-major, a row a unit (a nest, a channel), an element a bin.
 */

export interface ActivityTrace {
  readonly schemaVersion: 1;
  /** Of the run. */
  readonly cycles: number;
  /** Bin b holds the cycles from b * bin_cycles on, up to the next; the last one may be shorter. */
  readonly bin_cycles: number;
  /** ceil(cycles / bin_cycles). */
  readonly bins: number;
  /** means: nothing was recorded, and what the report counts stands evenly over the cycles of its section. */
  readonly origin: "recorded" | "means";
  /** From 0 on: cycles before the run was resumed from a checkpoint. What sections counted then stands in one piece a section, evenly. 0: it was not. */
  readonly unrecorded_cycles: number;
  /** When which section was loaded and ran, in order. */
  readonly spans: readonly SectionSpan[];
  /** Like the report's. */
  readonly sections: readonly SectionTrace[];
  /** Off the chip. */
  readonly tiers: readonly TierTrace[];
}

/**
 * A run of a section; or several, where there are too many to keep each: then neighbouring rounds are put together, of each section what ran in them, in the order in which the sections first
 * ran. Spans follow each other without gaps, from 0 to the end of the run.
 */
export interface SectionSpan {
  /** Position in the report's sections. */
  readonly section: number;
  readonly start: number;
  /** At its beginning; 0 where it was on the chip already. */
  readonly configuring_cycles: number;
  /** From `start` on, configuring included. */
  readonly cycles: number;
  readonly runs: number;
}

export interface SectionTrace {
  /** The bins that its columns have: from `first` on, so many. */
  readonly first: number;
  readonly bins: number;
  /** Units x bins, in the order of the section's units in report and scene: of the nest that the report shows. */
  readonly busy: Uint32Array;
  readonly starved: Uint32Array;
  readonly blocked: Uint32Array;
  readonly memory: Uint32Array;
  /** Nests x bins, unit by unit. */
  readonly firings: Uint32Array;
  /** Nests that send bursts, as positions in `firings`; and of those, bursts by bin. */
  readonly requesters: Int32Array;
  readonly bursts: Uint32Array;
}

export interface TierTrace {
  readonly name: "hbm" | "ddr";
  readonly channels: number;
  readonly burst_bytes: number;
  /** Channels x bins of the run: bursts served, and cycles of the fabric clock in service. */
  readonly served: Uint32Array;
  readonly busy: Uint32Array;
  /** Rows opened; null: the run did not simulate single commands. */
  readonly activates: Uint32Array | null;
}
