// SPDX-License-Identifier: Apache-2.0
// signals: Ctrl-C, SIGTERM and SIGHUP ask a run to end.
#pragma once

#include <atomic>
#include <thread>

#include "report.h"

namespace deckle::cli {

/// A signal that was ignored when the process began stays ignored. The first signal asks the run to
/// end, a second Ctrl-C ends it at once. A second SIGTERM does not: schedulers send one to every
/// process of a job, and the job's script sends another.
void catch_signals();

/// The last signal that was caught; 0: none.
[[nodiscard]] const std::atomic<int>& caught_signal();

/// While this object lives, every signal is reported at once, with the number of pictures that are
/// processed now: one picture may take long to finish.
class SignalWatch {
 public:
  SignalWatch(Report& report, const std::atomic<int>& at_work);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  int from_ = -1;  ///< the ends of a pipe, to which the handler writes
  int to_ = -1;
  std::thread thread_;
};

}  // namespace deckle::cli
