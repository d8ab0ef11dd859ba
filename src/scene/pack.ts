/** A run as one piece of bytes, which whoever writes it deflates: a magic word, report and scene as JSON with its length before it, and the trace. */

import { UserError } from "../base/errors.ts";
import { decodeTrace } from "../trace/decode.ts";
import { encodeTrace } from "../trace/encode.ts";
import type { RunBundle } from "./scene.ts";

const MAGIC = "weft run 1\n";

export function packBundle({ report, scene, trace }: RunBundle): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ report, scene }));
  const head = new TextEncoder().encode(`${MAGIC}${json.length}\n`);
  const columns = encodeTrace(trace);
  const packed = new Uint8Array(head.length + json.length + columns.length);
  packed.set(head);
  packed.set(json, head.length);
  packed.set(columns, head.length + json.length);
  return packed;
}

/** Throws a UserError for what no packBundle has written. */
export function unpackBundle(bytes: Uint8Array): RunBundle {
  const start = new TextDecoder().decode(bytes.subarray(0, MAGIC.length + 24));
  const [line, digits] = /^weft run 1\n(\d+)\n/.exec(start) ?? [];
  if (line === undefined) throw new UserError({ code: "bad-file", message: "it holds no run of this version of weft" });
  const end = line.length + Number(digits);
  if (end > bytes.length) throw new UserError({ code: "bad-file", message: "it ends too early" });
  const { report, scene } = JSON.parse(new TextDecoder().decode(bytes.subarray(line.length, end))) as Pick<RunBundle, "report" | "scene">;
  return { report, scene, trace: decodeTrace(bytes.subarray(end)) };
}
