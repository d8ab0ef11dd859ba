/** What tokens carry and datapaths compute: the data side of a process, kept apart from its time. */

/**
 * Called once for each firing in order. `inputs[p]` and `outputs[p]` are indexed like the process's ports; an input holds the words of the
 * token popped last at that port (so it stays readable for the whole iteration of its level), an output is sent if the
 * port pushes at this firing (its content is copied then). Entries of buffer ports and of ports that carry no words are empty arrays.
 * Returns the ticks until the next firing may start (at least the process's ii), so that data can lengthen a firing (bank conflicts).
 */
export interface Behaviour {
  fire(n: number, inputs: readonly Float64Array[], outputs: readonly Float64Array[]): number;
  /** Absent: each port acts at constant periods. */
  readonly steering?: Steering;
}

/**
 * Decides which iterations of a loop nest begin and end at each firing, by the data that the process has read. It is asked about the firings in order, about each once, and before
 * the behaviour of that firing and after those of all firings before it. `inputs` as above, with the tokens popped at the levels asked about so far.
 */
export interface Steering {
  /** Loops of the nest: its levels are 0 .. loops. */
  readonly loops: number;
  /** An iteration of `level` < loops begins. Does the loop inside it turn at all? If not, nothing is asked about the levels inside. */
  enters(level: number, inputs: readonly Float64Array[]): boolean;
  /** An iteration of `reach`, the deepest level entered, is this firing, so it ends. The outermost level of which an iteration ends with it: 0 .. reach, 0 ends the process. */
  ends(reach: number, inputs: readonly Float64Array[]): number;
}
