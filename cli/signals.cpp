// SPDX-License-Identifier: Apache-2.0
#include "signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

#include "core/text.h"

namespace deckle::cli {
namespace {

// A signal handler can use only globals: the signal, and the pipe of the SignalWatch.
std::atomic<int> interrupted{0};
std::atomic<int> signals_to{-1};

constexpr char kSignal = 's';
constexpr char kEnd = 'e';

extern "C" void on_signal(int signal) {
  const int saved = errno;
  interrupted = signal;
  // Fails if there is no SignalWatch.
  [[maybe_unused]] const auto written = ::write(signals_to, &kSignal, 1);
  errno = saved;
}

}  // namespace

void catch_signals() {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
    // nohup and background jobs of a shell start with the signal ignored, as their users want.
    struct sigaction before {};
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    if (signal == SIGINT) action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
  }
}

const std::atomic<int>& caught_signal() {
  return interrupted;
}

SignalWatch::SignalWatch(Report& report, const std::atomic<int>& at_work) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;  // then signals are not reported
  from_ = ends[0];
  to_ = ends[1];
  try {
    thread_ = std::thread([this, &report, &at_work] {
      char told = 0;
      while (::read(from_, &told, 1) == 1 && told == kSignal) {
        const int pictures = at_work;
        if (pictures == 0) continue;
        report.info("finishing " + count_of(static_cast<std::uint64_t>(pictures), "picture") +
                    (interrupted == SIGINT ? "; Ctrl-C again stops now" : ""));
      }
    });
  } catch (const std::system_error&) {  // no thread can be started: signals still end the run, but
                                        // are not reported
    ::close(from_);
    ::close(to_);
    return;
  }
  signals_to = to_;
}

SignalWatch::~SignalWatch() {
  if (!thread_.joinable()) return;
  signals_to = -1;
  if (::write(to_, &kEnd, 1) == 1) {
    thread_.join();
  } else {
    thread_.detach();
  }
  ::close(from_);
  ::close(to_);
}

}  // namespace deckle::cli
