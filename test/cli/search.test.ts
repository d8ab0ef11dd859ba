import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { doJob } from "../../src/cli/jobs.ts";
import { type SearchFlags, type SearchParts, search } from "../../src/cli/search.ts";
import type { Found } from "../../src/cli/search-result.ts";
import type { Candidates, Trial, TrialJob } from "../../src/cli/trials.ts";
import type { Schedule } from "../../src/pattern/program.ts";
import { ended, start, temporaryFolder, weft } from "../support/cli.ts";

const flags: SearchFlags = {
  ...{ workload: "softmax", machine: "plasticine", style: "spatial", set: ["rows=64", "cols=256"], seed: undefined },
  ...{ tries: "6", json: undefined, resume: undefined },
};

/** A search in this process, and how many trials it ran itself. */
async function searched(more: Partial<SearchFlags>, lanes: number, instead: Partial<SearchParts> = {}) {
  const file = join(temporaryFolder(), "found.json");
  let ran = 0;
  let printed = "";
  const parts: Partial<SearchParts> = {
    lanes,
    list: (job) => doJob(job, () => {}) as Promise<Candidates>,
    trial: (job) => {
      ran++;
      return doJob(job, () => {}) as Promise<Trial>;
    },
    say: () => {},
    print: (text) => {
      printed += text;
    },
    ...instead,
  };
  await search({ ...flags, json: file, ...more }, parts);
  return { file, text: readFileSync(file, "utf8"), found: JSON.parse(readFileSync(file, "utf8")) as Found, printed, ran };
}

describe("a search", () => {
  it("gives the same bytes with any number of trials side by side", async () => {
    const [one, three] = [await searched({}, 1), await searched({}, 3)];
    expect(three.text).toBe(one.text);
    expect(three.printed).toBe(one.printed);
    expect(one.found.trials).toHaveLength(6);
    expect(one.found.partial).toBe(false);
  });

  it("tries the compiler's own choice first, then others, each once", async () => {
    const { found } = await searched({}, 2);
    expect(new Set(found.trials.map(({ schedule }) => JSON.stringify(schedule))).size).toBe(6);
    const file = join(temporaryFolder(), "run.json");
    expect((await weft(["run", "softmax", "--set", "rows=64", "--set", "cols=256", "--json", file], temporaryFolder())).code).toBe(0);
    expect(found.trials[0]?.cycles).toBe((JSON.parse(readFileSync(file, "utf8")) as { cycles: number }).cycles);
  });

  it("goes on from what an earlier one wrote, to the same end", async () => {
    const short = await searched({ tries: "3" }, 1);
    const resumed = await searched({ resume: short.file }, 1);
    const whole = await searched({}, 1);
    expect(resumed.text).toBe(whole.text);
    expect(whole.ran - resumed.ran).toBe(3);
    await expect(searched({ resume: short.file, seed: "7" }, 1)).rejects.toThrow(/it is of another seed: 1, not 7/);
  });

  it("takes the best choice of each section together", async () => {
    const table: Readonly<Record<string, readonly [number, number]>> = { "1 1": [50, 70], "2 2": [40, 90], "4 4": [60, 60], "2 4": [40, 60] };
    const schedule = ({ a, b }: Readonly<Record<string, number>>): Schedule => ({ tile: { a: a!, b: b! } });
    const trial = (job: TrialJob): Promise<Trial> => {
      const tile = job.schedule?.tile ?? { a: 1, b: 1 };
      const counted = table[`${tile.a} ${tile.b}`]!;
      const sections = ["a", "b"].map((name, s) => ({
        ...{ name, operators: [name], schedule: { tile: { [name]: tile[name]! } } },
        ...{ cycles: counted[s]!, configuring_cycles: 0, expected_cycles: 1 },
      }));
      return Promise.resolve({ schedule: schedule(tile), placement: job.placement, cycles: counted[0] + counted[1], why: null, sections });
    };
    const identity = { weft: "0", workload: "w 0", machine: "m 0", style: "spatial", seed: 1 };
    const list = (): Promise<Candidates> => Promise.resolve({ identity, schedules: [schedule({ a: 2, b: 2 }), schedule({ a: 4, b: 4 })] });
    const { found, printed } = await searched({ tries: "3" }, 2, { list, trial });
    expect(found.trials.map(({ cycles }) => cycles)).toEqual([120, 130, 120]);
    expect(found.combined).toMatchObject({ cycles: 100, schedule: { tile: { a: 2, b: 4 } } });
    expect(printed).toContain("The best takes 100 cycles, 16.7 % fewer than the compiler's own choice, 120 cycles");
  });

  it("ends with a schedule that gives a run just its cycles", async () => {
    const folder = temporaryFolder();
    const { found, printed } = await searched({}, 2);
    const best = Math.min(...found.trials.map(({ cycles }) => cycles ?? Number.POSITIVE_INFINITY));
    const schedule = /^schedule: .*$/m.exec(printed)?.[0] ?? "";
    writeFileSync(join(folder, "best.yaml"), `program: softmax\nparams: { rows: 64, cols: 256 }\n${schedule}\n`);
    const { code, stderr } = await weft(["run", "best.yaml", "--json", "best.json"], folder);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((JSON.parse(readFileSync(join(folder, "best.json"), "utf8")) as { cycles: number }).cycles).toBe(best);
  });

  it("that is interrupted ends with 130 and a file from which another goes on", async () => {
    const folder = temporaryFolder();
    const args = ["search", "softmax", "--set", "rows=64", "--set", "cols=256", "--json", "found.json"];
    const child = start([...args, "--tries", "5000"], folder);
    const end = ended(child);
    for (let said = ""; !said.includes("try 3 of"); said += (await once(child.stderr!, "data")).join(""));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    expect(stderr).toMatch(/weft: interrupted after \d+ of 5000 tries\n$/);
    expect(stdout).toContain("schedule: {");
    const found = JSON.parse(readFileSync(join(folder, "found.json"), "utf8")) as Found;
    expect(found.partial).toBe(true);
    const resumed = await weft([...args, "--tries", `${found.trials.length}`, "--resume", "found.json"], folder);
    expect(resumed.code).toBe(0);
  });

  it("refuses what is at fault with 2 before it tries anything", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "other.json"), "{}");
    const refused = [
      [["softmax", "--tries", "0"], /--tries: expected a whole number from 1/],
      [["softmaks", "--tries", "3"], /no workload is called "softmaks"/],
      [["softmax", "--tries", "3", "--resume", "none.json"], /cannot read none\.json: no such file/],
      [["softmax", "--tries", "3", "--resume", "other.json"], /cannot go on from other\.json: it is no result of weft search/],
    ] as const;
    for (const [args, message] of refused) {
      const { code, stdout, stderr } = await weft(["search", ...args], folder);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr).toMatch(message);
    }
  });
});
