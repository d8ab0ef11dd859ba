/**
 * Every kind of mistake a user can make, a page each in test/golden/mistakes/: the command, the message, and below them the files at fault. One
 * message a fault with its place, exit code 2, nothing on standard output, nothing written.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { root } from "../support/cli.ts";
import { said, wordsOf } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const pages = join(root, "test/golden/mistakes");
const names = readdirSync(pages).map((file) => basename(file, ".txt"));
const home = process.cwd();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weft-mistakes-"));
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe("a mistake ends in words that say what was found, what was expected, and where", () => {
  it.each(names)("%s", async (name) => {
    const page = join(pages, `${name}.txt`);
    const { command, files } = readPage(readFileSync(page, "utf8"));
    const place = join(folder, name);
    mkdirSync(place);
    for (const { head, text } of files) writeFileSync(join(place, fileOf(head)), contentOf(head, text));
    const before = readdirSync(place);
    process.chdir(place);
    const { code, stdout, stderr } = await said(wordsOf(command));
    expect({ code, stdout, left: readdirSync(place) }).toEqual({ code: 2, stdout: "", left: before });
    expect(stderr.trim().split("\n")).toEqual(
      stderr
        .trim()
        .split("\n")
        .filter((line) => line.startsWith("weft: ")),
    );
    expect(stderr).not.toMatch(/\bundefined\b|\[object|NaN,|Error:|\n\s+at |\/tmp\//);
    await expect(printPage(command, stderr, files)).toMatchFileSnapshot(page);
  });
});

it("there are pages for at least thirty kinds", () => {
  expect(names.length).toBeGreaterThan(30);
});

// --- pages ---

interface PageFile {
  /** A file name, or `mine.yaml: configs/plasticine.yaml with "lanes: 16" -> "lanes: 12"`. */
  readonly head: string;
  readonly text: string;
}

interface Page {
  readonly command: string;
  readonly files: readonly PageFile[];
}

function readPage(text: string): Page {
  const [top = "", ...rest] = text.split(/^--- /m);
  const files = rest.map((part) => ({ head: part.slice(0, part.indexOf("\n")), text: part.slice(part.indexOf("\n") + 1).replace(/\n+$/, "\n") }));
  return { command: (top.split("\n")[0] ?? "").replace(/^\$ weft /, ""), files };
}

function printPage(command: string, stderr: string, files: readonly PageFile[]): string {
  return [`$ weft ${command}\n${stderr}`, ...files.map(({ head, text }) => `--- ${head}\n${text}`)].join("\n");
}

const fileOf = (head: string): string => head.replace(/:.*$/, "");

function contentOf(head: string, text: string): string {
  const [, source, old, young] = /^[^:]+: (\S+) with "(.*)" -> "(.*)"$/.exec(head) ?? [];
  if (source === undefined) return text;
  const whole = readFileSync(join(root, source), "utf8");
  expect(whole).toContain(old);
  return whole.replace(old as string, young as string);
}
