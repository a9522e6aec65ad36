// One step of an optimizer on all parameters of a block, after torch's single-tensor implementations.
//
// A rule is a struct of registers: its constants, in the order in which rules.cpp prepares them. Called with a
// parameter, its gradient and the rule's memory of it, it changes the memory and returns the parameter after the step.
// Rates come with a minus sign.
#pragma once

#include "kernels.h"
#include "lanes.h"

namespace {

using fallline::LANES;
using fallline::Optimizer;
using fallline::Update;

template <class T> INLINE Reg<T> constant(const T* constants, int number) {
  return load(constants + number * LANES<T>);
}

// torch's lerp, from the mean to the next number by a share of the way: the shorter part of it is what is multiplied
template <class T> struct Mean {
  Reg<T> by;
  Bits<T> from_mean;

  INLINE explicit Mean(Reg<T> share) : from_mean(share < splat<T>(T(0.5))) {
    by = select<T>(from_mean, share, share - splat<T>(1));
  }
  INLINE Reg<T> operator()(Reg<T> mean, Reg<T> next) const {
    return fma(by, next - mean, select<T>(from_mean, mean, next));
  }
};

// torch's v.mul_(kept).addcmul_(g, g, value=share)
template <class T> INLINE Reg<T> mean_square(Reg<T> kept, Reg<T> share, Reg<T> mean, Reg<T> gradient) {
  return fma(share * gradient, gradient, kept * mean);
}

// 0 / 0 is NaN, as torch's; except of a parameter that is 0 too, so that padding stays 0 without an eps
template <class T> INLINE Reg<T> quotient(Reg<T> above, Reg<T> below, Reg<T> parameter) {
  return select<T>((below == zero<T>()) & (parameter == zero<T>()), zero<T>(), above / below);
}

template <class T, bool DECOUPLED> INLINE void decay(Reg<T> by, Reg<T>& parameter, Reg<T>& gradient) {
  if constexpr (DECOUPLED) {
    parameter = parameter * by;
  } else {
    gradient = fma(by, parameter, gradient);
  }
}

template <class T, bool MOMENTUM, bool NESTEROV> struct Sgd {
  static constexpr int MEMORIES = MOMENTUM;
  Reg<T> rate, weight_decay, kept, share, ahead;

  INLINE explicit Sgd(const T* c)
      : rate(constant(c, 0)), weight_decay(constant(c, 1)), kept(constant(c, 2)), share(constant(c, 3)),
        ahead(constant(c, 4)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, false>(weight_decay, p, g);
    if constexpr (MOMENTUM) {
      memory[0] = fma(share, g, kept * memory[0]);
      g = NESTEROV ? fma(ahead, memory[0], g) : memory[0];
    }
    return fma(rate, g, p);
  }
};

template <class T> struct Asgd {
  static constexpr int MEMORIES = 0;
  Reg<T> rate, weight_decay, shrink;

  INLINE explicit Asgd(const T* c) : rate(constant(c, 0)), weight_decay(constant(c, 1)), shrink(constant(c, 2)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>*) const {
    decay<T, false>(weight_decay, p, g);
    return fma(rate, g, p * shrink);
  }
};

template <class T, bool AMSGRAD, bool DECOUPLED> struct Adam {
  static constexpr int MEMORIES = AMSGRAD ? 3 : 2;
  Reg<T> rate, by;
  Mean<T> mean;
  Reg<T> kept, share, correction, eps;

  INLINE explicit Adam(const T* c)
      : rate(constant(c, 0)), by(constant(c, 1)), mean(constant(c, 2)), kept(constant(c, 3)), share(constant(c, 4)),
        correction(constant(c, 5)), eps(constant(c, 6)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, DECOUPLED>(by, p, g);
    memory[0] = mean(memory[0], g);
    memory[1] = mean_square<T>(kept, share, memory[1], g);
    Reg<T> square = memory[1];
    if constexpr (AMSGRAD) square = memory[2] = at_least<T>(square, memory[2]);
    return p + quotient<T>(rate * memory[0], fma(root(square), correction, eps), p);
  }
};

template <class T> struct Adamax {
  static constexpr int MEMORIES = 2;
  Reg<T> rate, weight_decay;
  Mean<T> mean;
  Reg<T> kept, eps;

  INLINE explicit Adamax(const T* c)
      : rate(constant(c, 0)), weight_decay(constant(c, 1)), mean(constant(c, 2)), kept(constant(c, 3)),
        eps(constant(c, 4)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, false>(weight_decay, p, g);
    memory[0] = mean(memory[0], g);
    memory[1] = at_least<T>(absolute<T>(g) + eps, kept * memory[1]);
    return p + quotient<T>(rate * memory[0], memory[1], p);
  }
};

template <class T, bool DECOUPLED> struct Nadam {
  static constexpr int MEMORIES = 2;
  Reg<T> rate, by;  // the rate of the mean
  Mean<T> mean;
  Reg<T> kept, share, correction, eps, gradient_rate;

  INLINE explicit Nadam(const T* c)
      : rate(constant(c, 0)), by(constant(c, 1)), mean(constant(c, 2)), kept(constant(c, 3)), share(constant(c, 4)),
        correction(constant(c, 5)), eps(constant(c, 6)), gradient_rate(constant(c, 7)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, DECOUPLED>(by, p, g);
    memory[0] = mean(memory[0], g);
    memory[1] = mean_square<T>(kept, share, memory[1], g);
    const Reg<T> divisor = root(memory[1] * correction) + eps;
    return p + quotient<T>(fma(gradient_rate, g, rate * memory[0]), divisor, p);
  }
};

template <class T, bool DECOUPLED> struct Radam {
  static constexpr int MEMORIES = 2;
  Reg<T> rate, by;
  Mean<T> mean;
  Reg<T> kept, share, eps;
  Bits<T> adaptive;  // lanes whose divisor is in

  INLINE explicit Radam(const T* c)
      : rate(constant(c, 0)), by(constant(c, 1)), mean(constant(c, 2)), kept(constant(c, 3)), share(constant(c, 4)),
        eps(constant(c, 5)), adaptive(constant(c, 6) > zero<T>()) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, DECOUPLED>(by, p, g);
    memory[0] = mean(memory[0], g);
    memory[1] = mean_square<T>(kept, share, memory[1], g);
    const Reg<T> divisor = select<T>(adaptive, root(memory[1]) + eps, splat<T>(1));
    return p + quotient<T>(rate * memory[0], divisor, p);
  }
};

template <class T> struct Adagrad {
  static constexpr int MEMORIES = 1;
  Reg<T> rate, weight_decay, eps;

  INLINE explicit Adagrad(const T* c) : rate(constant(c, 0)), weight_decay(constant(c, 1)), eps(constant(c, 2)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, false>(weight_decay, p, g);
    memory[0] = fma(g, g, memory[0]);
    return p + quotient<T>(rate * g, root(memory[0]) + eps, p);
  }
};

template <class T> struct Adadelta {
  static constexpr int MEMORIES = 2;
  Reg<T> rate, weight_decay, kept, share, eps;

  INLINE explicit Adadelta(const T* c)
      : rate(constant(c, 0)), weight_decay(constant(c, 1)), kept(constant(c, 2)), share(constant(c, 3)),
        eps(constant(c, 4)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, false>(weight_decay, p, g);
    memory[0] = mean_square<T>(kept, share, memory[0], g);
    // two roots: the quotient of the squares would leave float32's range earlier
    const Reg<T> step = quotient<T>(root(memory[1] + eps), root(memory[0] + eps), p) * g;
    memory[1] = mean_square<T>(kept, share, memory[1], step);
    return fma(rate, step, p);
  }
};

template <class T, bool CENTERED, bool MOMENTUM> struct Rmsprop {
  static constexpr int MEMORIES = 1 + CENTERED + MOMENTUM;  // the mean square, the mean, the momentum
  Reg<T> rate, weight_decay, kept, share, eps;
  Mean<T> mean;
  Reg<T> momentum;

  INLINE explicit Rmsprop(const T* c)
      : rate(constant(c, 0)), weight_decay(constant(c, 1)), kept(constant(c, 2)), share(constant(c, 3)),
        eps(constant(c, 4)), mean(constant(c, 5)), momentum(constant(c, 6)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    decay<T, false>(weight_decay, p, g);
    memory[0] = mean_square<T>(kept, share, memory[0], g);
    Reg<T> square = memory[0];
    if constexpr (CENTERED) {
      memory[1] = mean(memory[1], g);
      square = fma(-memory[1], memory[1], square);
    }
    // torch multiplies by the rate first where there is no momentum; a run must not depend on that of its neighbours
    Reg<T> move = quotient<T>(g, root(square) + eps, p);
    if constexpr (MOMENTUM) move = memory[1 + CENTERED] = fma(momentum, memory[1 + CENTERED], move);
    return fma(rate, move, p);
  }
};

template <class T> struct Rprop {
  static constexpr int MEMORIES = 2;  // the gradient before, the size of the step
  Reg<T> minus, plus, shortest, longest;

  INLINE explicit Rprop(const T* c)
      : minus(constant(c, 0)), plus(constant(c, 1)), shortest(constant(c, 2)), longest(constant(c, 3)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    const Reg<T> agreement = g * memory[0];
    const Reg<T> turned = select<T>(agreement < zero<T>(), minus, splat<T>(1));
    const Reg<T> factor = select<T>(agreement > zero<T>(), plus, turned);
    memory[0] = select<T>(factor == minus, zero<T>(), g);
    memory[1] = at_most<T>(at_least<T>(memory[1] * factor, shortest), longest);
    return p - sign<T>(memory[0]) * memory[1];
  }
};

template <class T> struct Lion {
  static constexpr int MEMORIES = 1;
  Reg<T> rate, by;
  Mean<T> direction, mean;

  INLINE explicit Lion(const T* c)
      : rate(constant(c, 0)), by(constant(c, 1)), direction(constant(c, 2)), mean(constant(c, 3)) {}
  INLINE Reg<T> operator()(Reg<T> p, Reg<T> g, Reg<T>* memory) const {
    const Reg<T> step = sign<T>(direction(memory[0], g));
    memory[0] = mean(memory[0], g);
    return fma(rate, step, p * by);
  }
};

// A rule for each register of a group.
template <class T, class Rule> struct Rules {
  Rule of[4];
  INLINE explicit Rules(const T* c)
      : of{Rule(c), Rule(c + 1 % PARTS * WIDTH<T>), Rule(c + 2 % PARTS * WIDTH<T>), Rule(c + 3 % PARTS * WIDTH<T>)} {}
};

// The step of the parameter at `at`, as far as one register goes.
template <class T, class Rule>
INLINE void step_at(const Rules<T, Rule>& rules, const Update<T>& call, int64_t at, int lane, const T* gradient) {
  at += lane;
  Reg<T> own[3];
  for (int which = 0; which < Rule::MEMORIES; ++which) own[which] = load(call.memory[which] + at);
  store<T>(call.parameters + at, rules.of[lane / WIDTH<T>](load(call.parameters + at), load(gradient + lane), own));
  for (int which = 0; which < Rule::MEMORIES; ++which) store<T>(call.memory[which] + at, own[which]);
}

template <class T, class Rule> __attribute__((noinline)) void step(const Update<T>& update) {
  const Update<T> call = update;  // nothing that is stored can change it
  const Rules<T, Rule> rules(call.constants);
  for (int64_t at = 0; at < call.count * LANES<T>; at += LANES<T>) {
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) step_at<T, Rule>(rules, call, at, part * WIDTH<T>, call.gradient + at);
  }
}

// visit(a null pointer to the rule's type) of the rule `Kind` with one or two flags as its template arguments
template <class T, template <class, bool, bool> class Kind, class Visit>
void with_flags(bool first, bool second, Visit&& visit) {
  if (first) second ? visit(static_cast<Kind<T, true, true>*>(nullptr)) : visit(static_cast<Kind<T, true, false>*>(nullptr));
  else second ? visit(static_cast<Kind<T, false, true>*>(nullptr)) : visit(static_cast<Kind<T, false, false>*>(nullptr));
}

template <class T, template <class, bool> class Kind, class Visit> void with_flag(bool flag, Visit&& visit) {
  flag ? visit(static_cast<Kind<T, true>*>(nullptr)) : visit(static_cast<Kind<T, false>*>(nullptr));
}

template <class T, class Visit> void with_rule(const Update<T>& call, Visit&& visit) {
  switch (call.rule) {
    case Optimizer::sgd: return with_flags<T, Sgd>(call.momentum, call.nesterov, visit);
    case Optimizer::asgd: return visit(static_cast<Asgd<T>*>(nullptr));
    case Optimizer::adam: return with_flags<T, Adam>(call.amsgrad, call.decoupled, visit);
    case Optimizer::adamax: return visit(static_cast<Adamax<T>*>(nullptr));
    case Optimizer::nadam: return with_flag<T, Nadam>(call.decoupled, visit);
    case Optimizer::radam: return with_flag<T, Radam>(call.decoupled, visit);
    case Optimizer::adagrad: return visit(static_cast<Adagrad<T>*>(nullptr));
    case Optimizer::adadelta: return visit(static_cast<Adadelta<T>*>(nullptr));
    case Optimizer::rmsprop: return with_flags<T, Rmsprop>(call.centered, call.momentum, visit);
    case Optimizer::rprop: return visit(static_cast<Rprop<T>*>(nullptr));
    case Optimizer::lion: return visit(static_cast<Lion<T>*>(nullptr));
  }
}

template <class T> void update(const Update<T>& call) {
  with_rule<T>(call, [&]<class Rule>(Rule*) { step<T, Rule>(call); });
}

// As many numbers as a register has doubles, to be made doubles of.
template <class T> struct Narrow {
  typedef T Numbers __attribute__((vector_size(REGISTER * sizeof(T) / sizeof(double)), may_alias));
};

template <class T> void squares(const T* gradient, int64_t count, double* sums) {
  constexpr int COLUMNS = LANES<T> / WIDTH<double>;
  constexpr int CHAINS = COLUMNS < 8 ? 8 / COLUMNS : 1;  // sums side by side, as one sum waits for the one before
  Reg<double> sum[CHAINS][COLUMNS] = {};
  const auto add = [&](int64_t parameter, int chain) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int column = 0; column < COLUMNS; ++column) {
      const T* from = gradient + parameter * LANES<T> + column * WIDTH<double>;
      const Reg<double> value =
          __builtin_convertvector(*reinterpret_cast<const typename Narrow<T>::Numbers*>(from), Reg<double>);
      sum[chain][column] = fma(value, value, sum[chain][column]);
    }
  };
  int64_t parameter = 0;
  for (; parameter + CHAINS <= count; parameter += CHAINS) {
#pragma GCC unroll 8
    for (int chain = 0; chain < CHAINS; ++chain) add(parameter + chain, chain);
  }
  for (; parameter < count; ++parameter) add(parameter, 0);
#pragma GCC unroll 8
  for (int column = 0; column < COLUMNS; ++column) {
    Reg<double> total = sum[0][column];
#pragma GCC unroll 8
    for (int chain = 1; chain < CHAINS; ++chain) total += sum[chain][column];
    store<double>(sums + column * WIDTH<double>, total);
  }
}

template <class T> void scale(T* gradient, int64_t count, const T* factors) {
  Reg<T> factor[PARTS];
  for (int part = 0; part < PARTS; ++part) factor[part] = load(factors + part * WIDTH<T>);
  for (int64_t at = 0; at < count * LANES<T>; at += LANES<T>) {
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) {
      T* const group = gradient + at + part * WIDTH<T>;
      store<T>(group, load<T>(group) * factor[part]);
    }
  }
}

template <class T> void clamp(T* gradient, int64_t count, const T* limits) {
  Reg<T> limit[PARTS];
  for (int part = 0; part < PARTS; ++part) limit[part] = load(limits + part * WIDTH<T>);
  for (int64_t at = 0; at < count * LANES<T>; at += LANES<T>) {
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) {
      T* const group = gradient + at + part * WIDTH<T>;
      store<T>(group, at_most<T>(at_least<T>(load<T>(group), -limit[part]), limit[part]));
    }
  }
}

}  // namespace
