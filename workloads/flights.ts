/** Flights that left late, by airport: how many, and by how many minutes on average. */
import { cast, count, div, filter, groupBy, gt, input, map, max, program, sum, uniform } from "weft";

const parameters = { rows: 3_000_000, origins: 229, late: { default: 15, min: -2000, max: 2000 } };

export default program("flights", parameters, ({ rows, origins, late }) => {
  const delay = input("delay", "i32", [rows], { data: uniform(-60, 180) });
  const origin = input("origin", "i32", [rows], { data: uniform(0, origins - 1) });
  const delayed = filter("delayed", [rows], (i) => ({ when: gt(delay.at(i), late), fields: { origin: origin.at(i), delay: delay.at(i) } }));
  const group = groupBy("group", [delayed], (i) => ({
    key: delayed.at(i).origin,
    keys: origins,
    fields: { count: count(), sum: sum(delayed.at(i).delay) },
  }));
  const mean = map("mean", [origins], (o) => div(cast("f32", group.sum.at(o)), cast("f32", max(group.count.at(o), 1))));
  return { count: group.count, sum: group.sum, mean };
});
