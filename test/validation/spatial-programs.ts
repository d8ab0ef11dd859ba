/** Programs of the golden tests that are no workloads of their own: what Spatial's versions of MachSuite compute, operator by operator. */

import {
  add,
  and,
  constant,
  div,
  type Expr,
  eq,
  exp,
  gt,
  type Handle,
  input,
  iterate,
  lt,
  map,
  mul,
  neg,
  or,
  program,
  reduce,
  select,
  sigmoid,
  sqrt,
  sub,
} from "weft";

/** Seven points, the middle one by `centre` and its six neighbours by `around`; the faces of the box stay as they are. */
export const stencil3d = program("stencil3d", { height: 32, cols: 32, rows: 16 }, ({ height, cols, rows }) => {
  const x = input("x", "i32", [height, cols, rows]);
  const [centre, around] = [input("centre", "i32", []), input("around", "i32", [])];
  const inside = (i: Expr, extent: number) => and(gt(i, 0), lt(i, extent - 1));
  return {
    y: map("y", [height, cols, rows], (h, c, r) => {
      const along = [
        add(x.padded(sub(h, 1), c, r), x.padded(add(h, 1), c, r)),
        add(x.padded(h, sub(c, 1), r), x.padded(h, add(c, 1), r)),
        add(x.padded(h, c, sub(r, 1)), x.padded(h, c, add(r, 1))),
      ] as const;
      const sum = add(mul(centre, x.at(h, c, r)), mul(around, add(add(along[0], along[1]), along[2])));
      return select(and(inside(h, height), inside(c, cols), inside(r, rows)), sum, x.at(h, c, r));
    }),
  };
});

/** Lennard-Jones forces between the atoms of a block and those of the blocks around it, itself included. A slot at the origin is empty. */
export const mdGrid = program("md-grid", { side: 4, density: 10, dtype: "f64" }, ({ side, density, dtype }) => {
  const axes = ["x", "y", "z"].map((name) => input(name, dtype, [side, side, side, density]));
  const slots = [side, side, side, density];
  const filled = map("filled", slots, (...at) => or(...(axes.map((axis) => gt(axis.at(...at), 0)) as [Expr, Expr, Expr])));
  const force = (name: string, moved: number) =>
    map(name, slots, (...own) =>
      reduce("add", [3, 3, 3, density], (i, j, k, slot) => {
        const other = [...[i, j, k].map((step, d) => sub(add(own[d]!, step), 1)), slot];
        const [dx, dy, dz] = axes.map((axis) => sub(axis.at(...own), axis.padded(...other))) as [Expr, Expr, Expr];
        const square = add(add(mul(dx, dx), mul(dy, dy)), mul(dz, dz));
        const inverse = select(eq(square, 0), constant(dtype, 0), div(1, square));
        const sixth = mul(mul(inverse, inverse), inverse);
        const strength = mul(inverse, mul(sixth, sub(mul(sixth, 1.5), 2)));
        return select(and(filled.at(...own), filled.padded(...other)), mul([dx, dy, dz][moved]!, strength), 0);
      }),
    );
  return { fx: force("fx", 0), fy: force("fy", 1), fz: force("fz", 2) };
});

/** How often a word stands in a text. */
export const search = program("search", { n: 32_410, length: 4 }, ({ n, length }) => {
  const text = input("text", "i8", [n]);
  const word = input("word", "i8", [length]);
  const found = map("found", [n], (i) => reduce("and", [length], (k) => eq(text.padded(add(i, k)), word.at(k))));
  return { count: map("count", [], () => reduce("add", [n], (i) => select(found.at(i), constant("i32", 1), 0))) };
});

/**
 * MachSuite's training of a net with two hidden layers, one sample a round, as it is: the slope of the sigmoid is taken as z (1 - z) of its argument z,
 * the softmax is of negated activations, and after each step every weight matrix and bias is brought to norm 1.
 */
export const backprop = training("backprop", sigmoid, mul);

/** Spatial's version of it: a sigmoid of three straight lines, and a difference where the gradient of the middle weights has a product. */
export const backpropOfSpatial = training(
  "backprop-of-spatial",
  (z) => select(lt(z, -2), constant("f64", 0), select(lt(z, 2), add(mul(z, 0.25), 0.5), constant("f64", 1))),
  sub,
);

function training(name: string, active: (z: Expr) => Expr, middle: (activation: Expr, delta: Expr) => Expr) {
  const sizes = { features: 13, nodes: 64, classes: 3, samples: 163 };
  return program(name, sizes, ({ features, nodes, classes, samples }) => {
    const rate = 0.01;
    const dtype = "f64";
    const x = input("x", dtype, [samples, features]);
    const target = input("target", dtype, [samples, classes]);
    const init = {
      w1: input("weights1", dtype, [features, nodes]),
      w2: input("weights2", dtype, [nodes, nodes]),
      w3: input("weights3", dtype, [nodes, classes]),
      b1: input("bias1", dtype, [nodes]),
      b2: input("bias2", dtype, [nodes]),
      b3: input("bias3", dtype, [classes]),
    };
    return iterate("training", samples, init, ({ w1, w2, w3, b1, b2, b3 }, sample) => {
      const layer = (name: string, w: Handle, b: Handle, at: (i: Expr) => Expr) =>
        map(name, b.tensor.shape, (j) =>
          add(
            reduce("add", [w.tensor.shape[0]!], (i) => mul(w.at(i, j), at(i))),
            b.at(j),
          ),
        );
      const each = (name: string, z: Handle, of: (z: Expr) => Expr) => map(name, z.tensor.shape, (i) => of(z.at(i)));
      const z1 = layer("z1", w1, b1, (i) => x.at(sample, i));
      const a1 = each("a1", z1, active);
      const z2 = layer("z2", w2, b2, (i) => a1.at(i));
      const a2 = each("a2", z2, active);
      const z3 = layer("z3", w3, b3, (i) => a2.at(i));
      const a3 = each("a3", z3, active);

      const slope = (z: Expr) => mul(z, sub(1, z));
      const sum = map("sum", [], () => reduce("add", [classes], (i) => exp(neg(a3.at(i)))));
      const d3 = map("d3", [classes], (i) => mul(neg(sub(div(exp(neg(a3.at(i))), sum), target.at(sample, i))), slope(z3.at(i))));
      const d2 = map("d2", [nodes], (i) =>
        mul(
          slope(z2.at(i)),
          reduce("add", [classes], (j) => mul(d3.at(j), w3.at(i, j))),
        ),
      );
      const d1 = map("d1", [nodes], (i) =>
        mul(
          slope(z1.at(i)),
          reduce("add", [nodes], (j) => mul(d2.at(j), w2.at(i, j))),
        ),
      );

      const moved = (name: string, old: Handle, step: (...at: Expr[]) => Expr) => {
        const by = map(`${name}Moved`, old.tensor.shape, (...at) => sub(old.at(...at), mul(step(...at), rate)));
        const norm = map(`${name}Norm`, [], () => sqrt(reduce("add", old.tensor.shape, (...at) => mul(by.at(...at), by.at(...at)))));
        return map(`${name}Next`, old.tensor.shape, (...at) => div(by.at(...at), norm));
      };
      return {
        next: {
          w1: moved("w1", w1, (i, j) => mul(d1.at(j!), x.at(sample, i!))),
          w2: moved("w2", w2, (i, j) => middle(a1.at(i!), d2.at(j!))),
          w3: moved("w3", w3, (i, j) => mul(a2.at(i!), d3.at(j!))),
          b1: moved("b1", b1, (j) => d1.at(j!)),
          b2: moved("b2", b2, (j) => d2.at(j!)),
          b3: moved("b3", b3, (j) => d3.at(j!)),
        },
      };
    });
  });
}
