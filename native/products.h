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
// Rows of a tile: few columns leave room for more of them, and sums that wait for each other are to be many.
template <int COLUMNS> constexpr int TILE_ROWS = 2 * COLUMNS <= TILE_COLUMNS ? 8 : 4;
constexpr int DEPTH = 256;  // of the blocks that a deep product is cut into, so that a panel of columns stays in L2

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
  T* left_sums = nullptr;     // [i], the sum over k of left[i][k]
  bool add = false;           // to what result and left_sums hold
  bool relu = false;          // of the sum
  bool mask = false;          // 0 where result held 0 or less
};

template <class T, bool SHARED> INLINE Reg<T> operand(const T* at) {
  if constexpr (SHARED) return splat<T>(*at);
  else return load<T>(at);
}

#define EACH_ROW _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++)
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

// Where a tile begins.
template <class T> struct Corner {
  const T *left, *right, *bias;
  T *result, *left_sums;
};

template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, bool SUMS, int ROWS, int COLUMNS>
INLINE void tile(const Sum<T>& sum, const Corner<T>& corner) {
  constexpr int GROUP = fallline::LANES<T>;
#pragma GCC unroll 4
  for (int part = 0; part < PARTS; part++) {
    const int64_t lane = part * WIDTH<T>, next = sum.result_row;
    const T* left = corner.left + (LEFT_SHARED ? 0 : lane);
    const T* right = corner.right + (RIGHT_SHARED ? 0 : lane);
    T* const result = corner.result + lane;
    Reg<T> s[ROWS][COLUMNS];
    if (sum.add) {
      each_row<ROWS>(result, next, [&](int i, const T* at) { EACH_COLUMN s[i][j] = load<T>(at + j * GROUP); });
    } else {
      Reg<T> start[COLUMNS];
      EACH_COLUMN start[j] = corner.bias ? load<T>(corner.bias + j * GROUP + lane) : zero<T>();
      EACH_ROW EACH_COLUMN s[i][j] = start[j];
    }
    Reg<T> sums[ROWS];
    if constexpr (SUMS) EACH_ROW sums[i] = sum.add ? load<T>(corner.left_sums + lane + i * GROUP) : zero<T>();
    for (int k = 0; k < sum.depth; k++, left += sum.left_k, right += sum.right_k) {
      Reg<T> r[COLUMNS];
      EACH_COLUMN r[j] = operand<T, RIGHT_SHARED>(right + j * sum.right_column);
      EACH_ROW {
        const Reg<T> l = operand<T, LEFT_SHARED>(left + i * sum.left_row);
        if constexpr (SUMS) sums[i] += l;
        EACH_COLUMN s[i][j] = fma(l, r[j], s[i][j]);
      }
    }
    if constexpr (SUMS) EACH_ROW store<T>(corner.left_sums + lane + i * GROUP, sums[i]);
    if (sum.relu) {
      each_row<ROWS>(result, next, [&](int i, T* at) { EACH_COLUMN store<T>(at + j * GROUP, at_least<T>(s[i][j], zero<T>())); });
    } else if (sum.mask) {
      each_row<ROWS>(result, next, [&](int i, T* at) {
        EACH_COLUMN store<T>(at + j * GROUP, where_positive<T>(load<T>(at + j * GROUP), s[i][j]));
      });
    } else if (sum.slopes) {
      const int64_t aside = sum.slopes - sum.result;
      each_row<ROWS>(result, next, [&](int i, T* at) { EACH_COLUMN store<T>(at + j * GROUP, s[i][j] * load<T>(at + aside + j * GROUP)); });
    } else {
      each_row<ROWS>(result, next, [&](int i, T* at) { EACH_COLUMN store<T>(at + j * GROUP, s[i][j]); });
    }
  }
}

// Tiles of ROWS one below the other, as many as there are rows for, and then smaller ones.
template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, bool SUMS, int ROWS, int COLUMNS>
INLINE void tiles(const Sum<T>& sum, Corner<T>& corner, int& rows) {
  for (; rows >= ROWS; rows -= ROWS) {
    tile<T, LEFT_SHARED, RIGHT_SHARED, SUMS, ROWS, COLUMNS>(sum, corner);
    corner.left += ROWS * sum.left_row;
    corner.result += ROWS * sum.result_row;
    if constexpr (SUMS) corner.left_sums += ROWS * fallline::LANES<T>;
  }
  if constexpr (ROWS > 1) tiles<T, LEFT_SHARED, RIGHT_SHARED, SUMS, ROWS / 2, COLUMNS>(sum, corner, rows);
}

template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, bool SUMS, int COLUMNS>
void columns(const Sum<T>& call, int column) {
  constexpr int GROUP = fallline::LANES<T>;
  const Sum<T> sum = call;  // nothing that is stored can change it
  Corner<T> corner{sum.left, sum.right + column * sum.right_column, sum.bias ? sum.bias + column * GROUP : nullptr,
                   sum.result + column * GROUP, sum.left_sums};
  int rows = sum.rows;
  tiles<T, LEFT_SHARED, RIGHT_SHARED, SUMS, SUMS ? 4 : TILE_ROWS<COLUMNS>, COLUMNS>(sum, corner, rows);
}

template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, bool SUMS>
void columns(const Sum<T>& sum, int column, int width) {
  switch (width) {
#if TILE_COLUMNS_ARE_SIX
    case 5: return columns<T, LEFT_SHARED, RIGHT_SHARED, SUMS, 5>(sum, column);
    case 4: return columns<T, LEFT_SHARED, RIGHT_SHARED, SUMS, 4>(sum, column);
    case 3: return columns<T, LEFT_SHARED, RIGHT_SHARED, SUMS, 3>(sum, column);
#endif
    case 2: return columns<T, LEFT_SHARED, RIGHT_SHARED, SUMS, 2>(sum, column);
    case 1: return columns<T, LEFT_SHARED, RIGHT_SHARED, SUMS, 1>(sum, column);
  }
  if constexpr (!SUMS) columns<T, LEFT_SHARED, RIGHT_SHARED, SUMS, TILE_COLUMNS>(sum, column);
}

// Sums of COLUMNS registers, which do not wait for each other.
template <class T, int COLUMNS> INLINE void add_rows(T* sums, const T* from, int64_t next, int rows, bool add) {
  Reg<T> s[COLUMNS];
  EACH_COLUMN s[j] = add ? load<T>(sums + j * WIDTH<T>) : zero<T>();
  for (int row = 0; row < rows; row++, from += next) EACH_COLUMN s[j] += load<T>(from + j * WIDTH<T>);
  EACH_COLUMN store<T>(sums + j * WIDTH<T>, s[j]);
}

template <class T> void bias_gradient(T* sums, const T* slopes, int stride, int rows, int outputs, bool add) {
  const int64_t next = int64_t(stride) * fallline::LANES<T>, all = int64_t(outputs) * fallline::LANES<T>;
  int64_t at = 0;
  for (; at + 8 * WIDTH<T> <= all; at += 8 * WIDTH<T>) add_rows<T, 8>(sums + at, slopes + at, next, rows, add);
  switch ((all - at) / WIDTH<T>) {
    case 7: return add_rows<T, 7>(sums + at, slopes + at, next, rows, add);
    case 6: return add_rows<T, 6>(sums + at, slopes + at, next, rows, add);
    case 5: return add_rows<T, 5>(sums + at, slopes + at, next, rows, add);
    case 4: return add_rows<T, 4>(sums + at, slopes + at, next, rows, add);
    case 3: return add_rows<T, 3>(sums + at, slopes + at, next, rows, add);
    case 2: return add_rows<T, 2>(sums + at, slopes + at, next, rows, add);
    case 1: return add_rows<T, 1>(sums + at, slopes + at, next, rows, add);
  }
}

// All columns, in tiles as wide as one another: 8 are 4 + 4 and not 6 + 2. left_sums, where wanted, are found on the way
// of the last tile, if that leaves registers for them.
template <class T, bool LEFT_SHARED, bool RIGHT_SHARED, bool SUMS = false> void product(const Sum<T>& sum) {
  for (int tiles = (sum.columns + TILE_COLUMNS - 1) / TILE_COLUMNS, column = 0, width; tiles > 0; tiles--, column += width) {
    width = (sum.columns - column + tiles - 1) / tiles;
    if constexpr (SUMS) {
      if (tiles == 1 && width < TILE_COLUMNS) return columns<T, LEFT_SHARED, RIGHT_SHARED, true>(sum, column, width);
    }
    columns<T, LEFT_SHARED, RIGHT_SHARED, false>(sum, column, width);
  }
  if constexpr (SUMS)
    bias_gradient(sum.left_sums, sum.left, int(sum.left_k / fallline::LANES<T>), sum.depth, sum.rows, sum.add);
}

// By blocks of k; the sums of a block begin with those of the blocks before.
template <class T, bool LEFT_SHARED> void product_in_blocks(Sum<T>& sum) {
  const bool relu = sum.relu;
  for (int left = sum.depth; left > 0; left -= DEPTH) {
    sum.depth = left < DEPTH ? left : DEPTH;
    sum.relu = relu && left <= DEPTH;
    product<T, LEFT_SHARED, false>(sum);
    sum.left += DEPTH * sum.left_k;
    sum.right += DEPTH * sum.right_k;
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
  if (p.shared) product_in_blocks<T, true>(sum);
  else product_in_blocks<T, false>(sum);
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
  sum.left_sums = p.sums;
  sum.add = p.add;
  if (p.sums && p.shared) product<T, false, true, true>(sum);
  else if (p.sums) product<T, false, false, true>(sum);
  else if (p.shared) product<T, false, true>(sum);
  else product<T, false, false>(sum);
}

template <class T> void spread(T* result, const T* table, int columns, const int32_t* index, int64_t first, int rows) {
  constexpr int GROUP = fallline::LANES<T>;
  for (int64_t row = first; row < first + rows; row++) {
    const T* from = table + (index ? index[row] : row) * columns;
    for (int column = 0; column < columns; column++, result += GROUP)
      for (int lane = 0; lane < GROUP; lane += WIDTH<T>) store<T>(result + lane, splat<T>(from[column]));
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
