/** The runs that a page carries, and those that a user opens beside them: the script elements of index.html, or a trace.bin. */

import { unpackBundle } from "../../src/scene/pack.ts";
import type { RunBundle } from "../../src/scene/scene.ts";
import { type RunView, viewOf } from "../model/run.ts";

/** In the order A, B. */
export async function carriedRuns(): Promise<readonly RunView[]> {
  const texts = [...document.querySelectorAll<HTMLScriptElement>("script.weft-run")].map((script) => script.textContent ?? "");
  return Promise.all(texts.map(async (text) => viewOf(await unpacked(text))));
}

export async function openBundleFile(file: File): Promise<{ readonly run: RunView } | { readonly why: string }> {
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (!file.name.endsWith(".html")) return { run: viewOf(unpackBundle(await inflate(bytes))) };
    const [, text] = /<script class="weft-run"[^>]*>([^<]*)<\/script>/.exec(new TextDecoder().decode(bytes)) ?? [];
    return text === undefined ? { why: "it is no page that weft has written: it carries no run" } : { run: viewOf(await unpacked(text)) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

async function unpacked(text: string): Promise<RunBundle> {
  const bytes = await (await fetch(`data:application/octet-stream;base64,${text.trim()}`)).arrayBuffer();
  return unpackBundle(await inflate(new Uint8Array(bytes)));
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
