/** What tokens carry and datapaths compute: the data side of a process, kept apart from its time. */

/**
 * Called once for each firing in order. `inputs[p]` and `outputs[p]` are indexed like the process's ports; an input holds the words of the
 * token popped last at that port (so it stays readable for the whole iteration of its level), an output is sent if the
 * port pushes at this firing (its content is copied then). Entries of buffer ports and of ports that carry no words are empty arrays.
 * Returns the ticks until the next firing may start (at least the process's ii), so that data can lengthen a firing (bank conflicts).
 */
export interface Behaviour {
  fire(n: number, inputs: readonly Float64Array[], outputs: readonly Float64Array[]): number;
}
