/**
 * Flights joined with a table of airports by codes that are any numbers, at most `codes` different ones: airports and flights, one list after the other,
 * are grouped by a hash of the code. For each state how many flights left from it and how many minutes late in all. Flights from airports that the table
 * does not have are left out.
 */
import { constant, fold, ge, groupBy, hashBy, input, lt, program, select, sub, sum, uniform } from "weft";

export default program("hashjoin", { rows: 1_000_000, airports: 3376, states: 57, codes: 17_576 }, ({ rows, airports, states, codes }) => {
  const origin = input("origin", "i32", [rows], { data: uniform(0, codes - 1) });
  const delay = input("delay", "i32", [rows], { data: uniform(-60, 180) });
  const code = input("code", "i32", [airports], { data: uniform(0, codes - 1) });
  const state = input("state", "i32", [airports], { data: uniform(0, states - 1) });
  const place = hashBy(
    "place",
    [airports + rows],
    (i) => {
      const [known, flight] = [lt(i, airports), sub(i, airports)];
      return {
        key: select(known, code.padded(i), origin.padded(flight)),
        fields: {
          state: fold("max", select(known, state.padded(i), -1)),
          flights: sum(select(known, constant("i32", 0), 1)),
          delay: sum(select(known, 0, delay.padded(flight))),
        },
      };
    },
    { bound: Math.min(airports + rows, codes) },
  );
  const group = groupBy("group", [place], (p) => ({
    when: ge(place.at(p).state, 0),
    key: place.at(p).state,
    keys: states,
    fields: { flights: sum(place.at(p).flights), delay: sum(place.at(p).delay) },
  }));
  return { group };
});
