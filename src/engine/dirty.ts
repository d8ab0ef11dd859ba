/** Which processes are to be visited again. */

import type { State } from "./layout.ts";

/** Has the process of this rank visited again. */
export function markDirty({ dirty }: State, rank: number): void {
  dirty[rank >> 5]! |= 1 << (rank & 31);
}
