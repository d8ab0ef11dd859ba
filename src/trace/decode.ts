/** Interim. */
import type { ActivityTrace } from "./trace.ts";

export function decodeTrace(bytes: Uint8Array): ActivityTrace {
  return JSON.parse(new TextDecoder().decode(bytes), (_, value) => (value?.array ? Uint32Array.from(value.array) : value)) as ActivityTrace;
}
