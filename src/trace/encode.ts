/** Interim. */
import type { ActivityTrace } from "./trace.ts";

export function encodeTrace(trace: ActivityTrace): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(trace, (_, value) => (ArrayBuffer.isView(value) ? { array: [...(value as unknown as number[])] } : value)));
}
