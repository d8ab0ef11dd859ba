/**
 * A workload file: which program, at what sizes, on what data, with what pinned.
 *
 *     program: flights                 # a name in workloads/, or a .ts or .json file beside this one
 *     params: { rows: 1000000 }
 *     dtype: f32                       # short for params.dtype
 *     data:
 *       delay: { package: vega-datasets, file: data/flights-3m.parquet, column: delay }
 *     schedule: { tile: { "c.0": 64 } }
 *     seed: 7                          # of inputs without data
 */

import * as z from "zod";
import { type Fault, type Place, UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { type Override, parseYaml, readYaml } from "../base/yaml.ts";
import { indicesOf } from "../pattern/analysis.ts";
import type { Definition } from "../pattern/builder.ts";
import { scheduleSchema } from "../pattern/json.ts";
import { resolveParameters } from "../pattern/parameters.ts";
import type { Operator, Program, Schedule } from "../pattern/program.ts";
import { checkProgram } from "../pattern/verify.ts";

/** A column of a file; `file` is relative to the npm package if one is named, else to the workload file. */
export interface Binding {
  readonly package?: string | undefined;
  readonly file: string;
  readonly column: string;
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
  place(path: readonly string[], part?: "value" | "key"): Place;
}

const schema = z.strictObject({
  program: z.string().min(1),
  params: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
  dtype: z.string().optional(),
  data: z.record(z.string(), z.strictObject({ package: z.string().optional(), file: z.string(), column: z.string() })).default({}),
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
  const faults = file === undefined ? [] : [...unknownInputs(built, file), ...scheduleFaults(built, file)];
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

/** A schedule's loops exist, and its tiles and copies are whole numbers up to a loop's extent. */
function scheduleFaults({ operators }: Program, { schedule = {}, place }: WorkloadFile): readonly Fault[] {
  const extents = new Map(operators.flatMap(loopsOf));
  return Object.entries(schedule).flatMap(([what, factors]) =>
    Object.entries<number>(factors ?? {}).flatMap(([name, factor]) => factorFault(extents, what, name, factor, place)),
  );
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

/** `c.0` is the outermost loop of the operator c, its reductions follow after its domain. Each with its extent. */
function loopsOf(operator: Operator): readonly (readonly [name: string, extent: number])[] {
  if (operator.kind === "iterate") return operator.body.flatMap(loopsOf);
  return indicesOf(operator).map(({ extent }, position) => [`${operator.name}.${position}`, extent]);
}
