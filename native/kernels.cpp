// The kernels, compiled once for each instruction set: FALLLINE_SET names the table.

#include "kernels.h"

#include "activations.h"
#include "lanes.h"
#include "learning.h"
#include "losses.h"
#include "optimizers.h"
#include "products.h"

namespace {

template <class T>
void drop(T* values, T* slopes, int stride, int rows, int units, const uint32_t* bits, bool shared, const uint32_t* thresholds, const T* scale) {
  constexpr int GROUP = fallline::LANES<T>;
  for (int row = 0; row < rows; row++)
    for (int unit = 0; unit < units; unit++) {
      const int64_t at = (int64_t(row) * stride + unit) * GROUP;
      for (int lane = 0; lane < GROUP; lane++) {
        const T factor = (shared ? *bits : bits[lane]) >= thresholds[lane] ? scale[lane] : T(0);
        values[at + lane] *= factor;
        slopes[at + lane] *= factor;
      }
      bits += shared ? 1 : GROUP;
    }
}

double multiply_adds(long count) {
  constexpr int CHAINS = 12;  // enough to hide the latency
  Reg<float> sums[CHAINS];
  for (int chain = 0; chain < CHAINS; chain++) sums[chain] = splat<float>(0.1f * float(chain));  // no two are the same sum
  const Reg<float> factor = splat<float>(0.999f), term = splat<float>(1e-3f);
  for (long i = 0; i < count / CHAINS; i++)
#pragma GCC unroll 12
    for (int chain = 0; chain < CHAINS; chain++) sums[chain] = fma(sums[chain], factor, term);
  double total = 0;
  for (int chain = 0; chain < CHAINS; chain++)
    for (int lane = 0; lane < WIDTH<float>; lane++) total += double(sums[chain][lane]);
  return total;
}

template <class T> constexpr fallline::Kernels<T> kernels() {
  return {forward<T>, backward<T>, gradient<T>, learn<T>, bias_gradient<T>, activate<T>, drop<T>,
          loss<T>,    mass<T>,     update<T>,   squares<T>, scale<T>,        clamp<T>,    spread<T>, gather<T>};
}

}  // namespace

#define NAME_OF(set) #set
#define NAME(set) NAME_OF(set)

namespace fallline {

const InstructionSet FALLLINE_SET = {NAME(FALLLINE_SET), REGISTER, kernels<float>(), kernels<double>(), multiply_adds};

}  // namespace fallline
