/** Molecular dynamics: the Lennard-Jones force on each atom from its listed neighbours (as in MachSuite). An atom does not act on itself. */
import { add, constant, div, eq, type Handle, input, map, mul, program, reduce, select, sub, uniform } from "weft";

const [repulsion, attraction] = [1.5, 2];

export default program("md-knn", { atoms: 256, neighbours: 16, dtype: "f32" }, ({ atoms, neighbours, dtype }) => {
  const position = (name: string) => input(name, dtype, [atoms], { data: uniform(0, 20) });
  const [x, y, z] = [position("x"), position("y"), position("z")];
  const neighbour = input("neighbour", "i32", [atoms, neighbours], { data: uniform(0, atoms - 1) });
  const apart = (name: string, axis: Handle) => map(name, [atoms, neighbours], (i, k) => sub(axis.at(i), axis.at(neighbour.at(i, k))));
  const [dx, dy, dz] = [apart("dx", x), apart("dy", y), apart("dz", z)];
  const strength = map("strength", [atoms, neighbours], (i, k) => {
    const square = add(add(mul(dx.at(i, k), dx.at(i, k)), mul(dy.at(i, k), dy.at(i, k))), mul(dz.at(i, k), dz.at(i, k)));
    const inverse = select(eq(square, 0), constant(dtype, 0), div(1, square));
    const sixth = mul(mul(inverse, inverse), inverse);
    return mul(inverse, mul(sixth, sub(mul(sixth, repulsion), attraction)));
  });
  const force = (name: string, d: Handle) => map(name, [atoms], (i) => reduce("add", [neighbours], (k) => mul(d.at(i, k), strength.at(i, k))));
  return { fx: force("fx", dx), fy: force("fy", dy), fz: force("fz", dz) };
});
