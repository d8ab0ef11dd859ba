/** CPU time of this process, so that other work on the host does not count. */

export function timed<T>(work: () => T): { readonly value: T; readonly seconds: number } {
  const begin = process.cpuUsage().user;
  const value = work();
  return { value, seconds: (process.cpuUsage().user - begin) / 1e6 };
}

export const count = (events: number): string => events.toLocaleString("en");
