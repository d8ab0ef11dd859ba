/**
 * Fourier transform of n complex numbers, filled up with zeros to a power of two, radix 2, in natural order (Stockham's form). Twiddle k is the cosine and
 * sine of -2 pi k / size. Each round turns pairs that are half the size apart into pairs that are `span` apart.
 */
import { add, constant, div, type Expr, eq, type Handle, input, iterate, map, mod, mul, program, select, sub } from "weft";

export default program("fft", { n: 1024, dtype: "f32" }, ({ n, dtype }) => {
  const rounds = Math.max(1, Math.ceil(Math.log2(n)));
  const [size, half] = [2 ** rounds, 2 ** (rounds - 1)];
  const [real, imaginary] = [input("real", dtype, [n]), input("imaginary", dtype, [n])];
  const [cos, sin] = [input("cos", dtype, [half]), input("sin", dtype, [half])];
  const init = {
    re: map("re", [size], (i) => real.padded(i)),
    im: map("im", [size], (i) => imaginary.padded(i)),
    span: map("one", [], () => constant("i32", 1)),
  };
  const { re, im } = iterate("rounds", rounds, init, ({ re, im, span }) => {
    const twiddle = map("twiddle", [size], (i) => mul(div(i, mul(span, 2)), span));
    const low = map("low", [size], (i) => add(twiddle.at(i), mod(i, span)));
    const butterfly = (name: string, own: Handle, turn: (re: Expr, im: Expr, cos: Expr, sin: Expr) => Expr) =>
      map(name, [size], (i) => {
        const difference = (x: Handle) => sub(x.at(low.at(i)), x.at(add(low.at(i), half)));
        const sum = add(own.at(low.at(i)), own.at(add(low.at(i), half)));
        const turned = turn(difference(re), difference(im), cos.at(twiddle.at(i)), sin.at(twiddle.at(i)));
        return select(eq(mod(div(i, span), 2), 0), sum, turned);
      });
    const nextRe = butterfly("nextRe", re, (a, b, c, s) => sub(mul(a, c), mul(b, s)));
    const nextIm = butterfly("nextIm", im, (a, b, c, s) => add(mul(a, s), mul(b, c)));
    return { next: { re: nextRe, im: nextIm, span: map("nextSpan", [], () => mul(span, 2)) } };
  });
  return { re, im };
});
