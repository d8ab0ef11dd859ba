/**
 * Runs command lines in the process of the test: much quicker than processes of their own. A test that uses `said` begins with
 *
 *     vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));
 */

import { vi } from "vitest";
import { doJob, type Job } from "../../src/cli/jobs.ts";

/** Stands in for the worker thread. Says no progress. */
export const inThisThread = (job: Job): Promise<unknown> => doJob(job, () => {});

/** The words of a command line; "" is an empty one. */
export const wordsOf = (command: string): readonly string[] => [...command.matchAll(/"([^"]*)"|\S+/g)].map((match) => match[1] ?? match[0]);

/** What a command line writes, and its exit code. */
export async function said(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { execute } = await import("../../src/cli/main.ts");
  const out = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      out[stream] += String(chunk);
      return true;
    }),
  );
  try {
    return { code: await execute(args), ...out };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
