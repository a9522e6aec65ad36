// Threads that share the work of one block, where there are more of them than blocks.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace fallline {

class Team {
 public:
  // Of the calling thread and `threads - 1` others, which begin with enter(first + 1), enter(first + 2), ...
  Team(int threads, int first, void (*enter)(int)) {
    for (int i = 1; i < threads; i++)
      others_.emplace_back([this, first, i, enter] {
        enter(first + i);
        serve();
      });
  }
  Team(const Team&) = delete;
  ~Team() {
    closing_ = true;
    call();
    for (std::thread& other : others_) other.join();
  }

  // Does work(0) to work(parts - 1), in any order, and returns when all is done.
  void each(int parts, const std::function<void(int)>& work) {
    if (others_.empty() || parts == 1) {
      for (int part = 0; part < parts; part++) work(part);
      return;
    }
    work_ = &work;
    parts_ = parts;
    next_ = 0;
    busy_ = int(others_.size());
    call();
    take();
    for (int busy; (busy = busy_) > 0;) busy_.wait(busy);
    if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  }

 private:
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
      for (int part; (part = next_++) < parts_;) (*work_)(part);
    } catch (...) {
      std::lock_guard hold(guard_);
      failed_ = std::current_exception();
    }
  }

  std::vector<std::thread> others_;
  const std::function<void(int)>* work_ = nullptr;
  int parts_ = 0;
  std::atomic<int> next_ = 0, busy_ = 0;
  std::atomic<unsigned> round_ = 0;
  std::atomic<bool> closing_ = false;
  std::mutex guard_;
  std::exception_ptr failed_;
};

}  // namespace fallline
