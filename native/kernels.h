// What the plain code asks of the kernels. Every instruction set has its own table of them, chosen at import.
//
// A *lane* is one run; the runs of a block lie side by side in *groups* of 64 bytes: 16 lanes of float or 8 of
// double. `[a][b]` below is an array of groups, b fastest; a *stride* is the distance between rows, in groups.
#pragma once

#include <cstdint>

namespace fallline {

template <class T> inline constexpr int LANES = 64 / static_cast<int>(sizeof(T));

// Rows of groups start an odd number of groups apart: columns then spread over all sets of the cache.
constexpr int stride_for(int width) { return width | 1; }

// With options, in this order: leaky_relu negative_slope; hardtanh min_val, max_val; hardshrink lambd; softshrink lambd;
// threshold threshold, value; elu alpha; celu alpha; softplus beta, threshold.
enum class Activation : int {
  identity, relu, leaky_relu, relu6, hardtanh, hardsigmoid, hardshrink, softshrink, threshold, elu, celu, selu, gelu,
  gelu_tanh, silu, mish, hardswish, softplus, log_sigmoid, tanh, sigmoid, softsign, tanhshrink,
};

// With options, in this order: smooth_l1 beta; huber delta; quantile quantile; poisson_nll_rate eps; gaussian_nll eps;
// bce_with_logits pos_weight of each column; hinge_embedding margin; multilabel_soft_margin weight of each label;
// cross_entropy label_smoothing, weight of each class; nll weight of each class; focal gamma, weight of each class;
// multi_margin p, margin, weight of each class. Weights that are not wanted are 1. The head that a loss wants is part
// of it: the outputs are those of the last linear layer.
enum class Loss : int {
  mse, l1, smooth_l1, huber, log_cosh, quantile, poisson_nll, poisson_nll_rate, gaussian_nll, bce_with_logits, bce,
  soft_margin, hinge_embedding, multilabel_soft_margin, multilabel_margin, cross_entropy, nll, focal, kl_div,
  multi_margin,
};

enum class Optimizer : int {
  sgd, asgd, adam, adamax, nadam, radam, adagrad, adadelta, rmsprop, rprop, lion,
};

// One of the three matrix products of a layer: outputs from inputs, its slopes, its gradient.
template <class T> struct Product {
  T* result;       // forward [row][output], backward [row][input], gradient [output][input]
  int result_stride;
  const T* left;   // forward: the inputs [row][input]; backward, gradient: the slopes of the outputs [row][output]
  int left_stride;
  const T* right;  // forward, backward: the weights [output][input]; gradient: the inputs [row][input]
  int right_stride;
  int rows, inputs, outputs;
  bool shared = false;        // forward, gradient: inputs are plain numbers, the same for every lane (stride: numbers)
  const T* bias = nullptr;    // forward: [output]
  bool relu = false;          // forward: end in it; backward: pass only where result, the layer's outputs, is above 0
  const T* slopes = nullptr;  // backward: what to multiply by [row][input], with result_stride
  T* sums = nullptr;          // gradient: that of the bias, the slopes' sums over the rows, where it is wanted too [output]
  bool add = false;           // gradient: to what result and sums hold
};

template <class T> struct LossCall {
  T* outputs;        // [row][unit]; becomes the gradient where `scale` is given
  int stride;
  const T* targets;  // [row][column]; class ids as numbers, label ids too
  const T* weights;  // [row], or null: all 1
  const T* scale;    // one group, what gradients are multiplied by; null: no gradient wanted
  const T* options;  // [option], in the order above
  bool full;         // poisson_nll, gaussian_nll: with the constant part of the likelihood
  int rows, units, columns;
  T* sum;            // one group: the sum over rows of weight times loss, a row's loss being summed over its columns
};

template <class T> struct Update {
  Optimizer rule;
  bool amsgrad, decoupled, nesterov, momentum, centered;  // of those that the rule knows
  T* parameters;
  const T* gradient;
  T* memory[3];        // the rule's own numbers, one per parameter
  const T* constants;  // [constant]: what `rules.h` prepared for this step
  std::int64_t count;  // parameters
};

template <class T> struct Kernels {
  void (*forward)(const Product<T>&);
  void (*backward)(const Product<T>&);
  void (*gradient)(const Product<T>&);
  // The gradient of some weights, and the update of them: parameters, memory and constants of the update, whose other
  // weights lie as those of the product's result. The result is room to work in, not all of which is written.
  void (*learn)(const Product<T>&, const Update<T>&);
  // sums[output] (+)= the slopes [row][output] summed over the rows
  void (*bias_gradient)(T* sums, const T* slopes, int stride, int rows, int outputs, bool add);
  // values [row][unit] become the activation of them; slopes, where not null, its derivative
  void (*activate)(Activation, T* values, T* slopes, int stride, int rows, int units, const T* options);
  // Units whose 32 random bits (`[row][unit]` numbers, or of each lane where not shared) are below the lane's
  // threshold become 0, the others are multiplied by its scale; slopes likewise.
  void (*drop)(T* values, T* slopes, int stride, int rows, int units, const std::uint32_t* bits, bool shared,
               const std::uint32_t* thresholds, const T* scale);
  void (*loss)(Loss, const LossCall<T>&);
  // mass: one group, the sum over rows of weight times the weight of the row's class
  void (*mass)(const T* targets, const T* weights, const T* class_weights, int rows, int classes, T* mass);
  void (*update)(const Update<T>&);
  // sums: one group of lane sums of squares, as double
  void (*squares)(const T* gradient, std::int64_t count, double* sums);
  void (*scale)(T* gradient, std::int64_t count, const T* factors);
  void (*clamp)(T* gradient, std::int64_t count, const T* limits);
  // result[row][column], the same for all lanes: table row index[row], or row where null, of `columns` numbers, from the
  // first row on
  void (*spread)(T* result, const T* table, int columns, const std::int32_t* index, std::int64_t first, int rows);
  // result[row][column] of each lane: table row index[lane][row] (index_stride numbers apart) of `columns` numbers
  void (*gather)(T* result, int stride, const T* table, int columns, const std::int32_t* index,
                 std::int64_t index_stride, int rows);
};

struct InstructionSet {
  const char* name;
  int registers;                       // bytes of one
  Kernels<float> single;
  Kernels<double> twice;
  double (*multiply_adds)(long count);  // runs that many register-wide float multiply-adds; something to look at
};

extern const InstructionSet BASELINE, AVX2, AVX512, NEON;

}  // namespace fallline
