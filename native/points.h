// A network and a loss at many parameter vectors: landscapes, predictions.
#pragma once

#include <atomic>
#include <cstdint>

#include "block.h"

namespace fallline {

// Outputs [point][row][output] at many parameter vectors [point][parameter].
template <class T>
void outputs(const Plan& plan, const T* points, std::int64_t count, const Rows<T>& rows, T* results,
             const Kernels<T>& kernels, Team& team, const std::atomic<bool>& stop);

// The mean loss [point] at many parameter vectors [point][parameter].
template <class T>
void losses(const Plan& plan, const T* points, std::int64_t count, const Rows<T>& rows, double* results,
            const Kernels<T>& kernels, Team& team, const std::atomic<bool>& stop);

}  // namespace fallline
