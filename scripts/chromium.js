// Sees to it that there is a Chromium for the browser tests: installs Debian's package where it may, else says how. The tests run without, and say what they skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const has = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;

if (!places.some((path) => path !== undefined && existsSync(path))) {
  const mayInstall = process.platform === "linux" && process.getuid?.() === 0 && has("apt-get");
  const apt = (...args) => spawnSync("apt-get", args, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }).status === 0;
  const done = mayInstall && ((apt("update", "-qq") && apt("install", "-y", "-qq", "--no-install-recommends", "chromium")) || false);
  if (!done)
    console.error("weft: there is no Chromium, so the browser tests will be skipped: sudo apt-get install chromium, or set CHROMIUM to the path of one");
}
