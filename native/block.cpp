#include "block.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fallline {

namespace {

// A batch is cut into parts that several threads can share, whether there are several or not: a sum of sums has other
// last bits than a sum.
constexpr int MOST_PARTS = 8;
int parts_of(std::int64_t rows) { return int(std::clamp<std::int64_t>(rows / 256, 1, MOST_PARTS)); }

// A pause that falls within an epoch waits for its end so long: only there has a run a last epoch that can be kept.
constexpr std::chrono::milliseconds TO_AN_EPOCHS_END{50};

constexpr std::int64_t LARGE = 256 * 1024 / 64;  // groups of parameters, which then do not stay in cache on their own

// Lanes that are not used do as the first.
Rule::Options of_all_lanes(Rule::Options options, int lanes) {
  for (auto& [name, numbers] : options) numbers.resize(std::size_t(lanes), numbers.at(0));
  return options;
}

}  // namespace

// --- what every block does, whatever its numbers are --------------------------------------------------

void Block::set_rates(Lanes rates, std::int64_t first, std::int64_t every) {
  rates_ = std::move(rates);
  rates_first_ = first;
  rates_every_ = every;
  rate_rows_ = std::int64_t(rates_.size()) / lanes();
}

void Block::end(int lane, End how) {
  Record& record = records_[std::size_t(lane)];
  if (record.end != End::running) return;
  record.end = how;
  record.steps = steps_;
  alive_--;
  if (record.best_epoch == 0) keep({lane});
  leave(lane);
}

// --- training -----------------------------------------------------------------------------------------

template <class T>
BlockOf<T>::BlockOf(const Plan& plan, const Rows<T>& training, const Rows<T>& validation, const Kernels<T>& kernels)
    : Block(training.count, std::min(plan.batch_size, training.count), int(plan.seeds.size())),
      plan_(plan),
      training_(training),
      validation_(validation),
      kernels_(kernels),
      network_(plan.sizes, plan.activation, in_groups<T>(plan.activation_options), !plan.dropout.empty(), kernels),
      measure_(plan.objective, kernels),
      rule_(plan.optimizer, of_all_lanes(plan.optimizer_options, LANES<T>), plan.optimizer_flags, LANES<T>),
      parts_(parts_of(batch_size_)),
      validation_parts_(parts_of(validation.count)),
      shared_(std::all_of(plan.seeds.begin(), plan.seeds.end(), [&](auto seed) { return seed == plan.seeds[0]; })),
      parameters_(network_.groups()),
      best_(network_.groups()),
      constants_(rule_.constants()),
      left_(plan.seeds.size()),
      validation_mass_(LANES<T>) {
  if (!plan.clip_value.empty()) clip_value_ = in_groups<T>({plan.clip_value});
  for (int memory = 0; memory < rule_.memories(); memory++) memory_.emplace_back(network_.groups());
  for (int lane = 0; lane < (shared_ ? 1 : lanes()); lane++)
    orders_.emplace_back(plan.seeds[std::size_t(lane)], std::int32_t(training.count));
  Lanes weights(LANES<T>);
  measure_.weigh({validation_, validation_.count}, network_, *Loan<Scratch<T>>(), validation_mass_.data(), weights.data());
}

template <class T>
void BlockOf<T>::run(Until until, Clock::time_point deadline, const std::atomic<bool>& stop, Team& team) {
  Desks desks{std::vector<Loan<Scratch<T>>>(std::size_t(parts())), std::vector<Loan<Gradient<T>>>(std::size_t(parts_))};
  for (Loan<Gradient<T>>& gradient : desks.gradients) gradient->groups.at_least(network_.groups());
  double since = 0;  // operations since the clock was looked at
  bool late = false;
  while (pending(until)) {
    if (needs_rates()) return;
    if (position_ == rows_) {  // was stopped here before
      if (!end_epoch(desks, stop, team)) return;
      continue;
    }
    if (!drawn_)
      for (Order& order : orders_) order.next_epoch();
    drawn_ = true;
    if (!step(desks, stop, team)) return;
    if (alive_ > 0 && position_ == rows_ && !end_epoch(desks, stop, team)) return;
    since += step_work();
    if (since > 2e7) {
      since = 0;
      const Clock::time_point now = Clock::now();
      if (stop || now >= deadline + TO_AN_EPOCHS_END) return;
      late = now >= deadline;
    }
    if (late && position_ == 0) return;
  }
}

// One optimizer step; false where it was stopped, and then nothing has changed.
template <class T>
bool BlockOf<T>::step(Desks& desks, const std::atomic<bool>& stop, Team& team) {
  Scratch<T>& scratch = *desks.scratch[0];
  const std::int64_t count = std::min(batch_size_, rows_ - position_);
  Batch<T> batch{training_, count, orders_[0].rows() + position_, shared_};
  if (!shared_) {
    scratch.index.resize(std::size_t(count * LANES<T>));
    for (int lane = 0; lane < LANES<T>; lane++)
      std::copy_n(orders_[std::size_t(used(lane))].rows() + position_, count, scratch.index.begin() + lane * count);
    batch.index = scratch.index.data();
  }
  double masses[LANES<T>], weights[LANES<T>], losses[MOST_PARTS][LANES<T>];
  measure_.weigh(batch, network_, scratch, masses, weights);
  T* scale = scratch.scale.at_least(1);
  for (int lane = 0; lane < LANES<T>; lane++) scale[lane] = plan_.objective.sums ? T(1) : T(1 / masses[lane]);

  // Where all rows of the batch fit into one tile, and no norm has to be known first, each layer of a large network is
  // updated as soon as its gradient is there, which is then still in cache.
  const int parts = parts_of(count);
  const bool at_once =
      network_.groups() > LARGE && parts == 1 && plan_.clip_norm.empty() && network_.tile_rows(count) >= count;
  team.each(parts, [&](int part) {
    std::fill_n(losses[part], LANES<T>, 0.0);
    descend(batch, count * part / parts, count * (part + 1) / parts, scale, losses[part],
            *desks.scratch[std::size_t(part)], at_once ? nullptr : desks.gradient(part), stop);
  });
  if (stop) return false;
  for (int part = 1; part < parts; part++)
    for (int lane = 0; lane < LANES<T>; lane++) losses[0][lane] += losses[part][lane];
  add_up(losses[0], masses, weights);
  if (alive_ == 0) return true;

  double rates[LANES<T>];
  for (int lane = 0; lane < LANES<T>; lane++)
    rates[lane] = rates_[std::size_t(rate_row(steps_) * lanes() + used(lane))];
  if (rule_.steps == 0) start_memory(rates);
  rule_.prepare(rates, constants_.get());
  if (at_once) backward_and_update(scratch.tile, desks.gradient(0));
  else add_and_update(desks, parts, team);
  steps_++;
  position_ += count;
  return true;
}

// Takes rows of a batch there and, where there is room for it, back: their losses, and their gradient.
template <class T>
void BlockOf<T>::descend(const Batch<T>& batch, std::int64_t first, std::int64_t end, const T* scale, double* losses,
                         Scratch<T>& scratch, T* gradient, const std::atomic<bool>& stop) const {
  const auto& layers = network_.layers();
  Tile<T>& tile = scratch.tile;
  const auto drop = [&](std::int64_t row, int layer, T* values, T* slopes, int stride, int units) {
    if (!plan_.dropout.empty()) drop_units(row, tile.rows, layer, values, slopes, stride, units, scratch);
  };
  take_through(network_, kernels_, parameters_.get(), batch, first, end, scratch, stop, true, drop, [&](std::int64_t row) {
    measure_.add_losses(batch, row, network_, scratch, scale, losses);
    if (!gradient) return;
    network_.backward(
        parameters_.get(), tile,
        [&](std::size_t i) { network_.gradient(i, tile, gradient + layers[i].weights * LANES<T>, row > first); },
        [](std::size_t) {});
  });
}

// Ends the runs whose loss is not finite, before their parameters move, and adds those of the others up.
template <class T>
void BlockOf<T>::add_up(const double* losses, const double* masses, const double* weights) {
  bool finite = true;
  for (int lane = 0; lane < LANES<T>; lane++) {
    const double loss = losses[lane] / masses[lane];
    finite &= std::abs(loss) <= double(std::numeric_limits<T>::max());
    loss_sums_[lane] += loss * weights[lane];
    weight_sums_[lane] += weights[lane];
  }
  if (finite) return;
  for (int lane = 0; lane < lanes(); lane++)
    if (!std::isfinite(T(losses[lane] / masses[lane]))) end(lane, End::diverged);
}

// Moves each layer as soon as its weights are no longer needed. Those of a large first layer, whose inputs need no
// slopes, move as their gradient is found.
template <class T>
void BlockOf<T>::backward_and_update(Tile<T>& tile, T* gradient) {
  const auto& layers = network_.layers();
  const bool large = layers[0].end() > LARGE && !clip_value_.get();
  network_.backward(
      parameters_.get(), tile,
      [&](std::size_t i) {
        if (i > 0 || !large) network_.gradient(i, tile, gradient, false);
      },
      [&](std::size_t i) {
        if (i > 0 || !large) update(gradient, layers[i].weights, layers[i].end() - layers[i].weights);
      });
  if (!large) return;
  network_.learn(0, tile, gradient, update_at(0));
  network_.bias_gradient(0, tile, gradient, false);
  update(gradient, layers[0].bias, layers[0].outputs);
}

// Adds up the gradients of the parts of a batch, and moves the parameters.
template <class T>
void BlockOf<T>::add_and_update(Desks& desks, int parts, Team& team) {
  T* gradient = desks.gradient(0);
  const auto piece = [&](int number) { return network_.groups() * number / parts; };
  team.each(parts, [&](int number) {
    for (int part = 1; part < parts; part++) {
      const T* other = desks.gradient(part);
      for (std::int64_t at = piece(number) * LANES<T>; at < piece(number + 1) * LANES<T>; at++)
        gradient[at] += other[at];
    }
  });
  clip_norm(gradient);
  team.each(parts, [&](int number) {
    update(gradient + piece(number) * LANES<T>, piece(number), piece(number + 1) - piece(number));
  });
}

// Moves the parameters of `count` groups from `first` on, given their gradient.
template <class T>
void BlockOf<T>::update(T* gradient, std::int64_t first, std::int64_t count) {
  if (clip_value_.get()) kernels_.clamp(gradient, count, clip_value_.get());
  Update<T> update = update_at(first);
  update.gradient = gradient;
  update.count = count;
  kernels_.update(update);
}

// The update of parameters from `first` on.
template <class T>
Update<T> BlockOf<T>::update_at(std::int64_t first) {
  Update<T> update = rule_.update<T>();
  update.parameters = parameters_.get() + first * LANES<T>;
  for (std::size_t memory = 0; memory < memory_.size(); memory++)
    update.memory[memory] = memory_[memory].get() + first * LANES<T>;
  update.constants = constants_.get();
  return update;
}

// As torch.nn.utils.clip_grad_norm_ does.
template <class T>
void BlockOf<T>::clip_norm(T* gradient) const {
  if (plan_.clip_norm.empty()) return;
  alignas(64) double sums[LANES<T>];
  alignas(64) T factors[LANES<T>];
  kernels_.squares(gradient, network_.groups(), sums);
  for (int lane = 0; lane < LANES<T>; lane++) {
    const double limit = plan_.clip_norm[std::size_t(used(lane))], factor = limit / (std::sqrt(sums[lane]) + 1e-6);
    factors[lane] = factor > 1 ? T(1) : T(factor);
  }
  kernels_.scale(gradient, network_.groups(), factors);
}

// Validates, remembers the best parameters, and ends the runs whose time it is; false where it was stopped itself.
template <class T>
bool BlockOf<T>::end_epoch(Desks& desks, const std::atomic<bool>& stop, Team& team) {
  double sums[MOST_PARTS][LANES<T>] = {};
  double* losses = sums[0];
  const Batch<T> batch{validation_, validation_.count};
  team.each(validation_parts_, [&](int part) {
    measure(batch, batch.count * part / validation_parts_, batch.count * (part + 1) / validation_parts_, sums[part],
            *desks.scratch[std::size_t(part)], stop);
  });
  if (stop) return false;
  for (int part = 1; part < validation_parts_; part++)
    for (int lane = 0; lane < LANES<T>; lane++) losses[lane] += sums[part][lane];

  epoch_++;
  position_ = 0;
  drawn_ = false;
  std::vector<int> better;
  for (int lane = 0; lane < lanes(); lane++) {
    Record& record = records_[std::size_t(lane)];
    if (record.end != End::running) continue;
    const double loss = losses[lane] / validation_mass_[std::size_t(lane)];
    record.training.push_back(loss_sums_[lane] / weight_sums_[lane]);
    record.validation.push_back(loss);
    record.rates.push_back(rates_[std::size_t(rate_row(steps_ - 1) * lanes() + lane)]);
    record.steps = steps_;
    if (!std::isfinite(T(loss))) {
      end(lane, End::diverged);
      continue;
    }
    if (record.best_epoch == 0 || loss < record.best_loss) {
      record.best_epoch = epoch_;
      record.best_loss = loss;
      better.push_back(lane);
    }
    const std::int64_t patience = plan_.patience[std::size_t(lane)];
    if (epoch_ == plan_.epochs) end(lane, End::finished);
    else if (patience > 0 && epoch_ - record.best_epoch >= patience) end(lane, End::stopped);
  }
  keep(better);
  std::fill(loss_sums_, loss_sums_ + LANES<T>, 0.0);
  std::fill(weight_sums_, weight_sums_ + LANES<T>, 0.0);
  return true;
}

// The losses of rows of a batch, as the parameters are now.
template <class T>
void BlockOf<T>::measure(const Batch<T>& batch, std::int64_t first, std::int64_t end, double* losses,
                         Scratch<T>& scratch, const std::atomic<bool>& stop) const {
  take_through(network_, kernels_, parameters_.get(), batch, first, end, scratch, stop,
               [&](std::int64_t row) { measure_.add_losses(batch, row, network_, scratch, nullptr, losses); });
}

template <class T>
void BlockOf<T>::keep(const std::vector<int>& lanes) {
  bool kept[LANES<T>] = {};
  for (int lane : lanes) kept[lane] = true;
  const T* from = parameters_.get();
  T* to = best_.get();
  for (std::int64_t group = 0; group < network_.groups(); group++, from += LANES<T>, to += LANES<T>)
    for (int lane = 0; lane < LANES<T>; lane++) to[lane] = kept[lane] ? from[lane] : to[lane];
}

template <class T>
void BlockOf<T>::leave(int lane) {
  std::vector<T>& left = left_[std::size_t(lane)];
  left.resize(std::size_t(parameters()));
  network_.take(parameters_.get(), lane, left.data());
}

template <class T>
void BlockOf<T>::start_memory(const double* rates) {
  for (int memory = 0; memory < rule_.memories(); memory++)
    for (int lane = 0; lane < LANES<T>; lane++) {
      const T start = T(rule_.start(memory, lane, rates[lane]));
      T* to = memory_[std::size_t(memory)].get();
      for (std::int64_t number = lane; number < network_.groups() * LANES<T>; number += LANES<T>) to[number] = start;
    }
}

// Leaves out hidden units: which ones depends on the seed, the step, the layer, the row in the batch and the unit.
template <class T>
void BlockOf<T>::drop_units(std::int64_t first, int rows, int layer, T* values, T* slopes, int stride, int units,
                            Scratch<T>& scratch) const {
  const int seeds = shared_ ? 1 : LANES<T>;
  scratch.random.resize(std::size_t(rows) * std::size_t(units * seeds));
  for (int lane = 0; lane < seeds; lane++)
    for (int row = 0; row < rows; row++)
      for (int unit = 0; unit < units; unit += 4) {
        const auto words =
            philox({std::uint32_t(unit / 4), std::uint32_t(first + row), std::uint32_t(layer), std::uint32_t(steps_)},
                   {plan_.seeds[std::size_t(used(lane))], 0});
        for (int i = 0; i < std::min(4, units - unit); i++)
          scratch.random[(std::size_t(row) * std::size_t(units) + std::size_t(unit + i)) * std::size_t(seeds) +
                         std::size_t(lane)] = words[std::size_t(i)];
      }
  alignas(64) std::uint32_t thresholds[LANES<T>];
  alignas(64) T scale[LANES<T>];
  for (int lane = 0; lane < LANES<T>; lane++) {
    const double share = plan_.dropout[std::size_t(used(lane))];
    thresholds[lane] = std::uint32_t(share * 4294967296.0);
    scale[lane] = T(1 / (1 - share));
  }
  kernels_.drop(values, slopes, stride, rows, units, scratch.random.data(), shared_, thresholds, scale);
}

template <class T>
Record BlockOf<T>::record_now(int lane) const {
  Record record = records_[std::size_t(lane)];
  record.loss_sum = loss_sums_[lane];
  record.weight_sum = weight_sums_[lane];
  return record;
}

template <class T>
Lanes BlockOf<T>::carried(int lane) const {
  Lanes numbers;
  for (const auto& number : rule_.carried) numbers.push_back(number[std::size_t(lane)]);
  return numbers;
}

template <class T>
void BlockOf<T>::resume(int lane, const Record& record, const Lanes& carried, const std::uint32_t* order,
                        std::int64_t steps, std::int64_t position) {
  records_[std::size_t(lane)] = record;
  loss_sums_[lane] = record.loss_sum;
  weight_sums_[lane] = record.weight_sum;
  epoch_ = std::int64_t(record.validation.size());
  steps_ = rule_.steps = steps;
  position_ = position;
  drawn_ = position > 0;
  for (std::size_t number = 0; number < carried.size(); number++)
    for (int same = 0; same < LANES<T>; same++)
      if (used(same) == lane) rule_.carried[number][std::size_t(same)] = carried[number];
  if (!shared_ || lane == 0) orders_[std::size_t(lane)].restore(order, drawn_);
}

template class BlockOf<float>;
template class BlockOf<double>;

}  // namespace fallline
