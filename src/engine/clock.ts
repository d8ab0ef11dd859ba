/** Where a time crosses from the network's clock to a resource's and back. Exact while numerator * denominator < 2^53. */

const EXACT = Number.MAX_SAFE_INTEGER;

/** ceil(time * numerator / denominator) for integers time >= 0. */
export function convertTime(time: number, numerator: number, denominator: number): number {
  if (numerator === denominator) return time;
  const scaled = time * numerator;
  return scaled <= EXACT ? Math.ceil(scaled / denominator) : convertLongTime(time, numerator, denominator);
}

/** Whole multiples of the denominator first, so that no product leaves the exact range. */
function convertLongTime(time: number, numerator: number, denominator: number): number {
  const rest = time % denominator;
  return ((time - rest) / denominator) * numerator + Math.ceil((rest * numerator) / denominator);
}
