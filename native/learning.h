// The gradient of a layer's weights and the optimizer's step on them, tile by tile.
//
// Where a layer is large, a step waits for memory, and its root and quotient take a quarter as long as the sums of a batch
// of 64. So the sums of a tile and the steps of the tile before take turns, and what a tile's steps will need is asked
// for while its own sums are under way.
#pragma once

#include "kernels.h"
#include "lanes.h"
#include "optimizers.h"
#include "products.h"

namespace {

constexpr int LEARNT_ROWS = 4, LEARNT = LEARNT_ROWS * TILE_COLUMNS;  // weights of a tile

// Whole tiles of weights; `gradient` holds that of the tile before, which begins at `before`.
template <class T, class Rule, bool SHARED>
__attribute__((noinline)) void learn_tiles(const fallline::Product<T>& call, const Update<T>& update, int outputs,
                                           int inputs) {
  constexpr int GROUP = LANES<T>, ROWS = LEARNT_ROWS, COLUMNS = TILE_COLUMNS;
  const int64_t left_k = int64_t(call.left_stride) * GROUP, right_k = int64_t(call.right_stride) * (SHARED ? 1 : GROUP);
  alignas(64) T gradient[LEARNT * GROUP];
  const auto place = [&](int weight) __attribute__((always_inline)) {
    return (int64_t(weight / COLUMNS) * call.result_stride + weight % COLUMNS) * GROUP;
  };
  const Rules<T, Rule> rules(update.constants);
  int64_t before = -1;
  for (int row = 0; row < outputs; row += ROWS)
    for (int column = 0; column < inputs; column += COLUMNS) {
      const int64_t here = (int64_t(row) * call.result_stride + column) * GROUP;
      for (int lane = 0; lane < GROUP; lane += WIDTH<T>) {
        const T* left = call.left + row * GROUP + lane;
        const T* right = call.right + (SHARED ? column : column * GROUP + lane);
        Reg<T> s[ROWS][COLUMNS];
        EACH_ROW EACH_COLUMN s[i][j] = zero<T>();
        for (int weight = 0, k = 0; weight < LEARNT; weight++) {
          const int64_t at = place(weight);
          __builtin_prefetch(update.parameters + here + at, 1);
          for (int which = 0; which < Rule::MEMORIES; ++which) __builtin_prefetch(update.memory[which] + here + at, 1);
          for (const int end = call.rows * (weight + 1) / LEARNT; k < end; k++, left += left_k, right += right_k) {
            Reg<T> r[COLUMNS];
            EACH_COLUMN r[j] = operand<T, SHARED>(right + j * (SHARED ? 1 : GROUP));
            EACH_ROW {
              const Reg<T> l = load<T>(left + i * GROUP);
              EACH_COLUMN s[i][j] = fma(l, r[j], s[i][j]);
            }
          }
          if (before >= 0) step_at<T, Rule>(rules, update, before + at, lane, gradient + weight * GROUP);
        }
        EACH_ROW EACH_COLUMN store<T>(gradient + (i * COLUMNS + j) * GROUP + lane, s[i][j]);
      }
      before = here;
    }
  for (int weight = 0; weight < LEARNT && before >= 0; weight++)
    for (int lane = 0; lane < GROUP; lane += WIDTH<T>)
      step_at<T, Rule>(rules, update, before + place(weight), lane, gradient + weight * GROUP);
}

// Some of the weights, their gradient lying in call.result for once.
template <class T, class Rule>
void learn_piece(fallline::Product<T> call, Update<T> update, int output, int outputs, int input, int inputs) {
  call.left += output * LANES<T>;
  call.right += input * (call.shared ? 1 : LANES<T>);
  call.outputs = outputs;
  call.inputs = inputs;
  gradient(call);
  const auto advance = [&](int64_t groups) {
    update.parameters += groups * LANES<T>;
    for (int which = 0; which < Rule::MEMORIES; ++which) update.memory[which] += groups * LANES<T>;
  };
  advance(int64_t(output) * call.result_stride + input);
  update.gradient = call.result;
  update.count = inputs;
  for (int row = 0; row < outputs; row++, update.gradient += call.result_stride * LANES<T>) {
    step<T, Rule>(update);
    advance(call.result_stride);
  }
}

template <class T> void learn(const fallline::Product<T>& call, const Update<T>& update) {
  const int outputs = call.outputs / LEARNT_ROWS * LEARNT_ROWS, inputs = call.inputs / TILE_COLUMNS * TILE_COLUMNS;
  with_rule<T>(update, [&]<class Rule>(Rule*) {
    if (call.shared) learn_tiles<T, Rule, true>(call, update, outputs, inputs);
    else learn_tiles<T, Rule, false>(call, update, outputs, inputs);
    learn_piece<T, Rule>(call, update, 0, call.outputs, inputs, call.inputs - inputs);
    learn_piece<T, Rule>(call, update, outputs, call.outputs - outputs, 0, inputs);
  });
}

}  // namespace
