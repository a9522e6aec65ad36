// Rows on their way to the lanes, and the loss of what comes out.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels.h"
#include "network.h"

namespace fallline {

using Lanes = std::vector<double>;  // one number per lane

// Rows as a loss takes them; whoever makes one keeps the numbers alive.
template <class T>
struct Rows {
  const T* inputs = nullptr;   // [row][feature]
  const T* targets = nullptr;  // [row][column]
  const T* weights = nullptr;  // [row], or null
  std::int64_t count = 0;
  int features = 0, columns = 0;
};

// Rows to be taken through the network: all of `rows`, or `count` that `index` picks, the same for every lane or not.
template <class T>
struct Batch {
  const Rows<T>& rows;
  std::int64_t count;
  const std::int32_t* index = nullptr;  // [row], or [lane][row]; null: as they come
  bool shared = true;
};

// What one thread works in.
template <class T>
struct Scratch {
  Buffer<T> values{0, true}, inputs{0, true}, targets, weights, sum, scale, mass;
  Tile<T> tile;
  std::vector<std::uint32_t> random;
  std::vector<std::int32_t> index;
};

// Room for a number per parameter: larger than the above, and needed by fewer threads at a time.
template <class T>
struct Gradient {
  Buffer<T> groups{0, true};
};

// Options [option][lane] as groups; lanes that are not used are like the first.
template <class T>
Buffer<T> in_groups(const std::vector<Lanes>& options) {
  Buffer<T> groups(std::int64_t(options.size()));
  T* to = groups.get();
  for (const Lanes& option : options)
    for (int lane = 0; lane < LANES<T>; lane++) *to++ = T(option[lane < int(option.size()) ? lane : 0]);
  return groups;
}

// Numbers of some rows of a batch, as groups [row][column].
template <class T>
void pick(const Kernels<T>& kernels, const Batch<T>& batch, const T* table, int columns, std::int64_t first, int count,
          T* groups) {
  if (batch.shared) kernels.spread(groups, table, columns, batch.index, first, count);
  else kernels.gather(groups, columns, table, columns, batch.index + first, batch.count, count);
}

// A few numbers are copied faster by fours, the last of which may overlap, than by a call.
template <class T>
void copy_row(const T* from, int count, T* to) {
  if (count < 4 || count > 64) {
    std::copy_n(from, count, to);
  } else {
    for (int i = 0; i + 4 < count; i += 4) std::memcpy(to + i, from + i, 4 * sizeof(T));
    std::memcpy(to + count - 4, from + count - 4, 4 * sizeof(T));
  }
}

// Puts the inputs of some rows of a batch where the network looks for them.
template <class T>
void load_inputs(const Kernels<T>& kernels, const Batch<T>& batch, std::int64_t first, int count, Tile<T>& tile,
                 Buffer<T>& room) {
  const int features = batch.rows.features;
  tile.rows = count;
  tile.shared = batch.shared;
  tile.input_stride = batch.shared ? features : stride_for(features);
  if (batch.shared && !batch.index) {
    tile.inputs = batch.rows.inputs + first * features;
  } else if (batch.shared) {
    T* to = room.at_least(std::int64_t(count) * features / LANES<T> + 1);
    tile.inputs = to;
    for (int row = 0; row < count; row++) {
      const T* from = batch.rows.inputs + std::int64_t(batch.index[first + row]) * features;
      copy_row(from, features, to);
      to += features;
    }
  } else {
    T* to = room.at_least(std::int64_t(count) * tile.input_stride);
    tile.inputs = to;
    kernels.gather(to, tile.input_stride, batch.rows.inputs, features, batch.index + first, batch.count, count);
  }
}

// Takes rows of a batch through a network, tile by tile; visit(row) finds what comes of those from `row` on in the
// scratch's tile. In training with drop(row, layer, values, slopes, stride, units).
template <class T, class Drop, class Visit>
void take_through(const Network<T>& network, const Kernels<T>& kernels, const T* parameters, const Batch<T>& batch,
                  std::int64_t first, std::int64_t end, Scratch<T>& scratch, const std::atomic<bool>& stop,
                  bool training, Drop&& drop, Visit&& visit) {
  Tile<T>& tile = scratch.tile;
  const int fit = network.tile_rows(end - first);
  for (std::int64_t row = first; row < end && !stop; row += fit) {
    load_inputs(kernels, batch, row, int(std::min<std::int64_t>(fit, end - row)), tile, scratch.inputs);
    network.place(tile, scratch.values, tile.rows);
    network.forward(parameters, tile, training, [&](int layer, T* values, T* slopes, int stride, int units) {
      drop(row, layer, values, slopes, stride, units);
    });
    visit(row);
  }
}
template <class T, class Visit>
void take_through(const Network<T>& network, const Kernels<T>& kernels, const T* parameters, const Batch<T>& batch,
                  std::int64_t first, std::int64_t end, Scratch<T>& scratch, const std::atomic<bool>& stop,
                  Visit&& visit) {
  const auto drop = [](std::int64_t, int, T*, T*, int, int) {};
  take_through(network, kernels, parameters, batch, first, end, scratch, stop, false, drop, visit);
}

// A loss with its options.
struct Objective {
  Loss loss;
  std::vector<Lanes> options;  // in the order of kernels.h
  bool full = false;           // with the constant part of the likelihood
  bool sums = false;           // the gradient is that of the sum
  bool by_row = false;         // one value per row, not one per row and column
  int columns = 1;             // of the targets
  int class_weights = -1;      // the first of the options that its mean divides by, the weights of classes; -1: none
};

template <class T>
class Measure {
 public:
  Measure(const Objective& objective, const Kernels<T>& kernels)
      : objective_(objective), kernels_(kernels), options_(in_groups<T>(objective.options)) {
    for (int option = objective.class_weights; option >= 0 && option < int(objective.options.size()); option++)
      for (int lane = 0; lane < LANES<T>; lane++)
        class_weighted_[lane] = class_weighted_[lane] || options_.get()[option * LANES<T> + lane] != T(1);
  }

  const Objective& objective() const { return objective_; }

  // Adds to sums [lane] the losses of the scratch's tile, the rows of a batch from `first` on, given the outputs in its
  // last values, which become the slopes, times `scale`, where that is given.
  void add_losses(const Batch<T>& batch, std::int64_t first, const Network<T>& network, Scratch<T>& scratch,
                  const T* scale, double* sums) const {
    const Tile<T>& tile = scratch.tile;
    const int columns = batch.rows.columns;
    LossCall<T> call{};
    call.outputs = tile.values.back();
    call.stride = network.output_stride();
    call.targets = scratch.targets.at_least(std::int64_t(tile.rows) * columns);
    pick(kernels_, batch, batch.rows.targets, columns, first, tile.rows, scratch.targets.get());
    if (batch.rows.weights) {
      call.weights = scratch.weights.at_least(tile.rows);
      pick(kernels_, batch, batch.rows.weights, 1, first, tile.rows, scratch.weights.get());
    }
    call.scale = scale;
    call.options = options_.get();
    call.full = objective_.full;
    call.rows = tile.rows;
    call.units = network.outputs();
    call.columns = columns;
    call.sum = scratch.sum.at_least(1);
    kernels_.loss(objective_.loss, call);
    for (int lane = 0; lane < LANES<T>; lane++) sums[lane] += double(call.sum[lane]);
  }

  // What the mean over a batch divides the sum by, and what its rows weigh, lane by lane.
  void weigh(const Batch<T>& batch, const Network<T>& network, Scratch<T>& scratch, double* masses,
             double* weights) const {
    std::fill(weights, weights + LANES<T>, batch.rows.weights ? 0.0 : double(batch.count));
    if (batch.rows.weights)
      for (int lane = 0; lane < (batch.shared ? 1 : LANES<T>); lane++)
        for (std::int64_t row = 0; row < batch.count; row++)
          weights[lane] += double(batch.rows.weights[batch.index ? batch.index[lane * batch.count + row] : row]);
    if (batch.shared) std::fill(weights, weights + LANES<T>, weights[0]);
    const double columns = objective_.by_row ? 1 : batch.rows.columns;
    for (int lane = 0; lane < LANES<T>; lane++) masses[lane] = class_weighted_[lane] ? 0 : weights[lane] * columns;
    if (std::none_of(class_weighted_, class_weighted_ + LANES<T>, [](bool weighted) { return weighted; })) return;

    constexpr int AT_ONCE = 4096;
    T* targets = scratch.targets.at_least(AT_ONCE);
    T* row_weights = batch.rows.weights ? scratch.weights.at_least(AT_ONCE) : nullptr;
    T* mass = scratch.mass.at_least(1);
    for (std::int64_t first = 0; first < batch.count; first += AT_ONCE) {
      const int count = int(std::min<std::int64_t>(AT_ONCE, batch.count - first));
      pick(kernels_, batch, batch.rows.targets, 1, first, count, targets);
      if (row_weights) pick(kernels_, batch, batch.rows.weights, 1, first, count, row_weights);
      kernels_.mass(targets, row_weights, options_.get() + objective_.class_weights * LANES<T>, count,
                    network.outputs(), mass);
      for (int lane = 0; lane < LANES<T>; lane++)
        if (class_weighted_[lane]) masses[lane] += double(mass[lane]);
    }
  }

 private:
  Objective objective_;
  const Kernels<T>& kernels_;
  Buffer<T> options_;
  bool class_weighted_[LANES<T>] = {};  // lane by lane, as a run alone: the kernel's sum has other last bits than a count
};

}  // namespace fallline
