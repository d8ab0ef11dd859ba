/**
 * PIR's GDA: the sum over rows of the outer product of each row, less the mean of its class, with itself. `op` tiles of rows and in each `mp1` rows side by side, `ip` lanes. PIR's
 * loops over tiles of rows and over the rows of a tile are one here, of as many copies.
 */
import { eq, input, map, mul, program, reduce, select, sub, uniform } from "weft";

export default program(
  "pir-gda",
  { c: 128, r: 256, op: 1, mp1: 1, ip: 16 },
  ({ c, r }) => {
    const x = input("x", "f32", [r, c]);
    const y = input("y", "i32", [r], { data: uniform(0, 1) });
    const mu0 = input("mu0", "f32", [c]);
    const mu1 = input("mu1", "f32", [c]);
    const centred = map("centred", [r, c], (rr, cc) => sub(x.at(rr, cc), select(eq(y.at(rr), 1), mu1.at(cc), mu0.at(cc))));
    return { sigma: map("sigma", [c, c], (i, j) => reduce("add", [r], (rr) => mul(centred.at(rr, i), centred.at(rr, j)))) };
  },
  ({ op, mp1, ip }) => ({
    tile: { "sigma.2": 1 },
    par: { "sigma.2": op * mp1 },
    lanes: { "centred.1": ip, "sigma.1": ip },
    buffer: { x: 2, centred: 2, "sigma.part": 2 },
  }),
);
