/** Flights joined with their airports, by code: for each state they left from how many there were, how late and how many degrees to the north on average. */
import { cast, count, div, groupBy, input, map, max, program, sub, sum, uniform } from "weft";

export default program("join", { rows: 3_000_000, airports: 229, states: 57 }, ({ rows, airports, states }) => {
  const origin = input("origin", "i32", [rows], { data: uniform(0, airports - 1) });
  const destination = input("destination", "i32", [rows], { data: uniform(0, airports - 1) });
  const delay = input("delay", "i32", [rows], { data: uniform(-60, 180) });
  const state = input("state", "i32", [airports], { data: uniform(0, states - 1) });
  const latitude = input("latitude", "f32", [airports], { data: uniform(13, 71) });
  const group = groupBy("group", [rows], (i) => ({
    key: state.at(origin.at(i)),
    keys: states,
    fields: { flights: count(), delay: sum(delay.at(i)), north: sum(sub(latitude.at(destination.at(i)), latitude.at(origin.at(i)))) },
  }));
  const flights = map("flights", [states], (s) => cast("f32", max(group.flights.at(s), 1)));
  return {
    flights: group.flights,
    delay: map("delayMean", [states], (s) => div(cast("f32", group.delay.at(s)), flights.at(s))),
    north: map("northMean", [states], (s) => div(group.north.at(s), flights.at(s))),
  };
});
