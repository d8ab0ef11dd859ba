/** Folders and files that commands write. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeFolder } from "../../src/cli/files.ts";
import { temporaryFolder } from "../support/cli.ts";

it("folders are made with all that stand above them, and as often as one likes", () => {
  const folder = join(temporaryFolder(), "a", "b", "c");
  makeFolder(folder);
  makeFolder(folder);
  expect(existsSync(folder)).toBe(true);
});

it("where no folder can be made it says so, and ends", () => {
  const none = process.platform === "linux" ? "/proc/weft/a" : join("/dev/null", "a");
  expect(() => makeFolder(none)).toThrow(/^cannot make folder/);
});
