// A block: runs that are equal in kind and differ in numbers, trained side by side, one in each lane.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kernels.h"
#include "network.h"
#include "objective.h"
#include "random.h"
#include "rules.h"
#include "team.h"

namespace fallline {

// What the runs of a block have in common, and, as Lanes, what they have not.
struct Plan {
  std::vector<int> sizes;  // features, units of each hidden layer, outputs
  Activation activation;
  std::vector<Lanes> activation_options;  // in the order of kernels.h
  Objective objective;
  Lanes dropout;  // empty: none
  std::string optimizer;
  Rule::Options optimizer_options;
  Rule::Flags optimizer_flags;
  Lanes clip_norm, clip_value;  // empty: none
  std::int64_t batch_size, epochs;
  std::vector<std::int64_t> patience;  // by lane; 0: none
  std::vector<std::uint32_t> seeds;    // by lane
};

enum class End : int { running, finished, stopped, diverged, halved };

// Where to pause: at this many epochs or this many steps, whichever comes first.
struct Until {
  std::int64_t epoch, step;
};

using Clock = std::chrono::steady_clock;

// How a run is doing, or ended.
struct Record {
  End end = End::running;
  std::int64_t steps = 0, best_epoch = 0;
  double best_loss = 0;
  double loss_sum = 0, weight_sum = 0;              // of an epoch that is under way
  std::vector<double> training, validation, rates;  // one per complete epoch
};

class Block {
 public:
  virtual ~Block() = default;

  // Train until all have ended, `until` is reached, the rates are used up, time is up (looked at between steps, and at
  // the end of a short epoch), or `stop` (looked at between tiles).
  virtual void run(Until until, Clock::time_point deadline, const std::atomic<bool>& stop, Team& team) = 0;

  bool pending(Until until) const { return alive_ > 0 && epoch_ < until.epoch && steps_ < until.step; }
  bool needs_rates() const {
    const std::int64_t step = position_ < rows_ ? steps_ : steps_ - 1;  // whose rate is looked at next
    return alive_ > 0 && (step < rates_first_ || rate_row(step) >= rate_rows_);
  }
  // Learning rates [row][lane]; row i is for `every` steps from `first + i * every` on.
  void set_rates(Lanes rates, std::int64_t first, std::int64_t every);
  void drop(int lane) { end(lane, End::halved); }

  virtual double work() const = 0;  // operations so far
  virtual int parts() const = 0;    // that threads may share, at the most
  int lanes() const { return int(records_.size()); }
  int alive() const { return alive_; }
  std::int64_t steps() const { return steps_; }
  std::int64_t epoch() const { return epoch_; }
  std::int64_t position() const { return position_; }
  std::int64_t rows() const { return rows_; }
  const Record& record(int lane) const { return records_[lane]; }

 protected:
  Block(std::int64_t rows, std::int64_t batch_size, int lanes)
      : records_(lanes), rows_(rows), batch_size_(batch_size), alive_(lanes) {}
  virtual void keep(const std::vector<int>& lanes) = 0;  // their parameters as they are now, as those of the best epoch
  virtual void leave(int lane) = 0;                      // as those it has ended with: an idle lane trains on
  void end(int lane, End how);
  std::int64_t rate_row(std::int64_t step) const { return (step - rates_first_) / rates_every_; }

  std::vector<Record> records_;  // by lane
  std::int64_t rows_, batch_size_;
  std::int64_t steps_ = 0, epoch_ = 0, position_ = 0;  // position: training rows of this epoch that are done with
  int alive_;
  Lanes rates_;
  std::int64_t rates_first_ = 0, rates_every_ = 1, rate_rows_ = 0;
};

// Threads come and go; what they work in stays, and is lent to the next.
template <class Room>
class Loan {
 public:
  Loan() {
    std::lock_guard hold(guard);
    if (idle.empty()) idle.push_back(std::make_unique<Room>());
    room_ = std::move(idle.back());
    idle.pop_back();
  }
  Loan(Loan&&) = default;
  ~Loan() {
    std::lock_guard hold(guard);
    if (room_) idle.push_back(std::move(room_));
  }
  Room& operator*() { return *room_; }
  Room* operator->() { return room_.get(); }

 private:
  static inline std::mutex guard;
  static inline std::vector<std::unique_ptr<Room>> idle;
  std::unique_ptr<Room> room_;
};

template <class T>
class BlockOf : public Block {
 public:
  // The rows stay the caller's.
  BlockOf(const Plan& plan, const Rows<T>& training, const Rows<T>& validation, const Kernels<T>& kernels);

  void run(Until until, Clock::time_point deadline, const std::atomic<bool>& stop, Team& team) override;
  double work() const override { return double(steps_) * step_work(); }
  int parts() const override { return std::max(parts_, validation_parts_); }

  // Arrays that hold one number per parameter of a run: its parameters, of one that has ended those it ended with; those
  // of its best epoch; what its rule keeps.
  int arrays() const { return 2 + rule_.memories(); }
  std::int64_t parameters() const { return network_.parameters(); }
  void take(int array, int lane, T* dense) const {
    const std::vector<T>& left = left_[std::size_t(lane)];
    if (array == 0 && !left.empty()) std::copy(left.begin(), left.end(), dense);
    else network_.take(array_at(array).get(), lane, dense);
  }
  void put(int array, int lane, const T* dense) { network_.put(array_at(array).get(), lane, dense); }

  // What else there is to a run under way.
  Record record_now(int lane) const;  // with the sums of its epoch
  Lanes carried(int lane) const;
  std::vector<std::uint32_t> order(int lane) const { return orders_[shared_ ? 0 : lane].state(drawn_); }
  void resume(int lane, const Record& record, const Lanes& carried, const std::uint32_t* order, std::int64_t steps,
              std::int64_t position);

 private:
  void keep(const std::vector<int>& lanes) override;
  void leave(int lane) override;
  struct Desks {  // by part
    std::vector<Loan<Scratch<T>>> scratch;
    std::vector<Loan<Gradient<T>>> gradients;  // validation rows have none
    T* gradient(int part) { return gradients[std::size_t(part)]->groups.get(); }
  };
  bool step(Desks& desks, const std::atomic<bool>& stop, Team& team);
  bool end_epoch(Desks& desks, const std::atomic<bool>& stop, Team& team);
  void descend(const Batch<T>& batch, std::int64_t first, std::int64_t end, const T* scale, double* losses,
               Scratch<T>& scratch, T* gradient, const std::atomic<bool>& stop) const;
  void measure(const Batch<T>& batch, std::int64_t first, std::int64_t end, double* losses, Scratch<T>& scratch,
               const std::atomic<bool>& stop) const;
  void add_and_update(Desks& desks, int parts, Team& team);
  void add_up(const double* losses, const double* masses, const double* weights);
  void backward_and_update(Tile<T>& tile, T* gradient);
  void update(T* gradient, std::int64_t first, std::int64_t count);
  Update<T> update_at(std::int64_t first);
  void clip_norm(T* gradient) const;
  void start_memory(const double* rates);
  void drop_units(std::int64_t first, int rows, int layer, T* values, T* slopes, int stride, int units,
                  Scratch<T>& scratch) const;
  double step_work() const { return 6.0 * LANES<T> * double(network_.parameters()) * double(batch_size_); }
  int used(int lane) const { return lane < lanes() ? lane : 0; }  // lanes that are not used do as the first
  Buffer<T>& array_at(int array) {
    return array == 0 ? parameters_ : array == 1 ? best_ : memory_[std::size_t(array - 2)];
  }
  const Buffer<T>& array_at(int array) const { return const_cast<BlockOf*>(this)->array_at(array); }

  Plan plan_;
  Rows<T> training_, validation_;
  const Kernels<T>& kernels_;
  Network<T> network_;
  Measure<T> measure_;
  Rule rule_;
  int parts_, validation_parts_;  // that a batch, and the validation rows, are always cut into
  bool shared_;                   // one seed: every lane sees the same rows at the same time
  bool drawn_ = false;            // the order of this epoch
  std::vector<Order> orders_;     // one, or one per lane
  Buffer<T> parameters_, best_, constants_, clip_value_;  // constants: of the rule's next step
  std::vector<Buffer<T>> memory_;
  std::vector<std::vector<T>> left_;  // by lane: the parameters that a run has ended with
  Lanes validation_mass_;
  double loss_sums_[LANES<T>] = {}, weight_sums_[LANES<T>] = {};  // of this epoch's batches so far
};

}  // namespace fallline
