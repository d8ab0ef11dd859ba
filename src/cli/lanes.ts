/** Work side by side: as many at a time as there are lanes, and what becomes of it when it is stopped. */

/** `work` on 0 .. count - 1, begun in order. */
export async function inLanes(count: number, lanes: number, work: (nth: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Undefined where it failed because it was stopped. */
export async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
