/**
 * TPC-H query 6: what revenue would have grown by, had the discounts of 5 to 7 % on small orders of 1994 not been given. Four i32 columns:
 * ship date in days since 1970-01-01, discount in hundredths, quantity, extended price in cents; value ranges of the TPC-H specification, 4.2.3.
 * Price times discount (ten-thousandths of a dollar, at most 7.4e7 for what is selected) fits an i32, their sum does not: it is accumulated in f32.
 */
import { and, cast, ge, input, le, lt, map, mul, program, reduce, select, uniform } from "weft";

/** 1994-01-01 and 1995-01-01. */
const [from, to] = [8766, 9131];

export default program("tpch-q6", { n: 6_400_000 }, ({ n }) => {
  const shipdate = input("shipdate", "i32", [n], { data: uniform(8037, 10561) });
  const discount = input("discount", "i32", [n], { data: uniform(0, 10) });
  const quantity = input("quantity", "i32", [n], { data: uniform(1, 50) });
  const price = input("extendedprice", "i32", [n], { data: uniform(90_000, 10_495_000) });
  return {
    revenue: map("revenue", [], () =>
      reduce("add", [n], (i) => {
        const inYear = and(ge(shipdate.at(i), from), lt(shipdate.at(i), to));
        const inDiscount = and(ge(discount.at(i), 5), le(discount.at(i), 7));
        const selected = and(inYear, inDiscount, lt(quantity.at(i), 24));
        return cast("f32", select(selected, mul(price.at(i), discount.at(i)), 0));
      }),
    ),
  };
});
