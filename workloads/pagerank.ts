/** PageRank over a list of edges, damping 0.85: each node shares its rank among the nodes it points to. The rank of nodes that point nowhere is lost. */
import { add, cast, constant, count, div, groupBy, input, iterate, map, max, mul, program, sum, uniform } from "weft";

const damping = 0.85;

export default program("pagerank", { nodes: 65_536, edges: 1_048_576, iterations: 20 }, ({ nodes, edges, iterations }) => {
  const from = input("from", "i32", [edges], { data: uniform(0, nodes - 1) });
  const to = input("to", "i32", [edges], { data: uniform(0, nodes - 1) });
  const degree = groupBy("degree", [edges], (e) => ({ key: from.at(e), keys: nodes, fields: { count: count() } }));
  const start = map("start", [nodes], () => constant("f32", 1 / nodes));
  const { rank } = iterate("power", iterations, { rank: start }, ({ rank }) => {
    const share = map("share", [nodes], (v) => div(rank.at(v), cast("f32", max(degree.count.at(v), 1))));
    const got = groupBy("got", [edges], (e) => ({ key: to.at(e), keys: nodes, fields: { sum: sum(share.at(from.at(e))) } }));
    return { next: { rank: map("ranked", [nodes], (v) => add(mul(got.sum.at(v), damping), (1 - damping) / nodes)) } };
  });
  return { rank };
});
