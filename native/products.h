// The three matrix products of a layer, on tiles that stay in registers.
//
// Every element is the sum over k in order, one multiply-add each, whatever the tiles: a run's numbers do not depend on how
// the work is cut up.
#pragma once

#include "kernels.h"
#include "lanes.h"

namespace {

// AVX-512 and NEON have 32 registers: 4 x 6 sums, 6 columns, 1 row. The others have 16: 4 x 3 sums, 3 columns, 1 row.
#if defined(__AVX512F__) || defined(__aarch64__)
#define TILE_COLUMNS_ARE_SIX 1
constexpr int TILE_COLUMNS = 6;
#else
#define TILE_COLUMNS_ARE_SIX 0
constexpr int TILE_COLUMNS = 3;
#endif
constexpr int TILE_ROWS = 4;
constexpr int DEPTH = 64;  // of the blocks that a deep product is cut into, so that a panel of columns stays in L1

// result[i][j] = sum over k of left[i][k] right[k][j]. Strides are in numbers; a shared operand has one number where
// the others have a group.
template <class T> struct Sum {
  T* result;
  int64_t result_row;
  const T* left;
  int64_t left_row, left_k;
  const T* right;
  int64_t right_k, right_column;
  int rows, columns, depth;
  const T* bias = nullptr;    // added, by column
  const T* slopes = nullptr;  // multiplied by, at result's place
  bool add = false;           // to what result holds
  bool relu = false;          // of the sum
  bool mask = false;          // 0 where result held 0 or less
};

template <class T, bool SHARED> INLINE Reg<T> operand(const T* at) {
  if constexpr (SHARED) return splat<T>(*at);
  else return load<T>(at);
}

#define EACH_COLUMN _Pragma("GCC unroll 8") for (int j = 0; j < COLUMNS; j++)

// visit(i, at) of each row of a tile. Where a row begins is worked out when it is come to: kept for all of them, the places
// would take the registers that the sums want.
template <int ROWS, class T, class Visit> INLINE void each_row(T* at, int64_t next, Visit visit) {
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++, at += next) {
    asm("" : "+r"(at));
    visit(i, at);
  }
}

template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, int ROWS, int COLUMNS>
INLINE void tile(const Sum<T>& sum, int row, int column) {
  constexpr int GROUP = fallline::LANES<T>;
#pragma GCC unroll 4
  for (int part = 0; part < PARTS; part++) {
    const int64_t lane = part * WIDTH<T>;
    const T* left = sum.left + row * sum.left_row + (LEFT_SHARED ? 0 : lane);
    const T* right = sum.right + column * sum.right_column + (RIGHT_SHARED ? 0 : lane);
    T* result = sum.result + row * sum.result_row + column * GROUP + lane;
    const int64_t next = sum.result_row;
    Reg<T> s[ROWS][COLUMNS];
    if (sum.add) {
      each_row<ROWS>(result, next, [&](int i, const T* at) { EACH_COLUMN s[i][j] = load<T>(at + j * GROUP); });
    } else {
      Reg<T> start[COLUMNS];
      EACH_COLUMN start[j] = sum.bias ? load<T>(sum.bias + (column + j) * GROUP + lane) : zero<T>();
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; i++) EACH_COLUMN s[i][j] = start[j];
    }
    for (int k = 0; k < sum.depth; k++, left += sum.left_k, right += sum.right_k) {
      Reg<T> r[COLUMNS];
#pragma GCC unroll 8
      for (int j = 0; j < COLUMNS; j++) r[j] = operand<T, RIGHT_SHARED>(right + j * sum.right_column);
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; i++) {
        const Reg<T> l = operand<T, LEFT_SHARED>(left + i * sum.left_row);
#pragma GCC unroll 8
        for (int j = 0; j < COLUMNS; j++) s[i][j] = fma(l, r[j], s[i][j]);
      }
    }
    if (sum.relu) {
      each_row<ROWS>(result, next, [&](int i, T* at) { EACH_COLUMN store<T>(at + j * GROUP, at_least<T>(s[i][j], zero<T>())); });
    } else if (sum.mask) {
      each_row<ROWS>(result, next, [&](int i, T* at) {
        EACH_COLUMN store<T>(at + j * GROUP, select<T>(load<T>(at + j * GROUP) > zero<T>(), s[i][j], zero<T>()));
      });
    } else if (sum.slopes) {
      const int64_t aside = sum.slopes - sum.result;
      each_row<ROWS>(result, next, [&](int i, T* at) { EACH_COLUMN store<T>(at + j * GROUP, s[i][j] * load<T>(at + aside + j * GROUP)); });
    } else {
      each_row<ROWS>(result, next, [&](int i, T* at) { EACH_COLUMN store<T>(at + j * GROUP, s[i][j]); });
    }
  }
}

template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, int COLUMNS>
void columns(const Sum<T>& sum, int column) {
  int row = 0;
  for (; row + TILE_ROWS <= sum.rows; row += TILE_ROWS)
    tile<T, LEFT_SHARED, RIGHT_SHARED, TILE_ROWS, COLUMNS>(sum, row, column);
  switch (sum.rows - row) {
    case 3: return tile<T, LEFT_SHARED, RIGHT_SHARED, 3, COLUMNS>(sum, row, column);
    case 2: return tile<T, LEFT_SHARED, RIGHT_SHARED, 2, COLUMNS>(sum, row, column);
    case 1: return tile<T, LEFT_SHARED, RIGHT_SHARED, 1, COLUMNS>(sum, row, column);
  }
}

// All columns, in tiles as wide as one another: 8 are 4 + 4 and not 6 + 2.
template <class T, bool LEFT_SHARED, bool RIGHT_SHARED> void product(const Sum<T>& sum) {
  const int tiles = (sum.columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  for (int number = 0, column = 0; number < tiles; number++) {
    const int width = (sum.columns - column + tiles - number - 1) / (tiles - number);
    switch (width) {
#if TILE_COLUMNS_ARE_SIX
      case 6: columns<T, LEFT_SHARED, RIGHT_SHARED, 6>(sum, column); break;
      case 5: columns<T, LEFT_SHARED, RIGHT_SHARED, 5>(sum, column); break;
      case 4: columns<T, LEFT_SHARED, RIGHT_SHARED, 4>(sum, column); break;
#endif
      case 3: columns<T, LEFT_SHARED, RIGHT_SHARED, 3>(sum, column); break;
      case 2: columns<T, LEFT_SHARED, RIGHT_SHARED, 2>(sum, column); break;
      case 1: columns<T, LEFT_SHARED, RIGHT_SHARED, 1>(sum, column); break;
    }
    column += width;
  }
}

template <class T, bool LEFT_SHARED, bool RIGHT_SHARED> void product_in_blocks(Sum<T> sum) {
  const int depth = sum.depth;
  const bool relu = sum.relu;
  const T *left = sum.left, *right = sum.right;
  for (int k = 0; k < depth; k += DEPTH) {
    const bool last = k + DEPTH >= depth;
    sum.left = left + k * sum.left_k;
    sum.right = right + k * sum.right_k;
    sum.depth = last ? depth - k : DEPTH;
    sum.relu = relu && last;
    product<T, LEFT_SHARED, RIGHT_SHARED>(sum);
    sum.add = true;
  }
}

template <class T> void forward(const fallline::Product<T>& p) {
  constexpr int GROUP = fallline::LANES<T>;
  Sum<T> sum{p.result, int64_t(p.result_stride) * GROUP,
             p.left,   int64_t(p.left_stride) * (p.shared ? 1 : GROUP), p.shared ? 1 : GROUP,
             p.right,  GROUP, int64_t(p.right_stride) * GROUP,
             p.rows,   p.outputs, p.inputs};
  sum.bias = p.bias;
  sum.relu = p.relu;
  if (p.shared) product_in_blocks<T, true, false>(sum);
  else product_in_blocks<T, false, false>(sum);
}

template <class T> void backward(const fallline::Product<T>& p) {
  constexpr int GROUP = fallline::LANES<T>;
  Sum<T> sum{p.result, int64_t(p.result_stride) * GROUP,
             p.left,   int64_t(p.left_stride) * GROUP, GROUP,
             p.right,  int64_t(p.right_stride) * GROUP, GROUP,
             p.rows,   p.inputs, p.outputs};
  sum.mask = p.relu;  // result is needed to the end, so this is not cut into blocks
  sum.slopes = p.slopes;
  product<T, false, false>(sum);
}

template <class T> void gradient(const fallline::Product<T>& p) {
  constexpr int GROUP = fallline::LANES<T>;
  Sum<T> sum{p.result, int64_t(p.result_stride) * GROUP,
             p.left,   GROUP, int64_t(p.left_stride) * GROUP,
             p.right,  int64_t(p.right_stride) * (p.shared ? 1 : GROUP), p.shared ? 1 : GROUP,
             p.outputs, p.inputs, p.rows};
  sum.add = p.add;
  if (p.shared) product<T, false, true>(sum);
  else product<T, false, false>(sum);
}

template <class T> void bias_gradient(T* sums, const T* slopes, int stride, int rows, int outputs, bool add) {
  constexpr int AT_ONCE = 4;  // sums that do not wait for each other
  const int64_t next = int64_t(stride) * fallline::LANES<T>, all = int64_t(outputs) * fallline::LANES<T>;
  int64_t at = 0;
  for (; at + AT_ONCE * WIDTH<T> <= all; at += AT_ONCE * WIDTH<T>) {
    Reg<T> s[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) s[i] = add ? load<T>(sums + at + i * WIDTH<T>) : zero<T>();
    for (int row = 0; row < rows; row++)
      for (int i = 0; i < AT_ONCE; i++) s[i] += load<T>(slopes + row * next + at + i * WIDTH<T>);
    for (int i = 0; i < AT_ONCE; i++) store<T>(sums + at + i * WIDTH<T>, s[i]);
  }
  for (; at < all; at += WIDTH<T>) {
    Reg<T> s = add ? load<T>(sums + at) : zero<T>();
    for (int row = 0; row < rows; row++) s += load<T>(slopes + row * next + at);
    store<T>(sums + at, s);
  }
}

template <class T>
void gather(T* result, int stride, const T* table, int columns, const int32_t* index, int64_t index_stride, int rows) {
  constexpr int GROUP = fallline::LANES<T>;
  for (int row = 0; row < rows; row++) {
    T* to = result + int64_t(row) * stride * GROUP;
    const T* from[GROUP];
    for (int lane = 0; lane < GROUP; lane++) from[lane] = table + int64_t(index[lane * index_stride + row]) * columns;
    for (int column = 0; column < columns; column++)
      for (int lane = 0; lane < GROUP; lane++) to[column * GROUP + lane] = from[lane][column];
  }
}

}  // namespace
