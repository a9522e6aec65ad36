// Losses of a few rows, and their slopes by the outputs of the last layer, through the head that a loss wants.
//
// What src/fallline/catalogue/criteria.py says, and torch where that says no more: which side a corner belongs to, where
// a logarithm is cut off. One thing is not as in torch: what is no number makes the losses with margins none either,
// where torch's multi_margin and multilabel_margin leave it out and are 0.
#pragma once

#include <float.h>
#include <stdlib.h>

#include "kernels.h"
#include "lanes.h"
#include "functions.h"

namespace {

namespace losses {

using fallline::LANES;
using fallline::Loss;
using fallline::LossCall;

template <class T> constexpr T TINY = sizeof(T) == 4 ? T(FLT_MIN) : T(DBL_MIN);
constexpr double PI = 3.14159265358979323846;
constexpr int ROWS_AT_ONCE = 64;  // are summed on their own: a sum of sums loses less

// A loss and its derivative.
template <class T> struct Point {
  Reg<T> value, slope;
};

// A row, as far as one register goes.
template <class T> struct Row {
  T* outputs;        // [unit]
  const T* targets;  // [column]
  const T* options;
  Reg<T> factor;  // what slopes are multiplied by

  INLINE Reg<T> output(int unit) const { return load(outputs + unit * LANES<T>); }
  INLINE Reg<T> target(int column) const { return load(targets + column * LANES<T>); }
  INLINE Reg<T> option(int which) const { return load(options + which * LANES<T>); }
  INLINE void put(int unit, Reg<T> value) const { store(outputs + unit * LANES<T>, value); }
};

// `loss_of(row)` gives the loss of a row and turns its outputs into slopes times its factor.
template <class T, class Rule> INLINE void over_rows(const LossCall<T>& call, Rule loss_of) {
  for (int lane = 0; lane < LANES<T>; lane += WIDTH<T>) {
    const Reg<T> scale = call.scale ? load(call.scale + lane) : zero<T>();
    Reg<T> sum = zero<T>();
    for (int start = 0; start < call.rows; start += ROWS_AT_ONCE) {
      const int end = call.rows - start < ROWS_AT_ONCE ? call.rows : start + ROWS_AT_ONCE;
      Reg<T> some = zero<T>();
      for (int64_t row = start; row < end; row++) {
        const Reg<T> weight = call.weights ? load(call.weights + row * LANES<T> + lane) : splat<T>(1);
        some = fma(weight,
                   loss_of(Row<T>{call.outputs + row * call.stride * LANES<T> + lane,
                                  call.targets + row * call.columns * LANES<T> + lane, call.options + lane, weight * scale}),
                   some);
      }
      sum += some;
    }
    store(call.sum + lane, sum);
  }
}

// --- losses of one output and one target ---------------------------------------------------------------

// OPTIONS: how many options each column has to itself.
template <template <class> class Rule, int OPTIONS = 0, class T> void elementwise(const LossCall<T>& call) {
  over_rows(call, [&](const Row<T>& row) {
    Reg<T> sum = zero<T>();
    for (int column = 0; column < call.columns; column++) {
      const Point<T> at = Rule<T>::at(row.output(column), row.target(column), row.options + column * OPTIONS * LANES<T>);
      row.put(column, at.slope * row.factor);
      sum += at.value;
    }
    return sum;
  });
}

// log(1 + e^z), by torch z itself above 20.
template <class T> INLINE Point<T> positive(Reg<T> z) {
  const Bits<T> straight = z > T(20);
  const Reg<T> e = exp(z);
  return {select<T>(straight, z, log1p(e)), select<T>(straight, splat<T>(1), e / (T(1) + e))};
}

// The probabilities of yes and of no that a logit means, each exact where it is small, and their logarithms.
template <class T> struct Answer {
  Reg<T> yes, no, log_yes, log_no;
};
template <class T> INLINE Answer<T> answer(Reg<T> z) {
  const Reg<T> e = exp(-absolute<T>(z)), far = T(1) / (T(1) + e), near = e * far, tail = log1p(e);
  const Bits<T> below = z < zero<T>();
  return {select<T>(below, near, far), select<T>(below, far, near), at_most<T>(z, zero<T>()) - tail,
          at_most<T>(-z, zero<T>()) - tail};
}

// log y! by Stirling, which torch adds from counts of 2 on
template <class T> INLINE Reg<T> stirling(Reg<T> y) {
  return select<T>(y > T(1), y * log(y) - y + T(0.5) * log(T(2 * PI) * y), zero<T>());
}

template <class T> struct Squared {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T*) {
    const Reg<T> error = z - y;
    return {error * error, error + error};
  }
};

template <class T> struct Absolute {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T*) {
    const Reg<T> error = z - y;
    return {absolute<T>(error), sign<T>(error)};
  }
};

template <class T> struct SmoothL1 {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T* option) {
    const Reg<T> beta = load(option), error = z - y, size = absolute<T>(error);
    const Bits<T> near = size < beta;
    return {select<T>(near, T(0.5) * size * size / beta, size - T(0.5) * beta),
            select<T>(near, error / beta, sign<T>(error))};
  }
};

template <class T> struct Huber {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T* option) {
    const Reg<T> delta = load(option), error = z - y, size = absolute<T>(error);
    const Bits<T> near = size <= delta;
    return {select<T>(near, T(0.5) * size * size, delta * (size - T(0.5) * delta)),
            select<T>(near, error, with_sign<T>(delta, error))};
  }
};

template <class T> struct LogCosh {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T*) {
    const Reg<T> error = z - y, size = absolute<T>(error), e = exp(T(-2) * size);
    return {size + log1p(e) - T(0.69314718055994530942), with_sign<T>((T(1) - e) / (T(1) + e), error)};
  }
};

// On target autograd halves the slopes of both sides.
template <class T> struct Quantile {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T* option) {
    const Reg<T> q = load(option), below = y - z;
    const Reg<T> share = select<T>(below > zero<T>(), q, q - T(1));
    return {share * below, select<T>(below == zero<T>(), T(0.5) - q, -share)};
  }
};

template <bool FULL> struct Poisson {
  template <class T> struct Log {
    static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T*) {
      const Reg<T> rate = exp(z), value = rate - y * z;
      return {FULL ? value + stirling<T>(y) : value, rate - y};
    }
  };
  template <class T> struct Rate {
    static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T* option) {
      const Point<T> rate = positive<T>(z);
      const Reg<T> above = rate.value + load(option), value = rate.value - y * log(above);
      return {FULL ? value + stirling<T>(y) : value, (T(1) - y / above) * rate.slope};
    }
  };
};

template <class T> struct BceWithLogits {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T* option) {
    const Answer<T> p = answer<T>(z);
    const Reg<T> weight = load(option), both = fma(weight - T(1), y, splat<T>(1));  // 1 - y + weight y
    return {(T(1) - y) * z - both * p.log_yes, both * p.yes - weight * y};
  }
};

// The probability is rounded before it is compared, as after a head of its own; torch has its 1e-12 as a float.
template <class T> struct Bce {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T*) {
    const Reg<T> p = sigmoid(z), low = splat<T>(-100), spread = (T(1) - p) * p;
    return {(y - T(1)) * at_least<T>(log1p(-p), low) - y * at_least<T>(log(p), low),
            (p - y) / at_least<T>(spread, splat<T>(1e-12f)) * spread};
  }
};

template <class T> struct SoftMargin {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T*) {
    const Point<T> loss = positive<T>(-y * z);
    return {loss.value, -y * loss.slope};
  }
};

template <class T> struct HingeEmbedding {
  static INLINE Point<T> at(Reg<T> z, Reg<T> y, const T* option) {
    const Point<T> distance = positive<T>(z);
    const Reg<T> lack = load(option) - distance.value;
    const Bits<T> yes = y != T(-1), no = y != T(1);
    return {select<T>(no, at_least<T>(lack, zero<T>()), zero<T>()) + select<T>(yes, distance.value, zero<T>()),
            select<T>(yes, distance.slope, zero<T>()) - select<T>(no & (lack >= zero<T>()), distance.slope, zero<T>())};
  }
};

// --- losses of a row -----------------------------------------------------------------------------------

// Below eps the variance counts as eps, and its slope as if it were not cut off.
template <class T> void gaussian_nll(const LossCall<T>& call) {
  const T constant = call.full ? T(0.91893853320467274178) : T(0);  // log(2 pi) / 2
  over_rows(call, [&](const Row<T>& row) {
    Reg<T> sum = zero<T>();
    for (int column = 0; column < call.columns; column++) {
      const Point<T> spread = positive<T>(row.output(call.columns + column));
      const Reg<T> variance = at_least<T>(spread.value, row.option(0)), error = row.output(column) - row.target(column);
      const Reg<T> ratio = error * error / variance;
      row.put(column, error / variance * row.factor);
      row.put(call.columns + column, T(0.5) * (T(1) - ratio) / variance * spread.slope * row.factor);
      sum += T(0.5) * (log(variance) + ratio) + constant;
    }
    return sum;
  });
}

// Outputs become e^(z - largest z); returns their sum. `visit(unit, z - largest z)` sees them before.
template <class T, class Visit> INLINE Reg<T> exponentials(const Row<T>& row, int units, Visit visit) {
  Reg<T> largest = row.output(0), sum = zero<T>();
  for (int unit = 1; unit < units; unit++) largest = at_least<T>(row.output(unit), largest);
  for (int unit = 0; unit < units; unit++) {
    const Reg<T> below = row.output(unit) - largest, e = exp(below);
    visit(unit, below);
    row.put(unit, e);
    sum += e;
  }
  return sum;
}

// The loss of the true class's log-probability: `Rule<T>::at(log_p, weight, options)`, the slope by -log_p.
// SMOOTH: with a share of the truth, options[0], spread over all classes.
template <template <class> class Rule, bool SMOOTH = false, class T>
void of_true_class(const LossCall<T>& call, const int first_weight) {
  over_rows(call, [&](const Row<T>& row) {
    const Reg<T> id = row.target(0);
    Reg<T> true_below = zero<T>(), true_weight = row.option(first_weight), all_below = zero<T>(), all_weight = zero<T>();
    const Reg<T> sum = exponentials(row, call.units, [&](int unit, Reg<T> below) {
      const Bits<T> is_true = id == T(unit);
      const Reg<T> weight = row.option(first_weight + unit);
      true_below = select<T>(is_true, below, true_below);
      true_weight = select<T>(is_true, weight, true_weight);
      if constexpr (SMOOTH) {
        all_below = fma(weight, below, all_below);
        all_weight += weight;
      }
    });
    const Reg<T> log_sum = log(sum);
    Point<T> loss = Rule<T>::at(true_below - log_sum, true_weight, row.options);
    Reg<T> slope = loss.slope, share = zero<T>();
    if constexpr (SMOOTH) {
      share = row.option(0) / T(call.units);
      const Bits<T> smooth = share > zero<T>();  // 0 times the infinity of another class would be no number
      loss.value += select<T>(smooth, share * (all_weight * log_sum - all_below), zero<T>());
      slope += share * all_weight;
    }
    if (call.scale) {
      const Reg<T> ratio = slope / sum;
      for (int unit = 0; unit < call.units; unit++) {
        Reg<T> truth = select<T>(id == T(unit), loss.slope, zero<T>());
        if constexpr (SMOOTH) truth += share * row.option(first_weight + unit);
        row.put(unit, fma(row.output(unit), ratio, -truth) * row.factor);
      }
    }
    return loss.value;
  });
}

template <class T> struct LogLikelihood {
  static INLINE Point<T> at(Reg<T> log_p, Reg<T> weight, const T*) { return {-log_p * weight, weight}; }
};

template <class T> struct Smoothed {
  static INLINE Point<T> at(Reg<T> log_p, Reg<T> weight, const T* options) {
    return LogLikelihood<T>::at(log_p, (T(1) - load(options)) * weight, options);
  }
};

// (1 - p)^gamma -log p, its 1 - p no smaller than the smallest normal number.
template <class T> struct Focal {
  static INLINE Point<T> at(Reg<T> log_p, Reg<T> weight, const T* options) {
    const Reg<T> gamma = load(options), lack = -expm1(log_p), missed = at_least<T>(lack, splat(TINY<T>));
    const Reg<T> power = exp(gamma * log(missed));
    const Reg<T> inner = select<T>(lack < TINY<T>, zero<T>(), gamma * (power / missed) * (T(1) - lack));
    return {-power * log_p * weight, (power - log_p * inner) * weight};
  }
};

template <class T> void cross_entropy(const LossCall<T>& call) {
  bool smooth = false;
  for (int lane = 0; lane < LANES<T>; lane++) smooth |= call.options[lane] != 0;
  if (smooth) of_true_class<Smoothed, true>(call, 1);
  else of_true_class<LogLikelihood>(call, 1);
}

template <class T> void kl_div(const LossCall<T>& call) {
  over_rows(call, [&](const Row<T>& row) {
    Reg<T> certainty = zero<T>(), truth = zero<T>(), expected = zero<T>();
    const Reg<T> sum = exponentials(row, call.units, [&](int unit, Reg<T> below) {
      const Reg<T> y = row.target(unit);
      certainty += select<T>(y == zero<T>(), zero<T>(), y * log(y));
      truth += y;
      expected = fma(y, below, expected);
    });
    const Reg<T> ratio = truth / sum;
    for (int unit = 0; unit < call.units; unit++)
      row.put(unit, fma(row.output(unit), ratio, -row.target(unit)) * row.factor);
    return certainty + (truth * log(sum) - expected);
  });
}

template <class T> void multi_margin(const LossCall<T>& call) {
  over_rows(call, [&](const Row<T>& row) {
    const Reg<T> id = row.target(0);
    Reg<T> score = row.output(0), weight = row.option(2);
    for (int unit = 1; unit < call.units; unit++) {
      score = select<T>(id == T(unit), row.output(unit), score);
      weight = select<T>(id == T(unit), row.option(2 + unit), weight);
    }
    weight /= T(call.units);
    const Bits<T> squared = row.option(0) == T(2);
    const Reg<T> needed = row.option(1) - score;
    Reg<T> sum = zero<T>(), pull = zero<T>();
    for (int unit = 0; unit < call.units; unit++) {
      const Bits<T> rival = id != T(unit);
      const Reg<T> lack = at_least<T>(needed + row.output(unit), zero<T>());
      const Reg<T> slope = select<T>(rival & (lack > zero<T>()), select<T>(squared, lack + lack, splat<T>(1)), zero<T>());
      sum += select<T>(rival, select<T>(squared, lack * lack, lack), zero<T>());
      pull += slope;
      row.put(unit, slope);
    }
    const Reg<T> factor = weight * row.factor;
    for (int unit = 0; unit < call.units; unit++)
      row.put(unit, select<T>(id == T(unit), -pull, row.output(unit)) * factor);
    return sum * weight;
  });
}

template <class T> void multilabel_margin(const LossCall<T>& call) {
  const size_t bytes = size_t(call.units) * 64;
  Bits<T>* holds = static_cast<Bits<T>*>(aligned_alloc(64, bytes));  // of each label
  Reg<T>* slopes = static_cast<Reg<T>*>(aligned_alloc(64, bytes));
  over_rows(call, [&](const Row<T>& row) {
    for (int unit = 0; unit < call.units; unit++) {
      holds[unit] = Bits<T>{};
      for (int column = 0; column < call.columns; column++) holds[unit] |= row.target(column) == T(unit);
      slopes[unit] = zero<T>();
    }
    Reg<T> sum = zero<T>();
    for (int unit = 0; unit < call.units; unit++) {
      const Reg<T> needed = T(1) - row.output(unit);
      for (int rival = 0; rival < call.units; rival++) {
        const Bits<T> pair = holds[unit] & ~holds[rival];
        const Reg<T> lack = at_least<T>(needed + row.output(rival), zero<T>());
        const Reg<T> push = select<T>(pair & (lack > zero<T>()), splat<T>(1), zero<T>());
        sum += select<T>(pair, lack, zero<T>());
        slopes[rival] += push;
        slopes[unit] -= push;
      }
    }
    const Reg<T> factor = row.factor / T(call.units);
    for (int unit = 0; unit < call.units; unit++) row.put(unit, slopes[unit] * factor);
    return sum / T(call.units);
  });
  free(slopes);
  free(holds);
}

template <class T> void multilabel_soft_margin(const LossCall<T>& call) {
  over_rows(call, [&](const Row<T>& row) {
    Reg<T> sum = zero<T>();
    const Reg<T> factor = row.factor / T(call.units);
    for (int unit = 0; unit < call.units; unit++) {
      const Answer<T> p = answer<T>(row.output(unit));
      const Reg<T> y = row.target(unit), weight = row.option(unit);
      row.put(unit, ((T(1) - y) * p.yes - y * p.no) * weight * factor);
      sum -= (y * p.log_yes + (T(1) - y) * p.log_no) * weight;
    }
    return sum / T(call.units);
  });
}

}  // namespace losses

template <class T> void loss(fallline::Loss kind, const fallline::LossCall<T>& call) {
  using namespace losses;
  switch (kind) {
    case Loss::mse: return elementwise<Squared>(call);
    case Loss::l1: return elementwise<Absolute>(call);
    case Loss::smooth_l1: return elementwise<SmoothL1>(call);
    case Loss::huber: return elementwise<Huber>(call);
    case Loss::log_cosh: return elementwise<LogCosh>(call);
    case Loss::quantile: return elementwise<Quantile>(call);
    case Loss::poisson_nll:
      return call.full ? elementwise<Poisson<true>::template Log>(call) : elementwise<Poisson<false>::template Log>(call);
    case Loss::poisson_nll_rate:
      return call.full ? elementwise<Poisson<true>::template Rate>(call) : elementwise<Poisson<false>::template Rate>(call);
    case Loss::gaussian_nll: return gaussian_nll(call);
    case Loss::bce_with_logits: return elementwise<BceWithLogits, 1>(call);
    case Loss::bce: return elementwise<Bce>(call);
    case Loss::soft_margin: return elementwise<SoftMargin>(call);
    case Loss::hinge_embedding: return elementwise<HingeEmbedding>(call);
    case Loss::multilabel_soft_margin: return multilabel_soft_margin(call);
    case Loss::multilabel_margin: return multilabel_margin(call);
    case Loss::cross_entropy: return cross_entropy(call);
    case Loss::nll: return of_true_class<LogLikelihood>(call, 0);
    case Loss::focal: return of_true_class<Focal>(call, 1);
    case Loss::kl_div: return kl_div(call);
    case Loss::multi_margin: return multi_margin(call);
  }
}

template <class T> void mass(const T* targets, const T* weights, const T* class_weights, int rows, int classes, T* mass) {
  using namespace losses;
  LossCall<T> call{};
  call.outputs = call.sum = mass;
  call.targets = targets;
  call.weights = weights;
  call.options = class_weights;
  call.rows = rows;
  call.columns = 1;
  over_rows(call, [&](const Row<T>& row) {
    Reg<T> weight = zero<T>();
    for (int unit = 0; unit < classes; unit++) weight = select<T>(row.target(0) == T(unit), row.option(unit), weight);
    return weight;
  });
}

}  // namespace
