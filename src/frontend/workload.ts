/**
 * A workload file: which program, at what sizes, on what data, with what pinned.
 *
 *     program: flights                 # a name in workloads/, or a .ts or .json file beside this one
 *     params: { rows: 1000000 }
 *     dtype: f32                       # short for params.dtype
 *     data:
 *       delay: { package: vega-datasets, file: data/flights-3m.parquet, column: delay }
 *       place: { package: vega-datasets, file: data/airports.csv, columns: [longitude, latitude] }     # an input [rows, 2]
 *       origin:                                                                                         # its row in the table of airports
 *         { package: vega-datasets, file: data/flights-3m.parquet, column: origin, row_of: { package: vega-datasets, file: data/airports.csv, column: iata } }
 *     schedule: { tile: { "c.0": 64 }, cut: [y] }
 *     seed: 7                          # of inputs without data
 */

import * as z from "zod";
import { type Fault, type Place, UserError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import { suggestion } from "../base/suggest.ts";
import { type KeyPath, type Override, parseYaml, readYaml } from "../base/yaml.ts";
import { indicesOf } from "../pattern/analysis.ts";
import type { Definition } from "../pattern/builder.ts";
import { isFloat } from "../pattern/dtypes.ts";
import { programToJson, scheduleSchema } from "../pattern/json.ts";
import { resolveParameters } from "../pattern/parameters.ts";
import type { Operator, Program, Schedule, Tensor } from "../pattern/program.ts";
import { checkProgram } from "../pattern/verify.ts";
import { fits, fitting } from "./columns.ts";

/** Of a table; `file` is relative to the npm package if one is named, else to the workload file. */
export interface Source {
  readonly package?: string | undefined;
  readonly file: string;
}

/** One column, or several as the last dimension of the input. */
export interface Binding extends Source {
  readonly column?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  /** Cells stand for the rows in which they are found there. */
  readonly row_of?: (Source & { readonly column: string }) | undefined;
  /** Stands in for empty cells, and for those that `row_of` does not have. */
  readonly missing?: number | undefined;
}

export function columnsOf({ column, columns }: Binding): readonly string[] {
  return columns ?? [column as string];
}

export interface WorkloadFile {
  readonly program: string;
  /** As written, `dtype` included. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Input -> where its values are. */
  readonly data: Readonly<Record<string, Binding>>;
  readonly schedule?: Schedule;
  readonly seed?: number;
  /** Where the value of a key stands in the text, or the key itself. */
  place(path: KeyPath, part?: "value" | "key"): Place;
}

const source = { package: z.string().optional(), file: z.string() };

const binding = z
  .strictObject({
    ...source,
    column: z.string().optional(),
    columns: z.array(z.string()).min(1).optional(),
    row_of: z.strictObject({ ...source, column: z.string() }).optional(),
    missing: z.number().optional(),
  })
  .check(
    z.refine(({ column, columns }) => (column === undefined) !== (columns === undefined), {
      error: ({ input }) =>
        isBoth(input) ? "both column and columns, expected one of them" : 'missing key "column", expected the name of one, or columns: [a, b]',
      params: { code: "missing-key" },
    }),
  );

const isBoth = (input: unknown): boolean => typeof input === "object" && input !== null && "column" in input;

const schema = z.strictObject({
  program: z.string().min(1),
  params: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
  dtype: z.string().optional(),
  data: z.record(z.string(), binding).default({}),
  schedule: scheduleSchema.optional(),
  seed: z.int().min(0).optional(),
});

/** Throws a UserError with all faults of form; whether names exist is `bindWorkload`'s to say. */
export function parseWorkload(text: string, file: string): WorkloadFile {
  const { dtype, params, schedule, seed, ...rest } = parseYaml(text, file, schema);
  const yaml = readYaml(text, file, [], []);
  return {
    ...rest,
    params: dtype === undefined ? params : { ...params, dtype },
    ...(schedule === undefined ? {} : { schedule: schedule as Schedule }),
    ...(seed === undefined ? {} : { seed }),
    place: (path, part = "value") => yaml?.place(path[1] === "dtype" && dtype !== undefined ? ["dtype"] : path, part) ?? { file },
  };
}

/** Fingerprint of a program and of what its inputs are bound to. */
export function workloadHash(program: Program, data: WorkloadFile["data"]): string {
  return hashOf([programToJson(program), data]);
}

export interface BoundWorkload {
  readonly program: Program;
  readonly data: Readonly<Record<string, Binding>>;
}

/**
 * Builds the program of a definition with the settings of a workload file and, over those, of `overrides` (`--set rows=1024`). Faults are placed
 * where the setting stands. The program is verified; `blame` runs the workload's own code and places what is wrong there.
 */
export function bindWorkload(
  definition: Definition,
  file: WorkloadFile | undefined,
  overrides: readonly Override[] = [],
  blame: <T>(run: () => T) => T = (run) => run(),
): BoundWorkload {
  const labels = new Map(overrides.map(({ path, label }) => [path, label]));
  const placeOf = (name: string, part: "value" | "key"): Place => {
    const label = labels.get(name);
    return label === undefined && file !== undefined ? file.place(["params", name], part) : { path: label ?? name };
  };
  const settings = { ...file?.params, ...Object.fromEntries(overrides.map(({ path, value }) => [path, value])) };
  const params = resolveParameters(definition.parameters, settings, placeOf);
  const built = blame(() => checkProgram(definition.build(params)));
  const faults = file === undefined ? [] : [...unknownInputs(built, file), ...bindingFaults(built, file), ...scheduleFaults(built, file)];
  if (faults.length > 0) throw new UserError(faults);
  return { program: file?.schedule === undefined ? built : { ...built, schedule: file.schedule }, data: file?.data ?? {} };
}

function unknownInputs({ inputs }: Program, { data, place }: WorkloadFile): readonly Fault[] {
  return Object.keys(data)
    .filter((name) => !inputs.includes(name))
    .map((name) => ({
      code: "unknown-input",
      message: `the program has no input ${JSON.stringify(name)}`,
      place: place(["data", name], "key"),
      hint: suggestion(name, inputs),
    }));
}

/** What an input's shape and dtype forbid, whatever its file holds. */
function bindingFaults({ tensors }: Program, { data, place }: WorkloadFile): readonly Fault[] {
  return Object.entries(data).flatMap(([input, binding]) => {
    const tensor = tensors.find(({ name }) => name === input);
    return tensor === undefined ? [] : [...columnsFault(binding, tensor, place), ...codingFaults(binding, tensor, place)];
  });
}

function columnsFault({ columns }: Binding, { name, shape }: Tensor, place: WorkloadFile["place"]): readonly Fault[] {
  if (columns === undefined || shape.at(-1) === columns.length) return [];
  const message = `${columns.length} columns, but the input "${name}" is [${shape.join(", ")}]`;
  return [{ code: "shape-mismatch", message, place: place(["data", name, "columns"]), hint: "its last dimension is one element a column" }];
}

function codingFaults({ row_of, missing }: Binding, { name, dtype }: Tensor, place: WorkloadFile["place"]): readonly Fault[] {
  const wrongRow = row_of !== undefined && isFloat(dtype) ? [{ key: "row_of", what: "row_of gives whole numbers" }] : [];
  const wrongMissing = missing !== undefined && !fits(dtype, missing) ? [{ key: "missing", what: `missing is ${missing}, expected ${fitting(dtype)}` }] : [];
  return [...wrongRow, ...wrongMissing].map(({ key, what }) => ({
    code: "dtype-mismatch",
    message: `${what}: the input "${name}" is ${dtype}`,
    place: place(["data", name, key]),
  }));
}

/** A schedule's loops and operators exist, and its tiles and copies are whole numbers up to a loop's extent. What passes make, lanes and buffers the compiler checks. */
function scheduleFaults({ operators }: Program, { schedule = {}, place }: WorkloadFile): readonly Fault[] {
  const extents = new Map(operators.flatMap(loopsOf));
  const { tile = {}, par = {}, cut = [] } = schedule;
  return [...factorFaults(extents, { tile, par }, place), ...cutFaults(operators.flatMap(namesOf), cut, place)];
}

function factorFaults(extents: ReadonlyMap<string, number>, factors: Pick<Schedule, "tile" | "par">, place: WorkloadFile["place"]): readonly Fault[] {
  return Object.entries(factors).flatMap(([what, pins]) => Object.entries(pins).flatMap(([name, factor]) => factorFault(extents, what, name, factor, place)));
}

function factorFault(extents: ReadonlyMap<string, number>, what: string, name: string, factor: number, place: WorkloadFile["place"]): readonly Fault[] {
  const extent = extents.get(name);
  if (extent === undefined) {
    const hint = suggestion(name, [...extents.keys()]);
    return [{ code: "unknown-loop", message: `the program has no loop ${JSON.stringify(name)}`, place: place(["schedule", what, name], "key"), hint }];
  }
  if (Number.isInteger(factor) && factor >= 1 && factor <= extent) return [];
  return [
    {
      code: "illegal-schedule",
      message: `${what} is ${factor}, expected a whole number from 1 to ${extent}`,
      place: place(["schedule", what, name]),
      hint: `the loop ${JSON.stringify(name)} has ${extent} elements`,
    },
  ];
}

function cutFaults(names: readonly string[], cut: readonly string[], place: WorkloadFile["place"]): readonly Fault[] {
  return cut.flatMap((name, position) =>
    names.includes(name)
      ? []
      : [
          {
            code: "unknown-operator",
            message: `the program has no operator ${JSON.stringify(name)}`,
            place: place(["schedule", "cut", position]),
            hint: suggestion(name, names),
          },
        ],
  );
}

const namesOf = (operator: Operator): readonly string[] => [operator.name, ...(operator.kind === "iterate" ? operator.body.flatMap(namesOf) : [])];

/** `c.0` is the outermost loop of the operator c, its reductions follow after its domain. Each with its extent. */
function loopsOf(operator: Operator): readonly (readonly [name: string, extent: number])[] {
  if (operator.kind === "iterate") return operator.body.flatMap(loopsOf);
  return indicesOf(operator).map(({ extent }, position) => [`${operator.name}.${position}`, extent]);
}
