// Threads that wait for work between rounds: starting one takes longer than hundreds of steps of a small network.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace fallline {

class Pool {
 public:
  // That of this process, to be asked for by one thread at a time. A fork takes no threads along: what it finds of its
  // parent's pool is left alone.
  static Pool& here() {
    if (!last.pool || last.pool->process_ != getpid()) last.pool = new Pool;
    return *last.pool;
  }

  // Does the work on a thread of its own, or throws where the system gives no more of them.
  void start(std::function<void()> work) {
    std::lock_guard hold(guard_);
    if (idle_ <= int(todo_.size())) threads_.emplace_back([this] { serve(); });
    todo_.push_back(std::move(work));
    changed_.notify_one();
  }

 private:
  struct Last {  // of the process, which waits for its threads at its end
    Pool* pool;
    ~Last() {
      if (pool && pool->process_ == getpid()) delete pool;
    }
  };
  static inline Last last{nullptr};

  Pool() = default;
  ~Pool() {
    {
      std::lock_guard hold(guard_);
      closing_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }
  void serve() {
    std::unique_lock hold(guard_);
    while (true) {
      idle_++;
      changed_.wait(hold, [&] { return closing_ || !todo_.empty(); });
      idle_--;
      if (todo_.empty()) return;
      const std::function<void()> work = std::move(todo_.front());
      todo_.pop_front();
      hold.unlock();
      work();
      hold.lock();
    }
  }

  const pid_t process_ = getpid();
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> todo_;
  std::vector<std::thread> threads_;
  int idle_ = 0;
  bool closing_ = false;
};

// What a thread begins with, the so-manieth of those that work together. Numbers too small for full precision count as
// 0 in it: they are slow, and fading momentum leaves masses of them. And it goes to a processor of its own, from which
// the system may take it: a thread that wakes up starts out on that of its caller, and is moved only after many
// milliseconds.
void settle(int thread);

}  // namespace fallline
