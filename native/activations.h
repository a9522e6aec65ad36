// Activations: a pass over values [row][unit] that lie in the cache, chosen outside its loops.
//
// Slopes are those that torch's backward takes, at kinks too.
#pragma once

#include "kernels.h"
#include "lanes.h"
#include "functions.h"

namespace {

template <class T> struct Activated {
  Reg<T> value, slope;
};

template <bool WITH_SLOPES, class T, class F>
INLINE void pass(T* values, T* slopes, int stride, int rows, int units, F activated) {
  constexpr int LANES = fallline::LANES<T>;
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < units * LANES; i += WIDTH<T>) {
      const Activated<T> result = activated(load(values + i), i % LANES);
      store<T>(values + i, result.value);
      if constexpr (WITH_SLOPES) store<T>(slopes + i, result.slope);
    }
    values += stride * LANES;
    if constexpr (WITH_SLOPES) slopes += stride * LANES;
  }
}

template <class T> INLINE Activated<T> clamped(Reg<T> z, Reg<T> low, Reg<T> high) {
  const Bits<T> between = (z > low) & (z < high);
  return {at_most<T>(at_least<T>(z, low), high), select<T>(between, splat<T>(1), zero<T>())};
}

// z above 0, alpha expm1(rate z) below
template <class T> INLINE Activated<T> exponential_below(Reg<T> z, Reg<T> alpha, Reg<T> rate) {
  const Bits<T> above = z > zero<T>();
  return {select<T>(above, z, alpha * expm1(z * rate)), select<T>(above, splat<T>(1), alpha * rate * exp(z * rate))};
}

// The sigmoid and its slope, to full precision at both ends, by the exponential that softplus takes too.
template <class T> INLINE Activated<T> logistic(Reg<T> x) {
  const Reg<T> one = splat<T>(1), e = exp(-absolute<T>(x)), inverse = one / (one + e);
  return {select<T>(x > zero<T>(), one, e) * inverse, e * inverse * inverse};
}

// z sigmoid(2u), u = sqrt(2 / pi) (z + 0.044715 z^3): torch's z (1 + tanh(u)) / 2 without its cancellation
template <class T> INLINE Activated<T> gelu_tanh(Reg<T> z) {
  const Reg<T> rate = splat(T(1.59576912160573071176)), one = splat<T>(1), cubic = splat(T(0.044715)) * z * z;
  const Activated<T> share = logistic<T>(rate * (z + cubic * z));
  return {z * share.value, share.value + z * share.slope * rate * (one + splat<T>(3) * cubic)};
}

// With k = exp(-|z|): tanh(softplus(z)) is n / d, where n = k^2 + 2k and d = n + 2 below 0, n = 1 + 2k and
// d = n + 2k^2 above. Its slope is 4k (1 + k) / d^2 below 0, 4k^2 (1 + k) / d^2 above.
template <class T> INLINE Activated<T> mish(Reg<T> z) {
  const Reg<T> one = splat<T>(1), k = exp(-absolute<T>(z));
  const Bits<T> above = z > zero<T>();
  const Reg<T> n = select<T>(above, one, k * k) + (k + k), unit = select<T>(above, k * k, one);
  const Reg<T> inverse = one / (n + (unit + unit)), t = n * inverse;
  return {z * t, t + z * (splat<T>(4) * k * select<T>(above, k, one) * (one + k) * inverse * inverse)};
}

template <class T>
__attribute__((flatten)) void activate(fallline::Activation kind, T* values, T* slopes, int stride, int rows, int units,
                                       const T* options) {
  using fallline::Activation;
  using R = Reg<T>;
  using A = Activated<T>;
  const R none = zero<T>(), one = splat<T>(1);
  const auto option = [options](int which, int lane) { return load(options + which * fallline::LANES<T> + lane); };
  const auto each = [=](auto activated) {
    if (slopes) {
      pass<true>(values, slopes, stride, rows, units, activated);
    } else {
      pass<false>(values, slopes, stride, rows, units, activated);
    }
  };
  switch (kind) {
    case Activation::identity:
      if (slopes) each([=](R z, int) -> A { return {z, one}; });
      return;
    case Activation::relu:
      return each([=](R z, int) -> A { return {at_least<T>(z, none), select<T>(z <= none, none, one)}; });
    case Activation::leaky_relu:
      return each([=](R z, int lane) -> A {
        const R slope = select<T>(z > none, one, option(0, lane));
        return {z * slope, slope};
      });
    case Activation::relu6:
      return each([=](R z, int) -> A { return clamped<T>(z, none, splat<T>(6)); });
    case Activation::hardtanh:
      return each([=](R z, int lane) -> A { return clamped<T>(z, option(0, lane), option(1, lane)); });
    case Activation::hardsigmoid:
      return each([=](R z, int) -> A {
        const R three = splat<T>(3), six = splat<T>(6), sixth = splat<T>(1.0f / 6.0f);  // torch's float, of doubles too
        return {clamped<T>(z + three, none, six).value / six, clamped<T>(z, -three, three).slope * sixth};
      });
    case Activation::hardshrink:
      return each([=](R z, int lane) -> A {
        const R size = absolute<T>(z), end = option(0, lane);
        return {select<T>(size <= end, none, z), select<T>(size > end, one, none)};
      });
    case Activation::softshrink:
      return each([=](R z, int lane) -> A {
        const R size = absolute<T>(z), end = option(0, lane);
        return {select<T>(size <= end, none, z - with_sign<T>(end, z)), select<T>(size > end, one, none)};
      });
    case Activation::threshold:
      return each([=](R z, int lane) -> A {
        const Bits<T> replaced = z <= option(0, lane);
        return {select<T>(replaced, option(1, lane), z), select<T>(replaced, none, one)};
      });
    case Activation::elu:
      return each([=](R z, int lane) -> A { return exponential_below<T>(z, option(0, lane), one); });
    case Activation::celu:
      // torch's backward takes alpha as a float: where it is none, float64 slopes differ by 3e-8
      return each([=](R z, int lane) -> A { return exponential_below<T>(z, option(0, lane), one / option(0, lane)); });
    case Activation::selu:
      return each([=](R z, int) -> A {
        const R scale = splat(T(1.0507009873554804934193349852946));
        const A elu = exponential_below<T>(z, splat(T(1.6732632423543772848170429916717)), one);
        return {scale * elu.value, scale * elu.slope};
      });
    case Activation::gelu:
      return each([=](R z, int) -> A {
        const Normal<T> probability = normal(z);
        return {z * probability.below, probability.below + z * probability.density};
      });
    case Activation::gelu_tanh:
      return each([=](R z, int) -> A { return gelu_tanh<T>(z); });
    case Activation::silu:
      return each([=](R z, int) -> A {
        const R s = sigmoid(z);
        return {z * s, s * (one + z * (one - s))};
      });
    case Activation::mish:
      return each([=](R z, int) -> A { return mish<T>(z); });
    case Activation::hardswish:
      return each([=](R z, int) -> A {
        const R three = splat<T>(3), six = splat<T>(6), middle = z / three + splat(T(0.5));
        return {z * clamped<T>(z + three, none, six).value / six,
                select<T>(z >= three, one, select<T>(z <= -three, none, middle))};
      });
    case Activation::softplus:
      return each([=](R z, int lane) -> A {
        const R beta = option(0, lane), x = z * beta;
        const Bits<T> straight = x > option(1, lane);
        return {select<T>(straight, z, softplus(x) / beta), select<T>(straight, one, logistic<T>(x).value)};
      });
    case Activation::log_sigmoid:
      return each([=](R z, int) -> A { return {log_sigmoid(z), logistic<T>(-z).value}; });
    case Activation::tanh:
      return each([=](R z, int) -> A {
        const R t = tanh(z);
        return {t, one - t * t};
      });
    case Activation::sigmoid:
      return each([=](R z, int) -> A {
        const R s = sigmoid(z);
        return {s, s * (one - s)};
      });
    case Activation::softsign:
      return each([=](R z, int) -> A {
        const R size = one + absolute<T>(z), inverse = one / size;
        return {z / size, inverse * inverse};
      });
    case Activation::tanhshrink:
      return each([=](R z, int) -> A {
        const R t = tanh(z);
        return {z - t, t * t};
      });
  }
}

}  // namespace
