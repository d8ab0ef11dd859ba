/** PIR's OuterProduct: tiles of a, and for each of them tiles of b, are loaded; a tile of the product is made on `ip1` lanes and stored on `ip`. */
import { input, map, mul, program } from "weft";

export default program(
  "pir-outer-product",
  { m: 256, n: 256, ts1: 64, ts2: 32, op1: 1, op2: 1, ip1: 16, ip: 16 },
  ({ m, n }) => {
    const a = input("a", "i32", [m]);
    const b = input("b", "i32", [n]);
    const product = map("product", [m, n], (i, j) => mul(a.at(i), b.at(j)));
    return { c: map("c", [m, n], (i, j) => product.at(i, j)) };
  },
  ({ ts1, ts2, op1, op2, ip1, ip }) => ({
    tile: { "c.0": ts1, "c.1": ts2 },
    par: { "c.0": op1, "c.1": op2 },
    lanes: { "product.1": ip1, "c.1": ip },
    buffer: { a: 2, b: 2, product: 2 },
  }),
);
