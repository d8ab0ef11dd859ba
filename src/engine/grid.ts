/**
 * Counts over bins of time. A bin is a power of two ticks long: one at first, twice as many whenever there would be too many bins or too many cells, so that what is kept does not
 * grow with the run. Whole numbers throughout: neighbours are added when bins become longer, and nothing is lost.
 */

/** Bins of a run. */
export const MOST_BINS = 2048;
/** Of all columns over the bins between their first and their last: 64 MB. */
const MOST_CELLS = 16_000_000;

export interface Grid {
  /** Ticks of a bin. */
  bin: number;
  /** From here on there are no bins. */
  end: number;
  /** Over all columns: cells of a bin, times the bins between the first and the last that were touched. */
  cells: number;
  readonly columns: Columns[];
}

export interface Columns {
  /** Cells of a bin. */
  readonly width: number;
  /** The bins that were touched lie from `first` on, before `last`. */
  first: number;
  last: number;
  /** By bin. Null: nothing was counted. */
  readonly bins: (Int32Array | null)[];
}

export function createGrid(): Grid {
  return { bin: 1, end: MOST_BINS, cells: 0, columns: [] };
}

export function addColumns({ columns }: Grid, width: number): Columns {
  const added: Columns = { width, first: 0, last: 0, bins: new Array<Int32Array | null>(MOST_BINS).fill(null) };
  columns.push(added);
  return added;
}

/** The cells of a bin, to be added to. */
export function cellsAt(grid: Grid, columns: Columns, bin: number): Int32Array {
  return columns.bins[bin] ?? addBin(grid, columns, bin);
}

function addBin(grid: Grid, columns: Columns, bin: number): Int32Array {
  const { width, first, last, bins } = columns;
  const cells = new Int32Array(width);
  bins[bin] = cells;
  columns.first = last === 0 ? bin : Math.min(first, bin);
  columns.last = Math.max(last, bin + 1);
  grid.cells += width * (columns.last - columns.first - (last - first));
  return cells;
}

export function isFull({ cells }: Grid): boolean {
  return cells > MOST_CELLS;
}

/** Makes bins longer until there is room for time up to `end`. */
export function growGrid(grid: Grid, end: number): void {
  while (end > grid.end || (isFull(grid) && grid.bin < end)) {
    grid.bin *= 2;
    grid.end *= 2;
    grid.cells = 0;
    for (const columns of grid.columns) grid.cells += mergeBins(columns);
  }
}

/** Makes bins as long as they will have to be where these columns are counted up to `end`: to grow later costs more. */
export function reserveBins(grid: Grid, columns: Columns, from: number, end: number): void {
  growGrid(grid, end);
  const more = (): number => Math.ceil(end / grid.bin) - Math.max(columns.last, Math.floor(from / grid.bin));
  while (grid.cells + columns.width * more() > MOST_CELLS && grid.bin < end) growGrid(grid, grid.end + 1);
}

function mergeBins(columns: Columns): number {
  const { width, bins } = columns;
  for (let bin = 0; bin < MOST_BINS; bin += 2) {
    bins[bin / 2] = merged(bins[bin]!, bins[bin + 1]!);
  }
  bins.fill(null, MOST_BINS / 2);
  columns.first = Math.floor(columns.first / 2);
  columns.last = Math.ceil(columns.last / 2);
  return width * (columns.last - columns.first);
}

function merged(cells: Int32Array | null, more: Int32Array | null): Int32Array | null {
  if (cells === null || more === null) return cells ?? more;
  for (let i = 0; i < cells.length; i++) cells[i]! += more[i]!;
  return cells;
}
