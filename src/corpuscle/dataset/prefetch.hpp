#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace corpuscle::dataset {

/// Results of jobs that threads do ahead of time, in the order of the jobs, however many threads there are.
/// For one caller at a time.
template <class Result>
class Prefetch {
 public:
  /// What is to be done; is told the number of the thread, from 0, that does it.
  using Job = std::function<Result(unsigned)>;

  /// @param next_job  called by the thread that calls `next`, ahead of time
  /// @param threads   0: everything is done in `next`, nothing ahead
  /// @param ahead     jobs that are begun before anybody asks for their results
  Prefetch(std::function<Job()> next_job, unsigned threads, std::size_t ahead)
      : next_job_(std::move(next_job)), ahead_(threads == 0 ? 0 : ahead) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this, i] { work(i); });
  }

  Prefetch(Prefetch&&) = delete;
  Prefetch& operator=(Prefetch&&) = delete;

  ~Prefetch() {
    {
      std::lock_guard const lock(mutex_);
      is_stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// The next result, or the exception that its job threw.
  Result next() {
    if (threads_.empty()) return next_job_()(0);
    while (results_.size() <= ahead_) begin(next_job_());
    std::future<Result> result = std::move(results_.front());
    results_.pop_front();
    return result.get();
  }

 private:
  void begin(Job job) {
    std::packaged_task<Result(unsigned)> task(std::move(job));
    results_.push_back(task.get_future());
    {
      std::lock_guard const lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  void work(unsigned thread) {
    while (true) {
      std::packaged_task<Result(unsigned)> task;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return is_stopped_ || !tasks_.empty(); });
        if (is_stopped_) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task(thread);
    }
  }

  std::function<Job()> next_job_;
  std::size_t ahead_;
  std::deque<std::future<Result>> results_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<Result(unsigned)>> tasks_;
  bool is_stopped_ = false;
  std::vector<std::thread> threads_;  // the last member: they use all others
};

}  // namespace corpuscle::dataset
