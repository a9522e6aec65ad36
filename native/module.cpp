// fallline._native: blocks as Python sees them. Everything that comes in is looked at here.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <queue>
#include <set>
#include <stdexcept>
#include <utility>

#include "points.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace fallline;

namespace {

template <class T>
using Vector = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// --- instruction sets ---------------------------------------------------------------------------------

// Those of this machine, best first.
std::vector<const InstructionSet*> instruction_sets() {
  std::vector<const InstructionSet*> sets;
#if FALLLINE_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    sets.push_back(&AVX512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&AVX2);
#elif FALLLINE_NEON
  sets.push_back(&NEON);
#endif
#if !FALLLINE_NEON
  sets.push_back(&BASELINE);
#endif
  return sets;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return text;
}

const InstructionSet& instruction_set(const std::string& name) {
  std::string names;
  for (const InstructionSet* set : instruction_sets()) {
    if (name.empty() || lower(set->name) == name) return *set;
    names += (names.empty() ? "" : ", ") + lower(set->name);
  }
  throw std::invalid_argument("this machine has no instruction set '" + name + "', it has " + names);
}

template <class T>
const Kernels<T>& kernels_of(const InstructionSet& set) {
  if constexpr (std::is_same_v<T, float>) return set.single;
  else return set.twice;
}

void require_threads(int threads) {
  if (threads < 1) throw std::invalid_argument("there is no thread to run on");
}

// Runs work(pool, stop, worker) for each worker, on a thread of its own, with the GIL released, and looks out for Ctrl-C.
template <class Work>
void in_threads(int workers, Work&& work) {
  Pool& pool = Pool::here();
  std::atomic<bool> stop{false};
  std::exception_ptr failed;
  bool interrupted = false;
  const auto attempt = [&](auto&& what) {  // all that began is waited for, whatever happens
    try {
      what();
    } catch (...) {
      stop = true;
      return std::current_exception();
    }
    return std::exception_ptr();
  };
  {
    nb::gil_scoped_release release;
    std::mutex guard;
    std::condition_variable idle;
    int busy = 0;
    std::unique_lock hold(guard);
    failed = attempt([&] {
      for (; busy < std::max(1, workers); busy++)
        pool.start([&, worker = busy] {
          const std::exception_ptr error = attempt([&] {
            settle(worker);
            work(pool, stop, worker);
          });
          std::lock_guard done(guard);
          if (error) failed = error;
          busy--;
          idle.notify_one();
        });
    });
    while (!idle.wait_for(hold, std::chrono::milliseconds(50), [&] { return busy == 0; })) {
      hold.unlock();
      {
        nb::gil_scoped_acquire acquire;
        if (!interrupted && PyErr_CheckSignals() != 0) interrupted = stop = true;
      }
      hold.lock();
    }
  }
  if (interrupted) throw nb::python_error();
  if (failed) std::rethrow_exception(failed);
}

double peak(const std::string& name, int threads, double seconds) {
  require_threads(threads);
  const InstructionSet& set = instruction_set(name);
  const double each = 2.0 * set.registers / sizeof(float);  // operations of one multiply-add
  std::vector<double> rates(std::size_t(threads), 0.0);
  in_threads(threads, [&](Pool&, const std::atomic<bool>& stop, int worker) {
    volatile double sink = 0;
    const Clock::time_point begin = Clock::now();
    double done = 0, passed = 0;
    while (passed < seconds && !stop) {
      sink = sink + set.multiply_adds(12 * 100000);
      done += 12 * 100000 * each;
      passed = std::chrono::duration<double>(Clock::now() - begin).count();
    }
    rates[std::size_t(worker)] = done / passed;
  });
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum / 1e9;
}

// --- plans --------------------------------------------------------------------------------------------

template <class Value>
Value given(const nb::dict& fields, const char* name) {
  if (!fields.contains(name)) throw std::invalid_argument(std::string("a plan needs '") + name + "'");
  return nb::cast<Value>(fields[name]);
}

struct ActivationKind {
  const char* name;
  Activation activation;
  std::size_t options = 0;
};

const ActivationKind ACTIVATIONS[] = {
    {"identity", Activation::identity},
    {"relu", Activation::relu},
    {"leaky_relu", Activation::leaky_relu, 1},
    {"relu6", Activation::relu6},
    {"hardtanh", Activation::hardtanh, 2},
    {"hardsigmoid", Activation::hardsigmoid},
    {"hardshrink", Activation::hardshrink, 1},
    {"softshrink", Activation::softshrink, 1},
    {"threshold", Activation::threshold, 2},
    {"elu", Activation::elu, 1},
    {"celu", Activation::celu, 1},
    {"selu", Activation::selu},
    {"gelu", Activation::gelu},
    {"gelu_tanh", Activation::gelu_tanh},
    {"silu", Activation::silu},
    {"mish", Activation::mish},
    {"hardswish", Activation::hardswish},
    {"softplus", Activation::softplus, 2},
    {"log_sigmoid", Activation::log_sigmoid},
    {"tanh", Activation::tanh},
    {"sigmoid", Activation::sigmoid},
    {"softsign", Activation::softsign},
    {"tanhshrink", Activation::tanhshrink},
};

enum class Targets { each, half, one };         // columns: one for each output, for every two, or one
enum class Mean { values, rows, class_weights };  // what it divides by

struct LossKind {
  const char* name;
  Loss loss;
  int options = 0;         // those of all outputs
  bool by_output = false;  // then one more for each output
  Targets targets = Targets::each;
  Mean mean = Mean::values;
};

const LossKind LOSSES[] = {
    {"mse", Loss::mse},
    {"l1", Loss::l1},
    {"smooth_l1", Loss::smooth_l1, 1},
    {"huber", Loss::huber, 1},
    {"log_cosh", Loss::log_cosh},
    {"quantile", Loss::quantile, 1},
    {"poisson_nll", Loss::poisson_nll},
    {"poisson_nll_rate", Loss::poisson_nll_rate, 1},
    {"gaussian_nll", Loss::gaussian_nll, 1, false, Targets::half},
    {"bce_with_logits", Loss::bce_with_logits, 0, true},
    {"bce", Loss::bce},
    {"soft_margin", Loss::soft_margin},
    {"hinge_embedding", Loss::hinge_embedding, 1},
    {"multilabel_soft_margin", Loss::multilabel_soft_margin, 0, true, Targets::each, Mean::rows},
    {"multilabel_margin", Loss::multilabel_margin, 0, false, Targets::each, Mean::rows},
    {"cross_entropy", Loss::cross_entropy, 1, true, Targets::one, Mean::class_weights},
    {"nll", Loss::nll, 0, true, Targets::one, Mean::class_weights},
    {"focal", Loss::focal, 1, true, Targets::one, Mean::class_weights},
    {"kl_div", Loss::kl_div, 0, false, Targets::each, Mean::rows},
    {"multi_margin", Loss::multi_margin, 2, true, Targets::one, Mean::rows},
};

template <class Table>
const auto& found(const Table& table, const std::string& name, const char* kind) {
  for (const auto& row : table)
    if (name == row.name) return row;
  throw std::invalid_argument(std::string("there is no ") + kind + " '" + name + "'");
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

Plan plan_of(const nb::dict& fields) {
  Plan plan;
  plan.sizes = given<std::vector<int>>(fields, "sizes");
  const ActivationKind& activation = found(ACTIVATIONS, given<std::string>(fields, "activation"), "activation");
  plan.activation = activation.activation;
  plan.activation_options = given<std::vector<Lanes>>(fields, "activation_options");
  const LossKind& loss = found(LOSSES, given<std::string>(fields, "loss"), "loss");
  plan.objective.loss = loss.loss;
  plan.objective.options = given<std::vector<Lanes>>(fields, "loss_options");
  plan.objective.full = given<bool>(fields, "full");
  plan.objective.sums = given<bool>(fields, "sums");
  plan.objective.by_row = loss.mean != Mean::values;
  if (loss.mean == Mean::class_weights) plan.objective.class_weights = loss.options;
  plan.dropout = given<Lanes>(fields, "dropout");
  plan.optimizer = given<std::string>(fields, "optimizer");
  plan.optimizer_options = given<Rule::Options>(fields, "optimizer_options");
  plan.optimizer_flags = given<Rule::Flags>(fields, "optimizer_flags");
  plan.clip_norm = given<Lanes>(fields, "clip_norm");
  plan.clip_value = given<Lanes>(fields, "clip_value");
  plan.batch_size = given<std::int64_t>(fields, "batch_size");
  plan.epochs = given<std::int64_t>(fields, "epochs");
  plan.patience = given<std::vector<std::int64_t>>(fields, "patience");
  plan.seeds = given<std::vector<std::uint32_t>>(fields, "seeds");

  const std::size_t lanes = plan.seeds.size();
  require(plan.sizes.size() >= 2, "a network has at least inputs and outputs");
  for (int size : plan.sizes) require(size >= 1 && size <= 1 << 20, "a layer has between 1 and 2^20 units");
  const int outputs = plan.sizes.back();
  require(loss.targets != Targets::half || outputs % 2 == 0, "the loss takes two outputs for each column of targets");
  plan.objective.columns = loss.targets == Targets::each ? outputs : loss.targets == Targets::half ? outputs / 2 : 1;
  require(plan.activation_options.size() == activation.options, "the activation has another number of options");
  require(plan.objective.options.size() == std::size_t(loss.options + (loss.by_output ? outputs : 0)),
          "the loss has another number of options");
  require(lanes >= 1, "a block holds at least one run");
  require(plan.batch_size >= 1 && plan.epochs >= 1, "batch size and epochs are at least 1");
  require(plan.patience.size() == lanes, "a block needs one patience for each run");
  const auto fits = [&](const Lanes& numbers) { return numbers.size() == lanes; };
  for (const Lanes* some : {&plan.dropout, &plan.clip_norm, &plan.clip_value})
    require(some->empty() || fits(*some), "a block needs one number for each run");
  for (const auto* options : {&plan.activation_options, &plan.objective.options})
    require(std::all_of(options->begin(), options->end(), fits), "an option needs one number for each run");
  for (const auto& [name, numbers] : plan.optimizer_options)
    require(fits(numbers), "an option needs one number for each run");
  for (double share : plan.dropout)
    require(share >= 0 && share < 1, "dropout leaves out less than all units, and not less than none");
  return plan;
}

template <class T>
Rows<T> rows_of(const Matrix<T>& inputs, const Matrix<T>& targets, const std::vector<Vector<T>>& weights) {
  Rows<T> rows;
  rows.count = std::int64_t(inputs.shape(0));
  rows.features = int(inputs.shape(1));
  rows.columns = int(targets.shape(1));
  if (rows.count < 1 || rows.features < 1 || rows.columns < 1)
    throw std::invalid_argument("there are no rows, or they have no columns");
  if (rows.count > (std::int64_t(1) << 31) / 20) throw std::invalid_argument("there are too many rows for one block");
  if (std::int64_t(targets.shape(0)) != rows.count)
    throw std::invalid_argument("there are more inputs than targets, or fewer");
  rows.inputs = inputs.data();
  rows.targets = targets.data();
  if (!weights.empty()) {
    if (std::int64_t(weights[0].shape(0)) != rows.count)
      throw std::invalid_argument("there are more weights than rows, or fewer");
    rows.weights = weights[0].data();
  }
  return rows;
}

void require_features(const Plan& plan, int features) {
  require(features == plan.sizes.front(), "the network takes another number of features than the rows have");
}

template <class T>
void require_columns(const Plan& plan, const Rows<T>& rows) {
  require_features(plan, rows.features);
  require(rows.columns == plan.objective.columns, "the loss takes another number of target columns than there are");
}

template <class T>
nb::object array_of(std::vector<std::size_t> shape, std::vector<T> numbers) {
  auto* kept = new std::vector<T>(std::move(numbers));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), shape.size(), shape.data(), owner));
}

template <class T>
nb::object array_of(std::vector<T> numbers) {
  const std::size_t count = numbers.size();
  return array_of<T>({count}, std::move(numbers));
}

// --- blocks -------------------------------------------------------------------------------------------

// A block and the arrays that it looks at.
template <class T>
struct Held {
  std::vector<Matrix<T>> tables;
  std::vector<Vector<T>> weights;
};

// Where it begins nanobind expects a Block: one is there, as a base with virtual functions lies before one without, though
// that is built first.
template <class T>
class PyBlock final : public Held<T>, public BlockOf<T> {
 public:
  PyBlock(const Plan& plan, Held<T> held, const Kernels<T>& kernels)
      : Held<T>(std::move(held)),
        BlockOf<T>(plan, rows_of<T>(this->tables[0], this->tables[1], part(0)),
                   rows_of<T>(this->tables[2], this->tables[3], part(1)), kernels) {}

 private:
  std::vector<Vector<T>> part(std::size_t which) const {
    return this->weights.empty() ? std::vector<Vector<T>>{} : std::vector<Vector<T>>{this->weights[which]};
  }
};

int lane_of(const Block& block, int lane) {
  if (lane < 0 || lane >= block.lanes()) throw std::out_of_range("the block has no such lane");
  return lane;
}

template <class T>
void bind_block(nb::module_& module, const char* name) {
  using B = PyBlock<T>;
  nb::class_<B, Block>(module, name)
      .def(
          "__init__",
          [](B* at, const nb::dict& fields, std::vector<Matrix<T>> tables, std::vector<Vector<T>> weights,
             const std::string& set) {
            const Plan plan = plan_of(fields);
            if (int(plan.seeds.size()) > LANES<T>) throw std::invalid_argument("a block has no room for so many runs");
            if (tables.size() != 4 || (weights.size() != 0 && weights.size() != 2))
              throw std::invalid_argument("a block takes training inputs and targets, then those for validation");
            for (std::size_t table : {0, 2}) require_columns(plan, rows_of<T>(tables[table], tables[table + 1], {}));
            new (at) B(plan, {std::move(tables), std::move(weights)}, kernels_of<T>(instruction_set(set)));
          },
          "plan"_a, "tables"_a, "weights"_a, "instruction_set"_a)
      .def_prop_ro("arrays", [](const B& block) { return block.arrays(); })
      .def(
          "take",
          [](const B& block, int array, int lane) {
            if (array < 0 || array >= block.arrays()) throw std::out_of_range("the block has no such array");
            std::vector<T> numbers(std::size_t(block.parameters()));
            block.take(array, lane_of(block, lane), numbers.data());
            return array_of<T>(std::move(numbers));
          },
          "array"_a, "lane"_a)
      .def(
          "put",
          [](B& block, int array, int lane, const Vector<T>& numbers) {
            if (array < 0 || array >= block.arrays()) throw std::out_of_range("the block has no such array");
            if (std::int64_t(numbers.shape(0)) != block.parameters())
              throw std::invalid_argument("there are more numbers than parameters, or fewer");
            block.put(array, lane_of(block, lane), numbers.data());
          },
          "array"_a, "lane"_a, "numbers"_a)
      .def(
          "record", [](const B& block, int lane) { return block.record_now(lane_of(block, lane)); }, "lane"_a)
      .def(
          "carried", [](const B& block, int lane) { return block.carried(lane_of(block, lane)); }, "lane"_a)
      .def(
          "order", [](const B& block, int lane) { return array_of<std::uint32_t>(block.order(lane_of(block, lane))); },
          "lane"_a)
      .def(
          "resume",
          [](B& block, int lane, const Record& record, const Lanes& carried, const Vector<std::uint32_t>& order,
             std::int64_t steps, std::int64_t position) {
            const std::size_t epochs = record.validation.size();
            require(steps >= 0 && position >= 0 && position <= block.rows() && order.shape(0) == Twister::WORDS + 1 &&
                        carried.size() == block.carried(lane_of(block, lane)).size() &&
                        record.training.size() == epochs && record.rates.size() == epochs &&
                        record.end == End::running,
                    "this state is not one of such a block");
            block.resume(lane, record, carried, order.data(), steps, position);
          },
          "lane"_a, "record"_a, "carried"_a, "order"_a, "steps"_a, "position"_a);
}

// A block works so long before another one has its turn, and then to the end of its epoch where that is near.
constexpr std::chrono::milliseconds TURN{4};

// Trains blocks, each to its epoch, for about so many seconds. They take turns: the one that has worked least comes next.
void advance(const std::vector<Block*>& blocks, const std::vector<std::int64_t>& epochs, std::int64_t step, int threads,
             double seconds) {
  if (epochs.size() != blocks.size() || threads < 1)
    throw std::invalid_argument("every block needs an epoch, and a thread to run on");
  const std::set<Block*> different(blocks.begin(), blocks.end());
  if (different.size() != blocks.size() || different.count(nullptr))
    throw std::invalid_argument("every block is one, and another one");
  const Clock::time_point deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::mutex guard;
  using Turn = std::pair<double, std::size_t>;  // work, and which of the blocks
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> waiting;
  for (std::size_t i = 0; i < blocks.size(); i++) waiting.emplace(blocks[i]->work(), i);
  const int side_by_side = std::max(1, std::min<int>(threads, int(blocks.size())));
  int parts = 1;
  for (const Block* block : blocks) parts = std::max(parts, block->parts());
  in_threads(side_by_side, [&](Pool& pool, const std::atomic<bool>& stop, int worker) {
    const auto first_of = [&](int number) { return int(std::int64_t(threads) * number / side_by_side); };
    const int share = std::min(parts, first_of(worker + 1) - first_of(worker));
    Team team(pool, share, side_by_side - 1 + first_of(worker) - worker);
    std::unique_lock hold(guard);
    while (!stop && !waiting.empty()) {
      const std::size_t i = waiting.top().second;
      waiting.pop();
      hold.unlock();
      Block& block = *blocks[i];
      const Until until{epochs[i], step};
      block.run(until, std::min(deadline, Clock::now() + TURN), stop, team);
      if (Clock::now() >= deadline) return;
      hold.lock();
      if (block.pending(until) && !block.needs_rates()) waiting.emplace(block.work(), i);
    }
  });
}

// --- many points --------------------------------------------------------------------------------------

template <class T>
void require_points(const Plan& plan, const Matrix<T>& points, int features) {
  std::int64_t parameters = 0;
  for (std::size_t i = 1; i < plan.sizes.size(); i++)
    parameters += (std::int64_t(plan.sizes[i - 1]) + 1) * plan.sizes[i];
  if (std::int64_t(points.shape(1)) != parameters)
    throw std::invalid_argument("the points have another number of parameters than the network");
  require_features(plan, features);
}

// Times that points are taken through the network, as many at a time as there are lanes.
template <class T>
int sweeps(const Matrix<T>& points) {
  return int((points.shape(0) + LANES<T> - 1) / LANES<T>);
}

template <class T>
nb::object outputs_at(const nb::dict& fields, const Matrix<T>& points, const Matrix<T>& inputs, int threads,
                      const std::string& set) {
  const Plan plan = plan_of(fields);
  const Kernels<T>& kernels = kernels_of<T>(instruction_set(set));
  Rows<T> rows;
  rows.inputs = inputs.data();
  rows.count = std::int64_t(inputs.shape(0));
  rows.features = int(inputs.shape(1));
  require_points(plan, points, rows.features);
  require_threads(threads);
  const std::size_t units = std::size_t(plan.sizes.back());
  std::vector<T> results(points.shape(0) * inputs.shape(0) * units);
  in_threads(1, [&](Pool& pool, const std::atomic<bool>& stop, int) {
    Team team(pool, std::min(threads, sweeps<T>(points)), 0);
    outputs<T>(plan, points.data(), std::int64_t(points.shape(0)), rows, results.data(), kernels, team, stop);
  });
  return array_of<T>({points.shape(0), inputs.shape(0), units}, std::move(results));
}

template <class T>
nb::object losses_at(const nb::dict& fields, const Matrix<T>& points, const Matrix<T>& inputs, const Matrix<T>& targets,
                     const std::vector<Vector<T>>& weights, int threads, const std::string& set) {
  const Plan plan = plan_of(fields);
  const Kernels<T>& kernels = kernels_of<T>(instruction_set(set));
  const Rows<T> rows = rows_of<T>(inputs, targets, weights);
  require_points(plan, points, rows.features);
  require_threads(threads);
  require_columns(plan, rows);
  std::vector<double> results(points.shape(0));
  in_threads(1, [&](Pool& pool, const std::atomic<bool>& stop, int) {
    Team team(pool, std::min(threads, sweeps<T>(points)), 0);
    losses<T>(plan, points.data(), std::int64_t(points.shape(0)), rows, results.data(), kernels, team, stop);
  });
  return array_of<double>(std::move(results));
}

template <class T>
void bind_points(nb::module_& module) {
  module.def("outputs", &outputs_at<T>, "plan"_a, "points"_a, "inputs"_a, "threads"_a, "instruction_set"_a);
  module.def("losses", &losses_at<T>, "plan"_a, "points"_a, "inputs"_a, "targets"_a, "weights"_a, "threads"_a,
             "instruction_set"_a);
}

}  // namespace

NB_MODULE(_native, module) {
  module.doc() = "Runs in the lanes of vector registers.";

  module.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const InstructionSet* set : instruction_sets()) names.push_back(lower(set->name));
    return names;
  });
  module.def("peak", &peak, "instruction_set"_a, "threads"_a, "seconds"_a);
  module.def(
      "order",
      [](std::uint32_t seed, std::int32_t rows, int epochs) {
        Order order(seed, rows);
        for (int epoch = 0; epoch < epochs; epoch++) order.next_epoch();
        return array_of<std::int32_t>({order.rows(), order.rows() + rows});
      },
      "seed"_a, "rows"_a, "epochs"_a);

  nb::enum_<End>(module, "End")
      .value("running", End::running)
      .value("finished", End::finished)
      .value("stopped", End::stopped)
      .value("diverged", End::diverged)
      .value("halved", End::halved);
  nb::class_<Record>(module, "Record")
      .def(nb::init<>())
      .def_rw("end", &Record::end)
      .def_rw("steps", &Record::steps)
      .def_rw("best_epoch", &Record::best_epoch)
      .def_rw("best_loss", &Record::best_loss)
      .def_rw("loss_sum", &Record::loss_sum)
      .def_rw("weight_sum", &Record::weight_sum)
      .def_rw("training", &Record::training)
      .def_rw("validation", &Record::validation)
      .def_rw("rates", &Record::rates);
  nb::class_<Block>(module, "Block")
      .def_prop_ro("lanes", &Block::lanes)
      .def_prop_ro("alive", &Block::alive)
      .def_prop_ro("steps", &Block::steps)
      .def_prop_ro("epoch", &Block::epoch)
      .def_prop_ro("position", &Block::position)
      .def_prop_ro("needs_rates", &Block::needs_rates)
      .def(
          "pending",
          [](const Block& block, std::int64_t epoch, std::int64_t step) { return block.pending({epoch, step}); },
          "epoch"_a, "step"_a)
      .def(
          "set_rates",
          [](Block& block, const Matrix<double>& rates, std::int64_t first, std::int64_t every) {
            require(int(rates.shape(1)) == block.lanes() && first >= 0 && every >= 1,
                    "a block needs one rate for each run");
            block.set_rates({rates.data(), rates.data() + rates.size()}, first, every);
            require(!block.needs_rates(), "these are not the rates of the block's next step");
          },
          "rates"_a, "first"_a, "every"_a)
      .def(
          "drop", [](Block& block, int lane) { block.drop(lane_of(block, lane)); }, "lane"_a)
      .def(
          "losses_since",
          [](const Block& block, int lane, std::int64_t epoch) {
            const Record& record = block.record(lane_of(block, lane));
            std::vector<std::pair<double, double>> losses;
            for (std::size_t i = std::size_t(std::max<std::int64_t>(epoch, 0)); i < record.validation.size(); i++)
              losses.emplace_back(record.training[i], record.validation[i]);
            return losses;
          },
          "lane"_a, "epoch"_a)
      .def("end", [](const Block& block, int lane) { return block.record(lane_of(block, lane)).end; }, "lane"_a);
  bind_block<float>(module, "Block32");
  bind_block<double>(module, "Block64");
  module.def("advance", &advance, "blocks"_a, "epochs"_a, "step"_a, "threads"_a, "seconds"_a);
  bind_points<float>(module);
  bind_points<double>(module);
}
