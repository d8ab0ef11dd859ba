/**
 * Layers for a systolic array, from flags and from the CSV files that SCALE-Sim calls topologies: after a line of headings, a line a layer with either
 *
 *     name, M, N, K,
 *     name, input height, input width, filter height, filter width, channels, filters, stride,        (or two strides: down, across)
 *
 * A comma may end a line, and a comment that begins with # may follow it. A convolution is the product of its windows (M of them, K elements each) with N filters; its input is taken as
 * padded at the far edges as far as the last window needs. A layer with DP in its name is depthwise: a layer of one channel, as often as it has channels. N:M sparsity is refused, but for 1:1.
 */

import { type Fault, type Place, UserError } from "../base/errors.ts";
import { type CsvRecord, parseCsv } from "../frontend/csv.ts";
import type { Product } from "../units/systolic.ts";

export interface Layer extends Product {
  readonly name: string;
  /** Such layers run one after the other. */
  readonly times: number;
}

/** The largest dimension taken. */
const MOST = 2 ** 31;

/** Throws a UserError with all faults of the file. */
export function parseLayers(text: string, file: string): readonly Layer[] {
  const faults: Fault[] = [];
  const records = parseCsv(text, file).slice(1).filter(isFilled);
  const layers = records.flatMap((record) => {
    const found = layerOf(record, file);
    if ("code" in found) faults.push(found);
    return "code" in found ? [] : [found];
  });
  if (records.length === 0) faults.push({ code: "no-layers", message: "there are no layers below the line of headings", place: { file } });
  if (faults.length > 0) throw new UserError(faults);
  return layers;
}

const isFilled = ({ fields }: CsvRecord): boolean => fields.some((field) => (field ?? "").trim() !== "");

/** `M,N,K`, as a flag gives it. */
export function parseProduct(text: string, flag: string): Layer {
  const [m, n, k, ...more] = text.split(/[,x]/).map((part) => toDimension(part));
  if (m === undefined || n === undefined || k === undefined || more.length > 0 || [m, n, k].some(Number.isNaN)) {
    throw new UserError({
      code: "bad-product",
      message: `expected three whole numbers from 1 to ${MOST}, found ${JSON.stringify(text)}`,
      place: { path: flag },
      hint: "for instance 100,70,33: M rows, N columns, sums of K products",
    });
  }
  return { name: `${m}x${n}x${k}`, times: 1, m, n, k };
}

function layerOf({ line, fields }: CsvRecord, file: string): Layer | Fault {
  const [name = "", ...rest] = withoutEnd(fields.map((field) => (field ?? "").trim()));
  const place = { file, line };
  const sparsity = rest.at(-1)?.includes(":") ? rest.pop() : "1:1";
  if (!/^(\d+):\1$/.test(sparsity!)) return fault(`layer ${JSON.stringify(name)} has the sparsity ${sparsity}, expected none`, place);
  const sizes = rest.map(toDimension);
  const wrong = sizes.findIndex(Number.isNaN);
  if (wrong >= 0) return fault(`layer ${JSON.stringify(name)}: expected a whole number from 1 to ${MOST}, found ${JSON.stringify(rest[wrong])}`, place);
  if (sizes.length === 3) return { name, times: 1, m: sizes[0]!, n: sizes[1]!, k: sizes[2]! };
  if (sizes.length === 7 || sizes.length === 8) return convolution(name, sizes, place);
  return fault(`layer ${JSON.stringify(name)} has ${sizes.length} numbers, expected 3 (M, N, K) or 7 or 8 of a convolution`, place);
}

/** Nothing, or a comment, behind the last comma. */
function withoutEnd(fields: readonly string[]): readonly string[] {
  const last = fields.at(-1) ?? "";
  return last === "" || last.startsWith("#") ? fields.slice(0, -1) : fields;
}

function toDimension(text: string): number {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  return value >= 1 && value <= MOST ? value : Number.NaN;
}

function convolution(name: string, sizes: readonly number[], place: Place): Layer | Fault {
  const [height, width, filterHeight, filterWidth, channels, filters, down, across = down] = sizes as [number, number, number, number, number, number, number];
  if (filterHeight > height || filterWidth > width)
    return fault(`layer ${JSON.stringify(name)}: its filter of ${filterHeight} x ${filterWidth} is larger than its input of ${height} x ${width}`, place);
  const windows = (Math.ceil((height - filterHeight) / down) + 1) * (Math.ceil((width - filterWidth) / across) + 1);
  const depthwise = name.includes("DP");
  return { name, times: depthwise ? channels : 1, m: windows, n: filters, k: filterHeight * filterWidth * (depthwise ? 1 : channels) };
}

const fault = (message: string, place: Place): Fault => ({ code: "bad-layer", message, place });
