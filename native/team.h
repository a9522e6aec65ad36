// Threads that share the work of one block, where there are more of them than blocks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>

#include "pool.h"

namespace fallline {

class Team {
 public:
  // Of the calling thread and `threads - 1` of the pool's, which settle as number first + 1, first + 2, ...
  Team(Pool& pool, int threads, int first) {
    try {
      for (int i = 1; i < threads; i++, others_++)
        pool.start([this, first, i] {
          settle(first + i);
          serve();
          std::lock_guard hold(guard_);
          gone_++;
          left_.notify_one();
        });
    } catch (...) {
      leave();
      throw;
    }
  }
  Team(const Team&) = delete;
  ~Team() { leave(); }

  // Does work(0) to work(parts - 1), in any order, and returns when all is done.
  template <class Work>
  void each(int parts, Work&& work) {
    if (others_ == 0 || parts == 1) {
      for (int part = 0; part < parts; part++) work(part);
      return;
    }
    work_ = std::ref(work);
    parts_ = parts;
    next_ = 0;
    busy_ = others_;
    call();
    take();
    for (int busy; (busy = busy_) > 0;) busy_.wait(busy);
    if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  }

 private:
  void leave() {
    closing_ = true;
    call();
    std::unique_lock hold(guard_);
    left_.wait(hold, [&] { return gone_ == others_; });
  }
  void call() {
    round_++;
    round_.notify_all();
  }
  void serve() {
    for (unsigned seen = 0;;) {
      round_.wait(seen);
      seen = round_;
      if (closing_) return;
      take();
      busy_--;
      busy_.notify_one();
    }
  }
  void take() {
    try {
      for (int part; (part = next_++) < parts_;) work_(part);
    } catch (...) {
      std::lock_guard hold(guard_);
      failed_ = std::current_exception();
    }
  }

  int others_ = 0, gone_ = 0;  // gone: of the others
  std::function<void(int)> work_;
  int parts_ = 0;
  std::atomic<int> next_ = 0, busy_ = 0;
  std::atomic<unsigned> round_ = 0;
  std::atomic<bool> closing_ = false;
  std::mutex guard_;
  std::condition_variable left_;
  std::exception_ptr failed_;
};

}  // namespace fallline
