#include "points.h"

#include <algorithm>

namespace fallline {

namespace {

// Takes all rows through the network at every point, as many points at a time as there are lanes:
// visit(first point, points, first row, scratch).
template <class T, class Visit>
void sweep(const Network<T>& network, const T* points, std::int64_t count, const Rows<T>& rows,
           const Kernels<T>& kernels, Team& team, const std::atomic<bool>& stop, Visit&& visit) {
  const Batch<T> batch{rows, rows.count};
  team.each(int((count + LANES<T> - 1) / LANES<T>), [&](int number) {
    if (stop) return;
    const std::int64_t first = std::int64_t(number) * LANES<T>;
    const int used = int(std::min<std::int64_t>(LANES<T>, count - first));
    Loan<Scratch<T>> room;
    Loan<Gradient<T>> gathered;
    Scratch<T>& scratch = *room;
    T* parameters = gathered->groups.at_least(network.groups());
    for (int lane = 0; lane < LANES<T>; lane++)
      network.put(parameters, lane, points + (first + (lane < used ? lane : 0)) * network.parameters());
    take_through(network, kernels, parameters, batch, 0, rows.count, scratch, stop,
                 [&](std::int64_t row) { visit(first, used, row, scratch); });
  });
}

template <class T>
Network<T> network_of(const Plan& plan, const Kernels<T>& kernels) {
  return Network<T>(plan.sizes, plan.activation, in_groups<T>(plan.activation_options), false, kernels);
}

}  // namespace

template <class T>
void outputs(const Plan& plan, const T* points, std::int64_t count, const Rows<T>& rows, T* results,
             const Kernels<T>& kernels, Team& team, const std::atomic<bool>& stop) {
  const Network<T> network = network_of(plan, kernels);
  const auto read = [&](std::int64_t first, int used, std::int64_t row, const Scratch<T>& scratch) {
    const T* values = scratch.tile.values.back();
    for (int r = 0; r < scratch.tile.rows; r++)
      for (int output = 0; output < network.outputs(); output++)
        for (int lane = 0; lane < used; lane++)
          results[((first + lane) * rows.count + row + r) * network.outputs() + output] =
              values[(std::int64_t(r) * network.output_stride() + output) * LANES<T> + lane];
  };
  sweep(network, points, count, rows, kernels, team, stop, read);
}

template <class T>
void losses(const Plan& plan, const T* points, std::int64_t count, const Rows<T>& rows, double* results,
            const Kernels<T>& kernels, Team& team, const std::atomic<bool>& stop) {
  const Network<T> network = network_of(plan, kernels);
  const Measure<T> measure(plan.objective, kernels);
  const Batch<T> batch{rows, rows.count};
  double masses[LANES<T>], weights[LANES<T>];
  measure.weigh(batch, network, *Loan<Scratch<T>>(), masses, weights);
  std::fill(results, results + count, 0.0);
  sweep(network, points, count, rows, kernels, team, stop,
        [&](std::int64_t first, int used, std::int64_t row, Scratch<T>& scratch) {
          double sums[LANES<T>] = {};
          measure.add_losses(batch, row, network, scratch, nullptr, sums);
          for (int lane = 0; lane < used; lane++) results[first + lane] += sums[lane] / masses[0];
        });
}

template void outputs<float>(const Plan&, const float*, std::int64_t, const Rows<float>&, float*, const Kernels<float>&,
                             Team&, const std::atomic<bool>&);
template void outputs<double>(const Plan&, const double*, std::int64_t, const Rows<double>&, double*,
                              const Kernels<double>&, Team&, const std::atomic<bool>&);
template void losses<float>(const Plan&, const float*, std::int64_t, const Rows<float>&, double*, const Kernels<float>&,
                            Team&, const std::atomic<bool>&);
template void losses<double>(const Plan&, const double*, std::int64_t, const Rows<double>&, double*,
                             const Kernels<double>&, Team&, const std::atomic<bool>&);

}  // namespace fallline
