// Transcendental functions of registers.
//
// Those of floats are written out. The comment at each gives its largest error, in units in the last place of the exact
// result, over every 23rd float: with fused multiply-adds, then without. Results below 2.4e-38 may be 0. Coefficients
// are minimax fits of the relative error: by linear programming, each rounded to float in turn and the rest fitted
// again. Those of doubles ask the C library lane by lane.
#pragma once

#include "lanes.h"

namespace {

// terms[0] x^(N-1) + ... + terms[N-1]
template <int N> INLINE Reg<float> polynomial(Reg<float> x, const float (&terms)[N]) {
  Reg<float> sum = splat(terms[0]);
  for (int i = 1; i < N; ++i) sum = fma(sum, x, splat(terms[i]));
  return sum;
}

INLINE Reg<double> each_lane(Reg<double> x, double (*function)(double)) {
  for (int i = 0; i < WIDTH<double>; ++i) x[i] = function(x[i]);
  return x;
}

INLINE Reg<double> exp(Reg<double> x) { return each_lane(x, ::exp); }
INLINE Reg<double> expm1(Reg<double> x) { return each_lane(x, ::expm1); }
INLINE Reg<double> log(Reg<double> x) { return each_lane(x, ::log); }
INLINE Reg<double> log1p(Reg<double> x) { return each_lane(x, ::log1p); }
INLINE Reg<double> tanh(Reg<double> x) { return each_lane(x, ::tanh); }

// exp(x) = 2 half (1 + rest), half a power of two or 0
struct Exponential {
  Reg<float> half, rest;
};

// Of -87.3 <= x <= 89: at the lower end half is 0, at the upper one exp(x) is infinite.
INLINE Exponential exponential(Reg<float> x) {
  // Adding 1.5 2^23 leaves the nearest integer in the last bits, here with the exponent's bias added.
  const Reg<float> shift = splat(12582912.0f + 126.0f);
  const Reg<float> shifted = fma(x, splat(1.44269504f), shift);
  const Reg<float> n = shifted - shift;
  // The upper part of ln 2 has so few bits that n times it is exact.
  const Reg<float> r = fma(n, splat(-1.42860677e-6f), fma(n, splat(-0.693145752f), x));
  const Reg<float> q =
      polynomial(r, {1.387065742e-03f, 8.366261609e-03f, 4.166743532e-02f, 1.666654646e-01f, 4.999999702e-01f});
  return {number<float>(bits<float>(shifted) << 23), fma(r * r, q, r)};
}

INLINE Exponential exponential_of_any(Reg<float> x) {
  return exponential(at_least<float>(at_most<float>(x, splat(89.0f)), splat(-87.3f)));
}

// 1.1, 1.1
INLINE Reg<float> exp(Reg<float> x) {
  const Exponential e = exponential_of_any(x);
  const Reg<float> half = fma(e.half, e.rest, e.half);
  return half + half;
}

// 1.6, 1.7
INLINE Reg<float> expm1(Reg<float> x) {
  const Exponential e = exponential_of_any(x);
  const Reg<float> half = fma(e.half, e.rest, e.half - splat(0.5f));
  return with_sign<float>(half + half, x);
}

// a - b of the bits of any numbers at all, without overflow
INLINE Bits<float> difference(Bits<float> a, Bits<float> b) {
  typedef uint32_t Words __attribute__((vector_size(REGISTER)));
  return (Bits<float>)((Words)a - (Words)b);
}

// 2^n for what reduces a positive x to [sqrt(1/2), sqrt(2)), as the bits to take off its exponent
INLINE Bits<float> exponent(Reg<float> x) { return difference(bits<float>(x), Bits<float>{} + 0x3f3504f3) & ~0x7fffff; }

// n ln 2 + log1p(f), with n in the bits of an exponent and f in [sqrt(1/2) - 1, sqrt(2) - 1)
INLINE Reg<float> log_from(Bits<float> exponent, Reg<float> f) {
  const Reg<float> n = __builtin_convertvector(exponent >> 23, Reg<float>);
  const Reg<float> q =
      polynomial(f, {-7.619056851e-02f, 1.291294247e-01f, -1.324806809e-01f, 1.418085396e-01f, -1.660841107e-01f,
                     2.000200450e-01f, -2.500160933e-01f, 3.333332539e-01f, -4.999998808e-01f});
  return fma(n, splat(0.693145752f), fma(n, splat(1.42860677e-6f), fma(f * f, q, f)));
}

// log1p(x) of -1 < x < inf
INLINE Reg<float> finite_log1p(Reg<float> x) {
  const Bits<float> n = exponent(x + splat(1.0f));
  // f = x 2^-n + (2^-n - 1), the power as a quarter of one that is a normal number for n = 128 too
  const Reg<float> power = number<float>(difference(Bits<float>{} + 0x40800000, n));
  return log_from(n, number<float>(difference(bits<float>(x), n)) + fma(power, splat(0.25f), splat(-1.0f)));
}

// log(y) of any y, given what it is if 0 < y < inf
INLINE Reg<float> log_of_any(Reg<float> y, Reg<float> finite) {
  const Reg<float> infinity = splat(__builtin_inff());
  finite = select<float>(y < infinity, finite, y);
  const Reg<float> not_positive = select<float>(y < zero<float>(), splat(__builtin_nanf("")), -infinity);
  return select<float>(y <= zero<float>(), not_positive, finite);
}

// 1.0, 0.9
INLINE Reg<float> log(Reg<float> x) {
  const Bits<float> tiny = x < splat(1.17549435e-38f);
  const Reg<float> scaled = select<float>(tiny, x * splat(8388608.0f), x);
  const Bits<float> n = exponent(scaled);
  const Reg<float> f = number<float>(difference(bits<float>(scaled), n)) - splat(1.0f);
  return log_of_any(x, log_from(difference(n, tiny & (23 << 23)), f));
}

// 1.5, 1.5
INLINE Reg<float> log1p(Reg<float> x) {
  return with_sign<float>(log_of_any(x + splat(1.0f), finite_log1p(x)), x);
}

// (1 - q) / (1 + q) with q = exp(-2 |x|): 2.0, 2.0
INLINE Reg<float> tanh(Reg<float> x) {
  const Exponential q = exponential(at_least<float>(splat(-2.0f) * absolute<float>(x), splat(-87.3f)));
  const Reg<float> less = fma(q.half, q.rest, q.half - splat(0.5f));
  const Reg<float> more = fma(q.half, q.rest, q.half + splat(0.5f));
  return with_sign<float>(less / more, x);
}

// 1.7, 1.7
INLINE Reg<float> softplus(Reg<float> x) {
  return at_least<float>(x, zero<float>()) + finite_log1p(exp(-absolute<float>(x)));
}
INLINE Reg<double> softplus(Reg<double> x) {
  return at_least<double>(x, zero<double>()) + log1p(exp(-absolute<double>(x)));
}

// 1.7, 1.8
INLINE Reg<float> log_sigmoid(Reg<float> x) { return -softplus(-x); }
INLINE Reg<double> log_sigmoid(Reg<double> x) { return -softplus(-x); }

// 2.4, 2.4
INLINE Reg<float> sigmoid(Reg<float> x) { return splat(1.0f) / (splat(1.0f) + exp(-x)); }
INLINE Reg<double> sigmoid(Reg<double> x) { return splat(1.0) / (splat(1.0) + exp(-x)); }

// Of the standard normal: the probability below x, and the density there.
template <class T> struct Normal {
  Reg<T> below, density;
};

// below: 6.4 in the tail, where torch's (1 + erf) / 2 has lost all digits, and everywhere within 1.3e-7; density: 2.7.
// Without fused multiply-adds both grow in the tail, to 70 at -13.
INLINE Normal<float> normal(Reg<float> x) {
  const Reg<float> size = at_most<float>(absolute<float>(x), splat(15.0f));
  // exp(-x^2 / 2); what the square loses in rounding is put back where fma is one rounding
  const Reg<float> half = splat(-0.5f) * size;
  const Reg<float> square = half * size;
  const Reg<float> rough = exp(square);
  const Reg<float> e = fma(rough, fma(half, size, -square), rough);
  // the probability beyond, e P(size) / Q(size): a fit to 5e-9 on 0 .. 13.3
  const Reg<float> p =
      polynomial(size, {3.990835045e-03f, 3.979924694e-02f, 1.807775050e-01f, 4.350021482e-01f, 5.000000000e-01f});
  const Reg<float> q = polynomial(size, {1.000339352e-02f, 9.976944327e-02f, 4.629773796e-01f, 1.192334533e+00f,
                                         1.667889118e+00f, 1.000000000e+00f});
  const Reg<float> beyond = e * p / q;
  return {select<float>(x < zero<float>(), beyond, splat(1.0f) - beyond), splat(0.398942280f) * e};
}

// As torch computes them, with what cancels in the tail.
INLINE Normal<double> normal(Reg<double> x) {
  const Reg<double> inner = each_lane(x * splat(0.70710678118654752440), ::erf);
  return {splat(0.5) * (splat(1.0) + inner), splat(0.39894228040143267794) * exp(splat(-0.5) * x * x)};
}

}  // namespace
