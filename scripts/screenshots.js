// Takes the pictures of the README from the page of a run: `node scripts/screenshots.js PAGE FOLDER`. What `npm start` has written, and docs/images, unless said.
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [page = join(root, "runs/attention/index.html"), folder = join(root, "docs/images")] = process.argv.slice(2);
const pictures = [
  { name: "overview", tab: "overview", height: 900 },
  { name: "fabric", tab: "fabric", height: 1000 },
  { name: "beside-a-gpu", tab: "gpu", height: 1000 },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
});
for (const { name, tab, height } of pictures) {
  const context = await browser.newContext({ viewport: { width: 1280, height }, colorScheme: "light" });
  const opened = await context.newPage();
  await opened.goto(`${pathToFileURL(resolve(page)).href}#tab=${tab}`);
  await opened.waitForFunction(() => performance.getEntriesByName("weft-ready").length > 0);
  await opened.waitForTimeout(500);
  await opened.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
}
await browser.close();
