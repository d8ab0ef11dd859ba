/** Where the page begins. */

import { carriedRuns } from "./app/payload.ts";
import { mountShell } from "./app/shell.ts";
import type { App } from "./app/view.ts";
import { el } from "./ui/dom.ts";

declare global {
  interface Window {
    /** For the tests: the page's app, once it is there. */
    weft?: App;
  }
}

const root = document.getElementById("weft")!;
try {
  window.weft = mountShell(root, await carriedRuns());
  performance.mark("weft-ready");
} catch (error) {
  root.replaceChildren(el("p", { role: "alert" }, `This page cannot show its run: ${error instanceof Error ? error.message : String(error)}`));
  throw error;
}
