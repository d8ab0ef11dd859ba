/** Plain copies of a controller's state: numbers, flags, lists and records of such. What it refers to and does not change (its part, its policy) is left out. */

/** Fields that a state shares with all others of its kind. */
const SHARED: readonly string[] = ["part", "policy", "tables"];

export function copyData(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Float64Array || value instanceof Int32Array || value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copyData);
  return Object.fromEntries(Object.entries(value).flatMap(([key, part]) => (SHARED.includes(key) ? [] : [[key, copyData(part)]])));
}

/** Puts a copy back, into a state of the same kind. */
export function restoreData(into: unknown, saved: unknown): void {
  if (Array.isArray(into)) into.length = 0;
  const target = into as Record<string, unknown>;
  for (const [key, part] of Object.entries(saved as Record<string, unknown>)) {
    const own = target[key];
    if (ArrayBuffer.isView(own) && ArrayBuffer.isView(part) && own.byteLength === part.byteLength) (own as Float64Array).set(part as Float64Array);
    else if (!Array.isArray(into) && typeof own === "object" && own !== null && typeof part === "object" && part !== null && !ArrayBuffer.isView(part))
      restoreData(own, part);
    else target[key] = copyData(part);
  }
}
