// A feedforward network of all lanes of a block: where its parameters lie, and the way through a few rows and back.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "kernels.h"

namespace fallline {

// Numbers in groups, aligned to one. Grows where more is asked for, and then forgets what it held.
template <class T>
class Buffer {
 public:
  // With `huge`, of pages of 2 MiB where the system has them: products go through memory in long strides, and what they
  // touch at a time lies on more small pages than the processor knows the places of.
  explicit Buffer(std::int64_t groups = 0, bool huge = false) : huge_(huge) { at_least(groups); }
  T* at_least(std::int64_t groups) {
    if (groups > groups_) {
      const bool huge = huge_ || groups * 64 >= PAGE;
      const std::size_t alignment = huge ? PAGE : 64,
                        bytes = (std::size_t(groups) * 64 + alignment - 1) / alignment * alignment;
      numbers_.reset();
      void* at = std::aligned_alloc(alignment, bytes);
      if (!at) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
      if (huge) madvise(at, bytes, MADV_HUGEPAGE);
#endif
      std::memset(at, 0, std::size_t(groups) * 64);
      numbers_.reset(static_cast<T*>(at));
      groups_ = groups;
    }
    return numbers_.get();
  }
  T* get() const { return numbers_.get(); }

 private:
  static constexpr std::int64_t PAGE = 2 << 20;
  struct Free {
    void operator()(T* numbers) const { std::free(numbers); }
  };
  std::unique_ptr<T, Free> numbers_;
  std::int64_t groups_ = 0;
  bool huge_;
};

// A few rows on their way through the network.
template <class T>
struct Tile {
  int rows = 0;
  const T* inputs = nullptr;  // [row][input] groups, or numbers where shared
  int input_stride = 0;
  bool shared = true;
  std::vector<T*> values;  // of each layer [row][unit]: its outputs; on the way back, the slopes of the loss by them
  std::vector<T*> slopes;  // of each hidden layer's activation [row][unit], where it is not relu or identity
};

template <class T>
class Network {
 public:
  struct Layer {
    int inputs, outputs, stride;
    std::int64_t weights, bias;  // where they begin, in groups: [output][input] with `stride`, then [output]
    std::int64_t end() const { return bias + outputs; }
  };

  // Rows of a tile are as many as fit into half of a level-2 cache; a batch that just fits into it whole is one tile,
  // as its weights can then move at once.
  static constexpr std::int64_t TILE_BYTES = 512 * 1024, BATCH_BYTES = 800 * 1024;

  Network(const std::vector<int>& sizes, Activation activation, Buffer<T> options, bool dropout,
          const Kernels<T>& kernels)
      : kernels_(kernels), activation_(activation), options_(std::move(options)) {
    for (std::size_t i = 1; i < sizes.size(); i++) {
      Layer layer{sizes[i - 1], sizes[i], stride_for(sizes[i - 1]), groups_, 0};
      layer.bias = groups_ + std::int64_t(layer.outputs) * layer.stride;
      groups_ = layer.end();
      dense_ += (std::int64_t(layer.inputs) + 1) * layer.outputs;
      layers_.push_back(layer);
    }
    keeps_slopes_ = dropout || (activation != Activation::relu && activation != Activation::identity);
  }

  const std::vector<Layer>& layers() const { return layers_; }
  std::int64_t groups() const { return groups_; }     // of parameters, padding included
  std::int64_t parameters() const { return dense_; }  // of a run, in torch's order: weight, bias, weight, ...
  int inputs() const { return layers_.front().inputs; }
  int outputs() const { return layers_.back().outputs; }
  int output_stride() const { return stride_for(outputs()); }

  // Put one lane's numbers, in torch's order, between the others, and take them out again.
  void put(T* groups, int lane, const T* dense) const {
    each([&](std::int64_t group) { groups[group * LANES<T> + lane] = *dense++; });
  }
  void take(const T* groups, int lane, T* dense) const {
    each([&](std::int64_t group) { *dense++ = groups[group * LANES<T> + lane]; });
  }

  // How many rows to take through at once, of at most `rows`. The same whatever the lanes hold: losses are added up
  // tile by tile.
  int tile_rows(std::int64_t rows) const {
    std::int64_t bytes = std::int64_t(inputs()) * std::int64_t(sizeof(T));
    for (const Layer& layer : layers_) bytes += stride_for(layer.outputs) * 64;
    if (keeps_slopes_)
      for (std::size_t i = 0; i + 1 < layers_.size(); i++) bytes += stride_for(layers_[i].outputs) * 64;
    std::int64_t fit = std::max<std::int64_t>(32, TILE_BYTES / bytes / 4 * 4);
    if (rows <= fit || rows * bytes <= BATCH_BYTES) return int(rows);
    const std::int64_t tiles = (rows + fit - 1) / fit;  // of about the same size
    return int(std::min(rows, ((rows + tiles - 1) / tiles + 3) / 4 * 4));
  }

  // Rooms for the values of a tile in `room`.
  void place(Tile<T>& tile, Buffer<T>& room, int rows) const {
    std::int64_t groups = 0;
    for (const Layer& layer : layers_)
      groups += (keeps_slopes_ ? 2 : 1) * std::int64_t(rows) * stride_for(layer.outputs);
    T* at = room.at_least(groups);
    tile.values.resize(layers_.size());
    tile.slopes.resize(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); i++) {
      const std::int64_t numbers = std::int64_t(rows) * stride_for(layers_[i].outputs) * LANES<T>;
      tile.values[i] = at;
      at += numbers;
      tile.slopes[i] = at;
      if (keeps_slopes_) at += numbers;
    }
  }

  // The outputs of the last layer, into the tile's last values. In training, where slopes are kept,
  // drop(layer, values, slopes, stride, units) sees each hidden layer's.
  template <class Drop>
  void forward(const T* parameters, Tile<T>& tile, bool training, Drop&& drop) const {
    for (std::size_t i = 0; i < layers_.size(); i++) {
      const Layer& layer = layers_[i];
      const bool hidden = i + 1 < layers_.size(), slopes = hidden && training && keeps_slopes_;
      const int stride = stride_for(layer.outputs);
      Product<T> product{
          tile.values[i], stride,    source(tile, i), source_stride(tile, i), parameters + layer.weights * LANES<T>,
          layer.stride,   tile.rows, layer.inputs,    layer.outputs};
      product.shared = i == 0 && tile.shared;
      product.bias = parameters + layer.bias * LANES<T>;
      product.relu = hidden && activation_ == Activation::relu && !slopes;
      kernels_.forward(product);
      if (!hidden || (!slopes && (activation_ == Activation::relu || activation_ == Activation::identity))) continue;
      kernels_.activate(activation_, tile.values[i], slopes ? tile.slopes[i] : nullptr, stride, tile.rows,
                        layer.outputs, options_.get());
      if (training) drop(int(i), tile.values[i], tile.slopes[i], stride, layer.outputs);
    }
  }

  // From the loss's slopes by the outputs, in the tile's last values, back to the first layer. `gradient(i)` is to see
  // to layer i's gradient, `done(i)` hears that the layer's weights are no longer needed.
  template <class Gradient, class Done>
  void backward(const T* parameters, Tile<T>& tile, Gradient&& gradient, Done&& done) const {
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const Layer& layer = layers_[i];
      gradient(i);
      if (i > 0) {
        Product<T> product{tile.values[i - 1],
                           stride_for(layer.inputs),
                           tile.values[i],
                           stride_for(layer.outputs),
                           parameters + layer.weights * LANES<T>,
                           layer.stride,
                           tile.rows,
                           layer.inputs,
                           layer.outputs};
        product.relu = !keeps_slopes_ && activation_ == Activation::relu;
        product.slopes = keeps_slopes_ ? tile.slopes[i - 1] : nullptr;
        kernels_.backward(product);
      }
      done(i);
    }
  }

  // The gradient of a whole layer, padding cleared.
  void gradient(std::size_t i, const Tile<T>& tile, T* to, bool add) const {
    const Layer& layer = layers_[i];
    Product<T> product = weights(i, tile, to);
    product.sums = to + (layer.bias - layer.weights) * LANES<T>;
    product.add = add;
    kernels_.gradient(product);
    if (layer.stride > layer.inputs && !add)
      for (int output = 0; output < layer.outputs; output++)
        std::memset(static_cast<void*>(to + (std::int64_t(output) * layer.stride + layer.inputs) * LANES<T>), 0, 64);
  }
  void bias_gradient(std::size_t i, const Tile<T>& tile, T* to, bool add) const {
    kernels_.bias_gradient(to, tile.values[i], stride_for(layers_[i].outputs), tile.rows, layers_[i].outputs, add);
  }
  // Moves the weights of a layer, by their gradient times what the update says.
  void learn(std::size_t i, const Tile<T>& tile, T* room, const Update<T>& update) const {
    kernels_.learn(weights(i, tile, room), update);
  }

 private:
  template <class Visit>
  void each(Visit&& visit) const {
    for (const Layer& layer : layers_) {
      for (int output = 0; output < layer.outputs; output++)
        for (int input = 0; input < layer.inputs; input++)
          visit(layer.weights + std::int64_t(output) * layer.stride + input);
      for (int output = 0; output < layer.outputs; output++) visit(layer.bias + output);
    }
  }
  // The product that is the gradient of a layer's weights.
  Product<T> weights(std::size_t i, const Tile<T>& tile, T* to) const {
    const Layer& layer = layers_[i];
    Product<T> product{to,
                       layer.stride,
                       tile.values[i],
                       stride_for(layer.outputs),
                       source(tile, i),
                       source_stride(tile, i),
                       tile.rows,
                       layer.inputs,
                       layer.outputs};
    product.shared = i == 0 && tile.shared;
    return product;
  }
  static const T* source(const Tile<T>& tile, std::size_t i) { return i == 0 ? tile.inputs : tile.values[i - 1]; }
  int source_stride(const Tile<T>& tile, std::size_t i) const {
    return i == 0 ? tile.input_stride : stride_for(layers_[i].inputs);
  }

  const Kernels<T>& kernels_;
  Activation activation_;
  Buffer<T> options_;
  bool keeps_slopes_ = false;
  std::vector<Layer> layers_;
  std::int64_t groups_ = 0, dense_ = 0;
};

}  // namespace fallline
