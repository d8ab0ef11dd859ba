/** PIR's TPCHQ6: tiles of four columns are loaded side by side; the sum of price times discount over the records that are selected, in i32. */
import { and, ge, input, le, lt, map, mul, program, reduce, select, uniform } from "weft";

const [from, to] = [8766, 9131];

export default program(
  "pir-tpch-q6",
  { n: 1024, ts: 64, op: 1, ip: 1 },
  ({ n }) => {
    const dates = input("dates", "i32", [n], { data: uniform(8037, 10561) });
    const discounts = input("discounts", "i32", [n], { data: uniform(0, 10) });
    const quantities = input("quantities", "i32", [n], { data: uniform(1, 50) });
    const prices = input("prices", "i32", [n], { data: uniform(900, 104_950) });
    const revenue = map(
      "revenue",
      [],
      () =>
        reduce("add", [n], (i) => {
          const inYear = and(ge(dates.at(i), from), lt(dates.at(i), to));
          const inDiscount = and(ge(discounts.at(i), 5), le(discounts.at(i), 7));
          return select(and(inYear, inDiscount, lt(quantities.at(i), 24)), mul(prices.at(i), discounts.at(i)), 0);
        }),
      { tier: "sram" },
    );
    return { revenue };
  },
  ({ ts, op, ip }) => ({
    tile: { "revenue.0": ts },
    par: { "revenue.0": op },
    lanes: { "revenue.0": ip },
    buffer: { dates: 2, discounts: 2, quantities: 2, prices: 2 },
  }),
);
