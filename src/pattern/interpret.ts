/**
 * The meaning of a program: plain loops over plain arrays, operator after operator, each value rounded to its dtype. What every machine's
 * values are compared with. Folds run in row-major order.
 */

import { checkedLength, compileBodies, failure, foldFunction, type Store, type StoredTensor } from "./bodies.ts";
import { arrayFor, identity, roundFunction } from "./dtypes.ts";
import type {
  FlatMapOperator,
  GatherOperator,
  GroupByOperator,
  HashOperator,
  IterateOperator,
  MapOperator,
  Operator,
  Program,
  ScanOperator,
  TensorValues,
  Values,
} from "./program.ts";

/** Values of all tensors, inputs and intermediates included. `inputs` has one array per input, of the tensor's length. */
export function interpret(program: Program, inputs: TensorValues): TensorValues {
  const store = allocate(program, inputs);
  for (const operator of program.operators) run(operator, store);
  return Object.fromEntries(program.tensors.map(({ name }) => [name, store(name).values]));
}

/** Only the outputs, under the names the program gives them. */
export function outputsOf(program: Program, values: TensorValues): TensorValues {
  return Object.fromEntries(Object.entries(program.outputs).map(([output, tensor]) => [output, values[tensor] as Values]));
}

function allocate(program: Program, inputs: TensorValues): Store {
  const stored = new Map<string, StoredTensor>();
  for (const tensor of program.tensors) {
    const length = checkedLength(tensor);
    const values = program.inputs.includes(tensor.name) ? inputs[tensor.name] : arrayFor(tensor.dtype, length);
    if (values === undefined) throw failure(tensor.name, "missing-input", `no values for the input "${tensor.name}"`);
    if (values.length !== length)
      throw failure(tensor.name, "shape-mismatch", `the input "${tensor.name}" has ${values.length} values, its shape needs ${length}`);
    stored.set(tensor.name, { tensor, values });
  }
  return Object.assign((name: string) => stored.get(name) ?? unknownTensor(name), { rounds: new Map<string, number>() });
}

function unknownTensor(name: string): never {
  throw failure(name, "unknown-tensor", `no tensor is called "${name}"`);
}

const runners: { readonly [K in Operator["kind"]]: (operator: Extract<Operator, { kind: K }>, store: Store) => void } = {
  map: runMap,
  flatMap: runFlatMap,
  groupBy: runGroupBy,
  scan: runScan,
  iterate: runIterate,
  gather: runGather,
  hash: runHash,
};

function run(operator: Operator, store: Store): void {
  const runner = runners[operator.kind] as (operator: Operator, store: Store) => void;
  runner(operator, store);
}

function runMap({ name, domain, body }: MapOperator, store: Store): void {
  const { values } = store(name);
  const { registers, results, forEach } = compileBodies(name, domain, [body], store);
  const result = results[0]!;
  forEach((position) => {
    values[position] = registers[result]!;
  });
}

function runFlatMap({ name, domain, emits, bound }: FlatMapOperator, store: Store): void {
  let size = 0;
  const fields = Object.keys(emits[0]?.fields ?? {});
  const columns = fields.map((field) => store(`${name}.${field}`).values);
  const roots = emits.flatMap((emit) => [emit.when, ...fields.map((field) => emit.fields[field]!)]);
  const { registers, results, forEach } = compileBodies(name, domain, roots, store);
  forEach(() => {
    for (let first = 0; first < results.length; first += 1 + fields.length) {
      if (registers[results[first]!] === 0) continue;
      if (size === bound) throw failure(name, "bound-exceeded", `"${name}" makes more records than its bound of ${bound}`);
      for (let column = 0; column < columns.length; column++) columns[column]![size] = registers[results[first + 1 + column]!]!;
      size++;
    }
  });
  store(`${name}.size`).values[0] = size;
}

function runGroupBy({ name, domain, when, key, keys, fields }: GroupByOperator, store: Store): void {
  const takesPart = when ?? { kind: "const", dtype: "bool", value: 1 };
  const { registers, results, forEach } = compileBodies(name, domain, [takesPart, key, ...fields.map(({ value }) => value)], store);
  const [whenSlot, keySlot, ...valueSlots] = results as [number, number, ...number[]];
  const tables = fields.map(({ fn, acc }) => new Float64Array(keys).fill(identity(fn, acc)));
  const folds = fields.map(({ fn, acc }) => foldFunction(fn, acc));
  forEach(() => {
    if (registers[whenSlot] === 0) return;
    const slot = registers[keySlot]!;
    if (slot < 0 || slot >= keys) throw failure(name, "key-out-of-range", `"${name}" meets the key ${slot}, expected 0 to ${keys - 1}`);
    for (let field = 0; field < folds.length; field++) {
      const table = tables[field]!;
      table[slot] = folds[field]!(table[slot]!, registers[valueSlots[field]!]!);
    }
  });
  fields.forEach((field, position) => {
    store(`${name}.${field.name}`).values.set(tables[position]!.map(roundFunction(field.dtype)));
  });
}

function runScan({ name, domain, fn, acc, exclusive, body }: ScanOperator, store: Store): void {
  const { tensor, values } = store(name);
  const row = domain.at(-1)?.extent ?? 1;
  const { registers, results, forEach } = compileBodies(name, domain, [body], store);
  const combine = foldFunction(fn, acc);
  const toDtype = roundFunction(tensor.dtype);
  let total = identity(fn, acc);
  forEach((position) => {
    if (position % row === 0) total = identity(fn, acc);
    const before = total;
    total = combine(total, registers[results[0]!]!);
    values[position] = toDtype(exclusive ? before : total);
  });
}

function runGather({ name, domain, tensor, index }: GatherOperator, store: Store): void {
  const { values } = store(name);
  const table = store(tensor).values;
  const { registers, results, forEach } = compileBodies(name, domain, [index], store);
  forEach((position) => {
    const element = registers[results[0]!]!;
    if (element < 0 || element >= table.length)
      throw failure(name, "read-outside", `"${name}" reads element ${element} of "${tensor}", expected 0 to ${table.length - 1}`);
    values[position] = table[element]!;
  });
}

function runHash({ name, domain, when, key, keys }: HashOperator, store: Store): void {
  const takesPart = when ?? { kind: "const", dtype: "bool", value: 1 };
  const { registers, results, forEach } = compileBodies(name, domain, [takesPart, key], store);
  const entries = new Map<number, number>();
  const { values } = store(name);
  forEach((position) => {
    values[position] = -1;
    if (registers[results[0]!] === 0) return;
    const found = registers[results[1]!]!;
    if (!entries.has(found)) {
      if (entries.size === keys) throw failure(name, "bound-exceeded", `"${name}" meets more distinct keys than its bound of ${keys}`);
      entries.set(found, entries.size);
    }
    values[position] = entries.get(found)!;
  });
}

function runIterate({ times, until, carries, round: { name: index }, body }: IterateOperator, store: Store): void {
  for (const { to, init } of carries) store(to).values.set(store(init).values);
  for (let round = 0; round < times; round++) {
    store.rounds.set(index, round);
    for (const operator of body) run(operator, store);
    const next = carries.map(({ from }) => store(from).values.slice());
    carries.forEach(({ to }, carry) => {
      store(to).values.set(next[carry]!);
    });
    if (until !== undefined && store(until).values[0] !== 0) break;
  }
  store.rounds.delete(index);
}
