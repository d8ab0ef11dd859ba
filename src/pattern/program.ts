/**
 * What a program is: parallel patterns over index domains, in the line of Delite, PPL and Spatial. Plain, immutable, JSON-able data.
 * map, reduce (Plasticine: Fold), flatMap, groupBy (Plasticine: HashReduce), scan, iterate. A zip is a map that reads several tensors.
 * Built by builder.ts, checked by verify.ts, printed by print.ts, given its meaning by interpret.ts.
 */

export type Dtype = "f64" | "f32" | "bf16" | "f16" | "fp8e4m3" | "fp8e5m2" | "i32" | "i16" | "i8" | "i4" | "bool";

/** Home of a tensor. `auto` leaves it to the compiler. */
export type Tier = "sram" | "hbm" | "ddr" | "auto";

/** How one dimension is stored. All but `dense` are declared here and lowered in a later version. */
export type Format =
  | { readonly kind: "dense" }
  | { readonly kind: "compressed" }
  | { readonly kind: "bitmask" }
  | { readonly kind: "block"; readonly size: number }
  | { readonly kind: "nm"; readonly n: number; readonly m: number };

/** Row-major. A shape of [] is one scalar. A collection made by flatMap has its declared bound as extent. */
export interface Tensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly tier: Tier;
  /** One per dimension; absent: all dense. */
  readonly formats?: readonly Format[];
  /** Inputs: what the seeded generator fills it with where no data is bound; absent: by dtype, see inputs.ts. */
  readonly data?: Generator;
}

/** How a seeded generator fills an input. Values are rounded to the tensor's dtype. */
export type Generator =
  /** Whole numbers of [low, high] for integers, reals of [low, high) for floats. */
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  /** The element's row-major position. */
  | { readonly kind: "index" }
  | { readonly kind: "constant"; readonly value: number };

/** One loop index, bound by the pattern that lists it; `name` is unique in the program. Runs over [0, extent). */
export interface Index {
  readonly name: string;
  readonly extent: number;
  /**
   * Name of an i32 scalar tensor with the number of iterations that really happen (`extent` is then the bound): reads of a flatMap's result. What an operator
   * writes beyond them keeps the value it had: 0, or in a loop what an earlier round wrote there.
   */
  readonly count?: string;
}

export type ScalarOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "mod"
  | "min"
  | "max"
  | "neg"
  | "abs"
  | "floor"
  | "exp"
  | "log"
  | "sqrt"
  | "tanh"
  | "sigmoid"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "and"
  | "or"
  | "not"
  | "select";

/** Associative. Each has an identity element in every dtype it accepts. */
export type ReduceFn = "add" | "mul" | "min" | "max" | "and" | "or";

export type Expr =
  | { readonly kind: "const"; readonly dtype: Dtype; readonly value: number }
  | { readonly kind: "index"; readonly dtype: "i32"; readonly index: string }
  /**
   * One element. `at` has one i32 expression per dimension; where it is not affine in the indices the read is a gather. `padded`: an affine read that is 0
   * outside the tensor; without it, a read outside is an error.
   */
  | { readonly kind: "read"; readonly dtype: Dtype; readonly tensor: string; readonly at: readonly Expr[]; readonly padded?: true }
  | { readonly kind: "op"; readonly dtype: Dtype; readonly op: ScalarOp; readonly args: readonly Expr[] }
  | { readonly kind: "cast"; readonly dtype: Dtype; readonly arg: Expr }
  /** Folds `body` over `over`, accumulating in dtype `acc`; the result is rounded to `dtype` once, at the end. An empty domain gives the identity. */
  | { readonly kind: "reduce"; readonly dtype: Dtype; readonly fn: ReduceFn; readonly acc: Dtype; readonly over: readonly Index[]; readonly body: Expr };

/** out[domain] = body. Writes the tensor called like the operator. `domain` may be [] (one scalar). */
export interface MapOperator {
  readonly kind: "map";
  readonly name: string;
  readonly domain: readonly Index[];
  readonly body: Expr;
}

/** For each index in order, each emit whose `when` holds appends one record. Writes the first `${name}.size` (i32 scalar) elements of `${name}.${field}` [bound]. */
export interface FlatMapOperator {
  readonly kind: "flatMap";
  readonly name: string;
  readonly domain: readonly Index[];
  readonly emits: readonly { readonly when: Expr; readonly fields: Readonly<Record<string, Expr>> }[];
  /** Upper bound of the number of records; exceeding it is an error. */
  readonly bound: number;
}

/** For each index where `when` holds, combines each field's value into slot `key` (0 <= key < keys, else an error). Writes `${name}.${field}` [keys]. */
export interface GroupByOperator {
  readonly kind: "groupBy";
  readonly name: string;
  readonly domain: readonly Index[];
  readonly when?: Expr;
  readonly key: Expr;
  readonly keys: number;
  readonly fields: readonly { readonly name: string; readonly fn: ReduceFn; readonly acc: Dtype; readonly dtype: Dtype; readonly value: Expr }[];
}

/** Prefix of `fn` along the last index of `domain`, from its identity in each row. */
export interface ScanOperator {
  readonly kind: "scan";
  readonly name: string;
  readonly domain: readonly Index[];
  readonly fn: ReduceFn;
  readonly acc: Dtype;
  readonly exclusive: boolean;
  readonly body: Expr;
}

/**
 * Sequential outer loop: `body` runs `times` times (or until the scalar bool tensor `until` is true, at most `times`); after each
 * round the tensor `from` of the body becomes the value of the loop-carried tensor `to`, which starts as a copy of `init`. Of what the body writes, only the
 * carried tensors can be read outside.
 */
export interface IterateOperator {
  readonly kind: "iterate";
  readonly name: string;
  readonly times: number;
  /** The number of the round, which bodies inside may use like an index of their own; its extent is `times`. */
  readonly round: Index;
  readonly until?: string;
  readonly carries: readonly { readonly to: string; readonly init: string; readonly from: string }[];
  readonly body: readonly Operator[];
}

/**
 * out[domain] = the element of `tensor` whose row-major number is `index` (i32, 0 <= index < elements, else an error). What a read at an index that is
 * itself data becomes (compile/gathers.ts); the builder writes reads.
 */
export interface GatherOperator {
  readonly kind: "gather";
  readonly name: string;
  readonly domain: readonly Index[];
  readonly tensor: string;
  readonly index: Expr;
}

/**
 * Numbers the distinct keys (any i32) among the indices where `when` holds, in the order in which they first appear: out[domain] = the number of the index's key, -1 where
 * `when` does not hold. More than `keys` distinct keys are an error.
 */
export interface HashOperator {
  readonly kind: "hash";
  readonly name: string;
  readonly domain: readonly Index[];
  readonly when?: Expr;
  readonly key: Expr;
  readonly keys: number;
}

export type Operator = MapOperator | FlatMapOperator | GroupByOperator | ScanOperator | IterateOperator | GatherOperator | HashOperator;

/** A whole program. Operators stand in an order in which each reads only inputs and tensors written before it. */
export interface Program {
  readonly schemaVersion: 1;
  readonly name: string;
  /** The parameters it was built with. */
  readonly params: Readonly<Record<string, number | string>>;
  /** Names of the tensors that come from outside. */
  readonly inputs: readonly string[];
  /** Every tensor: inputs, intermediates, outputs. */
  readonly tensors: readonly Tensor[];
  readonly operators: readonly Operator[];
  /** Output name -> tensor name. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly schedule?: Schedule;
}

/**
 * What the user pins; all else is the compiler's choice. Loops are named by the operator's position in its domain, folded ones behind those: `{ tile: { "c.0": 64 } }`. A
 * fold with a tile for its folded loop is cut (compile/tiles.ts): `c.part` makes the fold of each tile, and c adds those up, tile after tile.
 */
export interface Schedule {
  /** Loop name -> elements in a tile. Of a folded loop: a divisor of its extent. */
  readonly tile?: Readonly<Record<string, number>>;
  /** Loop name -> copies (outer loops, and folded loops that have a tile). */
  readonly par?: Readonly<Record<string, number>>;
  /** Loop name -> lanes that run along it: the innermost loop that the result keeps, or the innermost folded one. */
  readonly lanes?: Readonly<Record<string, number>>;
  /** Tensor -> tile buffers through which every reader takes it, one tile a turn of the outer loops; never streamed or merged into its reader. */
  readonly buffer?: Readonly<Record<string, number>>;
  /** Operators at which a new section begins: what stands before them in the program is never fused with them or what follows. */
  readonly cut?: readonly string[];
}

/** Row-major values of a tensor; element i of a bool is 0 or 1. Values are always representable in the tensor's dtype. */
export type Values = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array;
export type TensorValues = Readonly<Record<string, Values>>;
