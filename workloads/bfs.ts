/**
 * Breadth-first search from the node `source` over a list of edges, one level a round, until nothing changes: the number of edges to each node, -1 where it
 * cannot be reached within `levels` edges.
 */
import { add, constant, eq, fold, groupBy, input, iterate, lt, map, min, program, reduce, select, uniform } from "weft";

const parameters = { nodes: 65_536, edges: 524_288, source: { default: 0, min: 0, max: 2 ** 31 - 2 }, levels: 64 };

export default program("bfs", parameters, ({ nodes, edges, source, levels }) => {
  const from = input("from", "i32", [edges], { data: uniform(0, nodes - 1) });
  const to = input("to", "i32", [edges], { data: uniform(0, nodes - 1) });
  const unreached = levels + 1;
  const start = map("start", [nodes], (v) => select(eq(v, source), constant("i32", 0), unreached));
  const { level } = iterate("search", levels, { level: start }, ({ level }, round) => {
    const hop = groupBy("hop", [edges], (e) => ({
      when: eq(level.at(from.at(e)), round),
      key: to.at(e),
      keys: nodes,
      fields: { level: fold("min", add(round, 1)) },
    }));
    const next = map("next", [nodes], (v) => min(level.at(v), hop.level.at(v)));
    const done = map("done", [], () => reduce("and", [nodes], (v) => eq(next.at(v), level.at(v))));
    return { next: { level: next }, until: done };
  });
  return { level: map("levels", [nodes], (v) => select(lt(level.at(v), unreached), level.at(v), -1)) };
});
