/** Layer normalisation: each row to mean 0 and variance 1, then scaled and shifted by column. */
import { add, div, input, map, mul, program, reduce, sqrt, sub } from "weft";

const epsilon = 1e-5;

export default program("layernorm", { rows: 4096, cols: 4096, dtype: "f32" }, ({ rows, cols, dtype }) => {
  const x = input("x", dtype, [rows, cols]);
  const scale = input("scale", dtype, [cols]);
  const shift = input("shift", dtype, [cols]);
  const mean = map("mean", [rows], (i) =>
    div(
      reduce("add", [cols], (j) => x.at(i, j)),
      cols,
    ),
  );
  const centred = map("centred", [rows, cols], (i, j) => sub(x.at(i, j), mean.at(i)));
  const variance = map("variance", [rows], (i) =>
    div(
      reduce("add", [cols], (j) => mul(centred.at(i, j), centred.at(i, j))),
      cols,
    ),
  );
  const deviation = map("deviation", [rows], (i) => sqrt(add(variance.at(i), epsilon)));
  return { y: map("y", [rows, cols], (i, j) => add(mul(div(centred.at(i, j), deviation.at(i)), scale.at(j)), shift.at(j))) };
});
