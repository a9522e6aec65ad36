// Registers: a group of 64 bytes is 1, 2 or 4 of them. All of it inlines; nothing here has external linkage.
//
// This header is compiled once per instruction set. A function with external linkage that the linker merged
// would put AVX-512 instructions into baseline code: so everything lives in an anonymous namespace, and no template of
// the standard library is used by any kernel.
#pragma once

#include <math.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE inline __attribute__((always_inline))

namespace {

#if defined(__AVX512F__)
constexpr int REGISTER = 64;
#elif defined(__AVX2__)
constexpr int REGISTER = 32;
#else
constexpr int REGISTER = 16;
#endif
constexpr int PARTS = 64 / REGISTER;  // registers in a group

template <class T> struct Of;
template <> struct Of<float> {
  typedef float Register __attribute__((vector_size(REGISTER), may_alias));
  typedef int32_t Bits __attribute__((vector_size(REGISTER), may_alias));
  typedef int32_t Bit;
};
template <> struct Of<double> {
  typedef double Register __attribute__((vector_size(REGISTER), may_alias));
  typedef int64_t Bits __attribute__((vector_size(REGISTER), may_alias));
  typedef int64_t Bit;
};
template <class T> using Reg = typename Of<T>::Register;  // numbers of WIDTH lanes
template <class T> using Bits = typename Of<T>::Bits;     // the same as integers; also what a comparison gives: 0 or -1
template <class T> constexpr int WIDTH = REGISTER / static_cast<int>(sizeof(T));

template <class T> INLINE Reg<T> load(const T* from) { return *reinterpret_cast<const Reg<T>*>(from); }
template <class T> INLINE void store(T* to, Reg<T> value) { *reinterpret_cast<Reg<T>*>(to) = value; }
template <class T> INLINE Reg<T> splat(T value) { return value - Reg<T>{}; }
template <class T> INLINE Reg<T> zero() { return Reg<T>{}; }
template <class T> INLINE Bits<T> bits(Reg<T> value) { return (Bits<T>)value; }
template <class T> INLINE Reg<T> number(Bits<T> value) { return (Reg<T>)value; }
template <class T> INLINE Reg<T> select(Bits<T> mask, Reg<T> yes, Reg<T> no) { return mask ? yes : no; }

// a * b + c, rounded once where the machine can
#if defined(__AVX512F__)
INLINE Reg<float> fma(Reg<float> a, Reg<float> b, Reg<float> c) { return (Reg<float>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE Reg<double> fma(Reg<double> a, Reg<double> b, Reg<double> c) { return (Reg<double>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
INLINE Reg<float> root(Reg<float> a) { return (Reg<float>)_mm512_maskz_sqrt_ps(-1, (__m512)a); }
INLINE Reg<double> root(Reg<double> a) { return (Reg<double>)_mm512_maskz_sqrt_pd(-1, (__m512d)a); }
#elif defined(__AVX2__)
INLINE Reg<float> fma(Reg<float> a, Reg<float> b, Reg<float> c) { return (Reg<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE Reg<double> fma(Reg<double> a, Reg<double> b, Reg<double> c) { return (Reg<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
INLINE Reg<float> root(Reg<float> a) { return (Reg<float>)_mm256_sqrt_ps((__m256)a); }
INLINE Reg<double> root(Reg<double> a) { return (Reg<double>)_mm256_sqrt_pd((__m256d)a); }
#elif defined(__aarch64__)
INLINE Reg<float> fma(Reg<float> a, Reg<float> b, Reg<float> c) { return (Reg<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE Reg<double> fma(Reg<double> a, Reg<double> b, Reg<double> c) { return (Reg<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
INLINE Reg<float> root(Reg<float> a) { return (Reg<float>)vsqrtq_f32((float32x4_t)a); }
INLINE Reg<double> root(Reg<double> a) { return (Reg<double>)vsqrtq_f64((float64x2_t)a); }
#else
INLINE Reg<float> fma(Reg<float> a, Reg<float> b, Reg<float> c) { return a * b + c; }
INLINE Reg<double> fma(Reg<double> a, Reg<double> b, Reg<double> c) { return a * b + c; }
INLINE Reg<float> root(Reg<float> a) { return (Reg<float>)_mm_sqrt_ps((__m128)a); }
INLINE Reg<double> root(Reg<double> a) { return (Reg<double>)_mm_sqrt_pd((__m128d)a); }
#endif

// The larger, or smaller, of the two; a NaN in the first argument stays one, as in torch.
template <class T> INLINE Reg<T> at_least(Reg<T> value, Reg<T> low) { return value < low ? low : value; }
template <class T> INLINE Reg<T> at_most(Reg<T> value, Reg<T> high) { return value > high ? high : value; }
#if defined(__AVX512F__)
template <> INLINE Reg<float> at_least<float>(Reg<float> value, Reg<float> low) { return (Reg<float>)_mm512_maskz_max_ps(-1, (__m512)low, (__m512)value); }
template <> INLINE Reg<float> at_most<float>(Reg<float> value, Reg<float> high) { return (Reg<float>)_mm512_maskz_min_ps(-1, (__m512)high, (__m512)value); }
#elif defined(__AVX2__)
template <> INLINE Reg<float> at_least<float>(Reg<float> value, Reg<float> low) { return (Reg<float>)_mm256_max_ps((__m256)low, (__m256)value); }
template <> INLINE Reg<float> at_most<float>(Reg<float> value, Reg<float> high) { return (Reg<float>)_mm256_min_ps((__m256)high, (__m256)value); }
#elif defined(__x86_64__)
template <> INLINE Reg<float> at_least<float>(Reg<float> value, Reg<float> low) { return (Reg<float>)_mm_max_ps((__m128)low, (__m128)value); }
template <> INLINE Reg<float> at_most<float>(Reg<float> value, Reg<float> high) { return (Reg<float>)_mm_min_ps((__m128)high, (__m128)value); }
#endif

template <class T> constexpr typename Of<T>::Bit SIGN = typename Of<T>::Bit(1) << (8 * sizeof(T) - 1);
template <class T> INLINE Reg<T> absolute(Reg<T> a) { return number<T>(bits<T>(a) & ~SIGN<T>); }
template <class T> INLINE Reg<T> with_sign(Reg<T> size, Reg<T> sign) {
  return number<T>((bits<T>(size) & ~SIGN<T>) | (bits<T>(sign) & SIGN<T>));
}
// `value` where `what`, which is no NaN, is above 0, else 0
template <class T> INLINE Reg<T> where_positive(Reg<T> what, Reg<T> value) {
#if defined(__AVX512F__)
  // a comparison would take the place of a multiply-add
  const Bits<T> b = bits<T>(what), not_positive = (b | (b - 1)) >> (8 * sizeof(T) - 1);
  return number<T>(bits<T>(value) & ~not_positive);
#else
  return select<T>(what > zero<T>(), value, zero<T>());
#endif
}
// -1, 0 or 1; of NaN 0
template <class T> INLINE Reg<T> sign(Reg<T> a) {
  return select<T>(a > zero<T>(), splat<T>(1), select<T>(a < zero<T>(), splat<T>(-1), zero<T>()));
}

}  // namespace
