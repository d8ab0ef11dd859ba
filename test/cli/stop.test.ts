import { expect, it } from "vitest";
import { makeRequest, reachedLimit, requestStop, stopAsked } from "../../src/cli/stop.ts";

const limits = { maxSeconds: 10, maxBytes: 500e6 };

it("a limit is reached at its time, and above its memory", () => {
  expect(reachedLimit(limits, { seconds: 9.99, bytes: 500e6 })).toBeNull();
  expect(reachedLimit(limits, { seconds: 10, bytes: 0 })).toBe("max-seconds");
  expect(reachedLimit(limits, { seconds: 0, bytes: 500e6 + 1 })).toBe("max-memory");
  expect(reachedLimit({ maxSeconds: null, maxBytes: null }, { seconds: 1e9, bytes: 1e15 })).toBeNull();
});

it("a request to stop has its reason in words, and the first one counts", () => {
  const request = makeRequest();
  expect(stopAsked(request, limits)).toBeNull();
  requestStop(request, "max-memory", 600 * 2 ** 20);
  requestStop(request, "interrupted", 0);
  expect(stopAsked(request, limits)).toEqual({ reason: "max-memory", words: "the process took 600 MiB, the limit is 477 MiB (--max-memory)," });
});
