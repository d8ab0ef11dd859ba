/**
 * What the layers of encoder.ts and gpt.ts are made of. Tensors are [batch, position, column], and [batch, head, position, column of a head] by head. Every operator that
 * a framework would launch by itself is one here: a product of matrices and its bias are two.
 */

import { add, div, type Expr, exp, type Handle, input, map, mul, reduce, sqrt, sub } from "weft";
import { gelu } from "../gemm-gelu.ts";

const epsilon = 1e-5;

type Shape3 = readonly [number, number, number];
type Shape4 = readonly [number, number, number, number];

/** x w + bias, `width` columns from those of x: operators `nameProduct` and `name`. */
export function linear(name: string, x: Handle, width: number): Handle {
  const [batch, seq, columns] = x.tensor.shape as Shape3;
  const w = input(`${name}Weight`, x.tensor.dtype, [columns, width]);
  const bias = input(`${name}Bias`, x.tensor.dtype, [width]);
  const shape = [batch, seq, width];
  const product = map(`${name}Product`, shape, (b, i, c) => reduce("add", [columns], (k) => mul(x.at(b, i, k), w.at(k, c))));
  return map(name, shape, (b, i, c) => add(product.at(b, i, c), bias.at(c)));
}

/** The same by head. */
export function byHead(name: string, x: Handle, heads: number, dim: number): Handle {
  const [batch, seq, columns] = x.tensor.shape as Shape3;
  const w = input(`${name}Weight`, x.tensor.dtype, [columns, heads, dim]);
  const bias = input(`${name}Bias`, x.tensor.dtype, [heads, dim]);
  const shape = [batch, heads, seq, dim];
  const product = map(`${name}Product`, shape, (b, h, i, d) => reduce("add", [columns], (k) => mul(x.at(b, i, k), w.at(k, h, d))));
  return map(name, shape, (b, h, i, d) => add(product.at(b, h, i, d), bias.at(h, d)));
}

/** Scores of every query for every key: `scores`. */
export function scoresOf(query: Handle, keys: Handle): Handle {
  const [batch, heads, seq, dim] = query.tensor.shape as Shape4;
  const shape = [batch, heads, seq, keys.tensor.shape[2]!];
  return map("scores", shape, (b, h, i, j) => reduce("add", [dim], (d) => mul(query.at(b, h, i, d), keys.at(b, h, j, d))));
}

/** Each row's e^x over the sum of them: operators `max`, `e`, `sum` and `p`. */
export function softmax(x: Handle): Handle {
  const [batch, heads, seq, all] = x.tensor.shape as Shape4;
  const [rows, shape] = [[batch, heads, seq], x.tensor.shape];
  const max = map("max", rows, (b, h, i) => reduce("max", [all], (j) => x.at(b, h, i, j)));
  const e = map("e", shape, (b, h, i, j) => exp(sub(x.at(b, h, i, j), max.at(b, h, i))));
  const sum = map("sum", rows, (b, h, i) => reduce("add", [all], (j) => e.at(b, h, i, j)));
  return map("p", shape, (b, h, i, j) => div(e.at(b, h, i, j), sum.at(b, h, i)));
}

/** p values, with the heads' columns side by side, then the projection of them with its bias: operators `context`, `attendedProduct` and `attended`. */
export function attend(p: Handle, values: Handle, hidden: number): Handle {
  const [batch, heads, seq, all] = p.tensor.shape as Shape4;
  const [dtype, dim] = [p.tensor.dtype, values.tensor.shape[3]!];
  const context = map("context", [batch, seq, heads, dim], (b, i, h, d) => reduce("add", [all], (j) => mul(p.at(b, h, i, j), values.at(b, h, j, d))));
  const w = input("attendedWeight", dtype, [heads, dim, hidden]);
  const bias = input("attendedBias", dtype, [hidden]);
  const shape = [batch, seq, hidden];
  const product = map("attendedProduct", shape, (b, i, c) => reduce("add", [heads, dim], (h, d) => mul(context.at(b, i, h, d), w.at(h, d, c))));
  return map("attended", shape, (b, i, c) => add(product.at(b, i, c), bias.at(c)));
}

/** Each row to mean 0 and variance 1, scaled and shifted by column: operators `nameMean`, `nameCentred`, `nameVariance`, `nameDeviation` and `name`. */
export function layerNorm(name: string, x: Handle): Handle {
  const { dtype, shape } = x.tensor;
  const [batch, seq, columns] = shape as Shape3;
  const [scale, shift] = [input(`${name}Scale`, dtype, [columns]), input(`${name}Shift`, dtype, [columns])];
  const average = (body: (c: Expr) => Expr): Expr => div(reduce("add", [columns], body), columns);
  const mean = map(`${name}Mean`, [batch, seq], (b, i) => average((c) => x.at(b, i, c)));
  const centred = map(`${name}Centred`, shape, (b, i, c) => sub(x.at(b, i, c), mean.at(b, i)));
  const variance = map(`${name}Variance`, [batch, seq], (b, i) => average((c) => mul(centred.at(b, i, c), centred.at(b, i, c))));
  const deviation = map(`${name}Deviation`, [batch, seq], (b, i) => sqrt(add(variance.at(b, i), epsilon)));
  return map(name, shape, (b, i, c) => add(mul(div(centred.at(b, i, c), deviation.at(b, i)), scale.at(c)), shift.at(c)));
}

/** Two linear layers with GELU between them: operators `ffn1Product`, `ffn1`, `activated`, `ffn2Product` and `ffn2`. */
export function feedForward(x: Handle, ffn: number): Handle {
  const [batch, seq, hidden] = x.tensor.shape as Shape3;
  const inner = linear("ffn1", x, ffn);
  const activated = map("activated", [batch, seq, ffn], (b, i, c) => gelu(inner.at(b, i, c)));
  return linear("ffn2", activated, hidden);
}

/** x + y. */
export function residual(name: string, x: Handle, y: Handle): Handle {
  return map(name, x.tensor.shape, (b, i, c) => add(x.at(b, i, c), y.at(b, i, c)));
}
