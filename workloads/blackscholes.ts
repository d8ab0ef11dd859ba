/**
 * Black-Scholes prices of European options: `kind` 0 is a call, 1 a put. The normal distribution function is formula 26.2.17 of Abramowitz and
 * Stegun, "Handbook of Mathematical Functions", whose error is below 7.5e-8.
 */
import { abs, add, div, type Expr, eq, exp, input, log, lt, map, mul, neg, program, type Scalar, select, sqrt, sub, uniform } from "weft";

const coefficients = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153];

/** The probability that a standard normal variable is below x. */
function normalBelow(x: Expr): Expr {
  const t = div(1, add(mul(abs(x), 0.2316419), 1));
  const polynomial = mul(
    coefficients.reduce<Scalar>((sum, c) => add(mul(t, sum), c), 0),
    t,
  );
  const tail = mul(mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI)), polynomial);
  return select(lt(x, 0), tail, sub(1, tail));
}

export default program("blackscholes", { n: 1_000_000, dtype: "f32" }, ({ n, dtype }) => {
  const kind = input("kind", "i32", [n], { data: uniform(0, 1) });
  const spot = input("spot", dtype, [n], { data: uniform(10, 100) });
  const strike = input("strike", dtype, [n], { data: uniform(10, 100) });
  const rate = input("rate", dtype, [n], { data: uniform(0.01, 0.1) });
  const volatility = input("volatility", dtype, [n], { data: uniform(0.1, 0.6) });
  const years = input("years", dtype, [n], { data: uniform(0.1, 2) });
  return {
    price: map("price", [n], (i) => {
      const [s, k, r, v, t] = [spot.at(i), strike.at(i), rate.at(i), volatility.at(i), years.at(i)] as const;
      const spread = mul(v, sqrt(t));
      const d1 = div(add(log(div(s, k)), mul(add(r, mul(mul(v, v), 0.5)), t)), spread);
      const d2 = sub(d1, spread);
      const present = mul(k, exp(neg(mul(r, t))));
      const call = sub(mul(s, normalBelow(d1)), mul(present, normalBelow(d2)));
      const put = sub(mul(present, normalBelow(neg(d2))), mul(s, normalBelow(neg(d1))));
      return select(eq(kind.at(i), 1), put, call);
    }),
  };
});
