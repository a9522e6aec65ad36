#include "rules.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace fallline {
namespace {

// A step to be prepared. Whatever torch rounds to float32 on the way, in float64 too, is rounded here.
struct Step {
  const std::vector<std::vector<double>>& options;
  const double* rates;
  long number;  // the first is 1
  bool decoupled;
  bool prepared;  // constants that no step changes are there
  std::vector<std::vector<double>>& carried;

  const double* option(int which) const { return options[which].data(); }
};

template <int N> bool alike(const double* lanes) {
  bool all = true;  // no early end, so that lanes are compared side by side
  for (int lane = 1; lane < N; ++lane) all &= lanes[lane] == lanes[0];
  return all;
}

// carried[which] becomes itself times `base`, and so the power that pow gives, to the last bit but for rare ties: the
// row after it holds what rounding left out. Products by Dekker (1971), which wants multiplications and additions
// rounded one by one (-ffp-contract=off). RAdam takes differences of numbers near 1 / (1 - beta2) and would show an
// error in the last bit as one in the 11th digit.
template <int N> void raise(double* __restrict power, double* __restrict rest, const double* __restrict base) {
  for (int lane = 0; lane < N; ++lane) {
    const double a = power[lane], b = base[lane];
    const double a_split = 134217729 * a, b_split = 134217729 * b;  // 2^27 + 1
    const double a_high = a_split - (a_split - a), b_high = b_split - (b_split - b);
    const double a_low = a - a_high, b_low = b - b_high;
    const double product = a * b;
    const double error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    const double left = rest[lane] * b + error;
    const double sum = product + left;
    power[lane] = sum;
    rest[lane] = left - (sum - product);
  }
  for (int lane = 0; lane < N; ++lane) {  // 1 less so small a number is 1, and subnormal ones would be slow
    rest[lane] = power[lane] < 1e-30 ? 0 : rest[lane];
    power[lane] = power[lane] < 1e-30 ? 0 : power[lane];
  }
}
template <int N> void raise(const Step& step, int which, const double* base) {
  double *power = step.carried[which].data(), *rest = step.carried[which + 1].data();
  if (!alike<N>(power) || !alike<N>(rest) || !alike<N>(base)) return raise<N>(power, rest, base);
  if (power[0] == 0) return;
  raise<1>(power, rest, base);
  std::fill_n(power, N, power[0]);
  std::fill_n(rest, N, rest[0]);
}

// Each of the following writes its constants in the order in which the rule's kernel reads them.

template <class T> void sgd(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *momentum = step.option(0), *dampening = step.option(1), *decay = step.option(2);
  const bool first = step.number == 1;  // whose gradient enters the momentum whole
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane];
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = first ? 0 : momentum[lane];
    constants[3 * N + lane] = first || momentum[lane] == 0 ? 1 : 1 - dampening[lane];
    constants[4 * N + lane] = momentum[lane];
  }
}

template <class T> void asgd(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *lambd = step.option(0), *alpha = step.option(1), *decay = step.option(2);
  double* eta = step.carried[0].data();
  for (int lane = 0; lane < N; ++lane) {
    const double rate = step.rates[lane];
    if (step.number == 1) eta[lane] = static_cast<float>(rate);
    constants[lane] = -eta[lane];
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = 1 - lambd[lane] * eta[lane];
    eta[lane] = static_cast<float>(rate / std::pow(1 + lambd[lane] * rate * step.number, alpha[lane]));
  }
}

// What adam, nadam and radam share: constants 1 to 4.
template <class T> void moments(const Step& step, T* __restrict constants) {
  if (step.prepared && !step.decoupled) return;
  constexpr int N = LANES<T>;
  const double *beta1 = step.option(0), *beta2 = step.option(1), *decay = step.option(3);
  for (int lane = 0; lane < N; ++lane) {
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = 1 - beta1[lane];
    constants[3 * N + lane] = beta2[lane];
    constants[4 * N + lane] = 1 - beta2[lane];
  }
  if (!step.decoupled) return;
  for (int lane = 0; lane < N; ++lane) constants[N + lane] = 1 - step.rates[lane] * decay[lane];
}

template <class T> void adam(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  moments(step, constants);
  raise<N>(step, 0, step.option(0));
  raise<N>(step, 2, step.option(1));
  const double *power1 = step.carried[0].data(), *power2 = step.carried[2].data(), *eps = step.option(2);
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane] / (1 - power1[lane]);
    constants[6 * N + lane] = eps[lane];
  }
  const auto correction = [&](int lane) { return static_cast<T>(1 / std::sqrt(1 - power2[lane])); };
  if (alike<N>(power2)) std::fill_n(constants + 5 * N, N, correction(0));
  else for (int lane = 0; lane < N; ++lane) constants[5 * N + lane] = correction(lane);
}

template <class T> void adamax(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *beta1 = step.option(0), *beta2 = step.option(1), *eps = step.option(2), *decay = step.option(3);
  raise<N>(step, 0, beta1);
  const double* power = step.carried[0].data();
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane] / (1 - power[lane]);
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = 1 - beta1[lane];
    constants[3 * N + lane] = beta2[lane];
    constants[4 * N + lane] = eps[lane];
  }
}

// beta1 (1 - 0.96^(number momentum_decay) / 2) of each lane, with one power for neighbours that agree
void nadam_momentum(const Step& step, long number, double* momentum) {
  const double *beta1 = step.option(0), *decay = step.option(4);
  double power = 0;
  for (size_t lane = 0; lane < step.carried[0].size(); ++lane) {
    if (lane == 0 || decay[lane] != decay[lane - 1]) power = std::pow(0.96, number * decay[lane]);
    momentum[lane] = beta1[lane] * (1 - 0.5 * power);
  }
}

template <class T> void nadam(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  double *product = step.carried[2].data(), *momentum = step.carried[3].data();
  double next[N];
  if (step.number == 1) nadam_momentum(step, 1, momentum);
  nadam_momentum(step, step.number + 1, next);
  moments(step, constants);
  raise<N>(step, 0, step.option(1));
  const double *power2 = step.carried[0].data(), *eps = step.option(2);
  for (int lane = 0; lane < N; ++lane) {
    const double rate = step.rates[lane];
    const float so_far = static_cast<float>(product[lane]) * static_cast<float>(momentum[lane]);  // torch's is float32
    product[lane] = so_far < 1e-30f ? 0 : so_far;
    constants[lane] = -rate * next[lane] / (1 - product[lane] * next[lane]);
    constants[5 * N + lane] = 1 / (1 - power2[lane]);
    constants[6 * N + lane] = eps[lane];
    constants[7 * N + lane] = -rate * (1 - momentum[lane]) / (1 - product[lane]);
    momentum[lane] = next[lane];
  }
}

template <class T> void radam(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  moments(step, constants);
  raise<N>(step, 0, step.option(0));
  raise<N>(step, 2, step.option(1));
  const double *power1 = step.carried[0].data(), *power2 = step.carried[2].data();
  const double *beta2 = step.option(1), *eps = step.option(2);
  double lengths[N], factors[N];  // two loops, as one with all of it would not become vector instructions
  for (int lane = 0; lane < N; ++lane) {
    const double correction2 = 1 - power2[lane];
    const double limit = 2 / (1 - beta2[lane]) - 1;
    const double length = limit - 2.0 * step.number * power2[lane] / correction2;
    const double share = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length);
    lengths[lane] = length;
    factors[lane] = std::sqrt(correction2) * std::sqrt(share);
  }
  for (int lane = 0; lane < N; ++lane) {
    const double adaptive = lengths[lane] > 5 ? 1 : 0;
    constants[lane] = -step.rates[lane] / (1 - power1[lane]) * (lengths[lane] > 5 ? factors[lane] : 1);
    constants[5 * N + lane] = eps[lane];
    constants[6 * N + lane] = adaptive;
  }
}

template <class T> void adagrad(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *rate_decay = step.option(0), *decay = step.option(1), *eps = step.option(3);
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane] / (1 + (step.number - 1) * rate_decay[lane]);
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = eps[lane];
  }
}

template <class T> void adadelta(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *rho = step.option(0), *eps = step.option(1), *decay = step.option(2);
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane];
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = rho[lane];
    constants[3 * N + lane] = 1 - rho[lane];
    constants[4 * N + lane] = eps[lane];
  }
}

template <class T> void rmsprop(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *alpha = step.option(0), *eps = step.option(1), *decay = step.option(2), *momentum = step.option(3);
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane];
    constants[N + lane] = decay[lane];
    constants[2 * N + lane] = alpha[lane];
    constants[3 * N + lane] = 1 - alpha[lane];
    constants[4 * N + lane] = eps[lane];
    constants[5 * N + lane] = 1 - alpha[lane];
    constants[6 * N + lane] = momentum[lane];
  }
}

template <class T> void rprop(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  for (int which = 0; which < 4; ++which) {
    for (int lane = 0; lane < N; ++lane) constants[which * N + lane] = step.option(which)[lane];
  }
}

template <class T> void lion(const Step& step, T* __restrict constants) {
  constexpr int N = LANES<T>;
  const double *beta1 = step.option(0), *beta2 = step.option(1), *decay = step.option(2);
  for (int lane = 0; lane < N; ++lane) {
    constants[lane] = -step.rates[lane];
    constants[N + lane] = 1 - step.rates[lane] * decay[lane];
    constants[2 * N + lane] = 1 - beta1[lane];
    constants[3 * N + lane] = 1 - beta2[lane];
  }
}

}  // namespace

struct Rule::Kind {
  std::vector<const char*> names;
  Optimizer rule;
  std::vector<const char*> options;
  int memories;  // without those that flags add
  int constants;
  std::vector<double> carried;  // what each row starts with
  void (*single)(const Step&, float*);
  void (*twice)(const Step&, double*);

  static const Kind& find(const std::string& name);
};

const Rule::Kind& Rule::Kind::find(const std::string& name) {
  static const std::vector<const char*> adams = {"beta1", "beta2", "eps", "weight_decay"};
  static const Kind kinds[] = {
      {{"sgd"}, Optimizer::sgd, {"momentum", "dampening", "weight_decay"}, 0, 5, {}, sgd, sgd},
      {{"asgd"}, Optimizer::asgd, {"lambd", "alpha", "weight_decay"}, 0, 3, {0}, asgd, asgd},
      {{"adam", "adamw"}, Optimizer::adam, adams, 2, 7, {1, 0, 1, 0}, adam, adam},
      {{"adamax"}, Optimizer::adamax, adams, 2, 5, {1, 0}, adamax, adamax},
      {{"nadam"}, Optimizer::nadam, {"beta1", "beta2", "eps", "weight_decay", "momentum_decay"}, 2, 8, {1, 0, 1, 0},
       nadam, nadam},
      {{"radam"}, Optimizer::radam, adams, 2, 7, {1, 0, 1, 0}, radam, radam},
      {{"adagrad"}, Optimizer::adagrad, {"lr_decay", "weight_decay", "initial_accumulator_value", "eps"}, 1, 3, {},
       adagrad, adagrad},
      {{"adadelta"}, Optimizer::adadelta, {"rho", "eps", "weight_decay"}, 2, 5, {}, adadelta, adadelta},
      {{"rmsprop"}, Optimizer::rmsprop, {"alpha", "eps", "weight_decay", "momentum"}, 1, 7, {}, rmsprop, rmsprop},
      {{"rprop"}, Optimizer::rprop, {"eta_minus", "eta_plus", "step_size_min", "step_size_max"}, 2, 4, {},
       rprop, rprop},
      {{"lion"}, Optimizer::lion, {"beta1", "beta2", "weight_decay"}, 1, 4, {}, lion, lion},
  };
  for (const Kind& kind : kinds) {
    if (std::find(kind.names.begin(), kind.names.end(), name) != kind.names.end()) return kind;
  }
  throw std::invalid_argument("no optimizer " + name);
}

Rule::Rule(const std::string& optimizer, const Options& options, const Flags& flags, int lanes)
    : kind_(&Kind::find(optimizer)), lanes_(lanes) {
  const auto on = [&](const char* name) {
    const auto found = flags.find(name);
    return found != flags.end() && found->second;
  };
  amsgrad_ = on("amsgrad");
  decoupled_ = optimizer == "adamw" || on("decoupled_weight_decay");
  nesterov_ = on("nesterov");
  centered_ = on("centered");
  for (const char* name : kind_->options) {
    const auto found = options.find(name);
    if (found == options.end() || found->second.size() != static_cast<size_t>(lanes)) {
      throw std::invalid_argument(optimizer + " wants " + name + " of each lane");
    }
    options_.push_back(found->second);
  }
  const auto momentum = options.find("momentum");
  momentum_ = momentum != options.end() &&
              std::any_of(momentum->second.begin(), momentum->second.end(), [](double value) { return value != 0; });
  for (const double value : kind_->carried) carried.emplace_back(lanes, value);
}

int Rule::memories() const { return kind_->memories + amsgrad_ + centered_ + momentum_; }

int Rule::constants() const { return kind_->constants; }

double Rule::start(int which, int lane, double rate) const {
  if (kind_->rule == Optimizer::adagrad) return options_[2][lane];
  return kind_->rule == Optimizer::rprop && which == 1 ? rate : 0;
}

template <class T> void Rule::prepare(const double* rates, T* constants) {
  if (lanes_ != LANES<T>) throw std::invalid_argument("a rule of another number of lanes");
  const Step step{options_, rates, ++steps, decoupled_, prepared_, carried};
  prepared_ = true;
  if constexpr (sizeof(T) == sizeof(float)) {
    kind_->single(step, constants);
  } else {
    kind_->twice(step, constants);
  }
}

template <class T> Update<T> Rule::update() const {
  return {kind_->rule, amsgrad_, decoupled_, nesterov_, momentum_, centered_, nullptr, nullptr, {}, nullptr, 0};
}

template void Rule::prepare<float>(const double*, float*);
template void Rule::prepare<double>(const double*, double*);
template Update<float> Rule::update<float>() const;
template Update<double> Rule::update<double>() const;

}  // namespace fallline
