// SPDX-License-Identifier: Apache-2.0
// A plug-in that does things that a library must not do. The job says which. For
// codecs/helper/helper_process_test.cpp.
#include "support/hostile_plugin.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "codecs/helper/decoder_plugin.h"

namespace {

using deckle::DecoderOutcome;
using deckle::test::Hostile;

// "refused" if the system refused the call.
std::string tried(long result) {
  if (result >= 0) return "done";
  return errno == EPERM || errno == EMFILE || errno == EAGAIN ? "refused" : std::strerror(errno);
}

std::string starts_thread() {
  try {
    std::thread([] {}).join();
  } catch (const std::exception&) {
    return "refused";
  }
  return "done";
}

std::string contents(const DeckleDecoderJob& job) {
  FILE* const file = std::fopen(job.file_name, "rb");
  if (file == nullptr) return "not opened";
  std::string all(64, '\0');
  all.resize(std::fread(all.data(), 1, all.size(), file));
  std::fclose(file);
  const int again = ::open(job.file_name, O_RDONLY);
  std::string twice(64, '\0');
  const ssize_t n = ::read(again, twice.data(), twice.size());
  ::close(again);
  twice.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  const std::string mapped(reinterpret_cast<const char*>(job.file), job.file_bytes);
  return all == mapped && twice == mapped ? all : "not the same twice";
}

std::string run(const DeckleDecoderJob& job) {
  const std::string argument(reinterpret_cast<const char*>(job.arguments), job.argument_bytes);
  switch (static_cast<Hostile>(job.operation)) {
    case Hostile::Read:
      if (job.room_bytes > 0)
        std::memset(job.room, argument.empty() ? 0 : argument[0], job.room_bytes);
      return contents(job);
    case Hostile::Crash:
      std::raise(SIGSEGV);
      return "alive";
    case Hostile::Abort:
      std::abort();
    case Hostile::Exit:
      ::_exit(7);
    case Hostile::SpinBlocked: {
      sigset_t all;
      ::sigfillset(&all);
      ::sigprocmask(SIG_BLOCK, &all, nullptr);
      [[fallthrough]];
    }
    case Hostile::Spin:
      for (std::atomic<unsigned> i{0};; ++i) {
      }
    case Hostile::Memory: {
      std::vector<std::vector<char>> all;
      for (;;)
        all.emplace_back(std::size_t{1} << 26U, 'x');
    }
    case Hostile::Open:
      return tried(::open(argument.c_str(), O_RDONLY)) + " " +
             (std::fopen(argument.c_str(), "rb") == nullptr ? "refused" : "done");
    case Hostile::Create:
      return tried(::open(argument.c_str(), O_WRONLY | O_CREAT, 0600));
    case Hostile::Socket:
      return tried(::socket(AF_INET, SOCK_STREAM, 0)) + " " +
             tried(::socket(AF_UNIX, SOCK_STREAM, 0));
    case Hostile::Execute: {
      char* const arguments[] = {const_cast<char*>(argument.c_str()), nullptr};
      return tried(::execv(argument.c_str(), arguments));
    }
    case Hostile::Fork:
      return tried(::fork()) + " " + starts_thread();
    case Hostile::Kill:
      return tried(::kill(::getppid(), SIGTERM));
    case Hostile::Own:  // the kernel would then send signals to the owner
      return tried(::fcntl(3, F_SETOWN, ::getppid()));
    case Hostile::Code:
      return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0) == MAP_FAILED
                 ? "refused"
                 : "done";
    case Hostile::Limits: {
      const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
      return tried(::setrlimit(RLIMIT_CPU, &more));
    }
    case Hostile::Shrink:
      return tried(::ftruncate(5, 0));
    case Hostile::Descriptors: {
      std::string open;
      for (int i = 0; i < 64; ++i) {
        if (::fcntl(i, F_GETFD) >= 0) open += std::to_string(i) + " ";
      }
      return open;
    }
    case Hostile::Environment: {
      const char* const value = std::getenv(argument.c_str());
      return value == nullptr ? "unknown" : value;
    }
    case Hostile::Lie: {  // announces a longer answer than it sends
      const std::uint64_t head[2] = {0, std::uint64_t{1} << 27U};
      static_cast<void>(!::write(3, head, sizeof head));
      ::_exit(0);
    }
    case Hostile::Talk:
      std::puts("nobody reads this");
      std::fputs("nor this\n", stderr);
      return "silent";
    case Hostile::Number:
      return std::to_string(::getpid());
  }
  return "no such job";
}

}  // namespace

int deckle_decoder_interface() {
  return deckle::kDecoderInterface;
}

const char* deckle_decoder_version() {
  return "hostile 1";
}

void deckle_decoder_prepare() {}

deckle::DecoderOutcome deckle_decoder_run(const DeckleDecoderJob* job) {
  try {
    const std::string answer = run(*job);
    job->answer(job->self, answer.data(), answer.size());
  } catch (const std::bad_alloc&) {
    return DecoderOutcome::NoMemory;
  }
  return DecoderOutcome::Done;
}
