// SPDX-License-Identifier: Apache-2.0
#include "codecs/helper/helper_process.h"

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "codecs/helper/helper_limits.h"
#include "support/catch.h"
#include "support/folders.h"
#include "support/hostile_plugin.h"

using namespace deckle;
using namespace deckle::test;

namespace {

namespace fs = std::filesystem;

constexpr Plugin kHostile{"libdeckle_hostile.so", "deckle-hostile", "hostile files"};

std::unique_ptr<HelperProcess> started(const HelperLimits& limits = {}) {
  auto process = HelperProcess::start(kHostile, plugin_folders(), {}, limits);
  REQUIRE(process);
  return *std::move(process);
}

Result<HelperAnswer> ask(HelperProcess& process, Hostile what, const std::string& argument = "") {
  return process.run(
      {.operation = static_cast<std::uint32_t>(what), .arguments = as_bytes(argument)});
}

// The answer of the plug-in in a new process.
std::string answer_to(Hostile what, const std::string& argument = "") {
  const auto answer = ask(*started(), what, argument);
  REQUIRE(answer);
  return answer->text;
}

Error death_of(Hostile what, const HelperLimits& limits = {}) {
  const auto process = started(limits);
  const auto answer = ask(*process, what);
  REQUIRE_FALSE(answer);
  return answer.error();
}

}  // namespace

TEST_CASE("a helper process reads one file after another", "[codecs][helper]") {
  const auto process = started();
  CHECK(process->version() == "hostile 1");
  for (const std::string file : {"a longer one", "short", "", "another"}) {
    std::vector<std::uint8_t> room(file.size() * 5000);
    const auto answer = process->run(
        {.operation = 0, .arguments = as_bytes("r"), .file = as_bytes(file), .room = room});
    REQUIRE(answer);
    CHECK(answer->text == file);
    CHECK(room == std::vector<std::uint8_t>(room.size(), 'r'));
  }
  // More than an idle process keeps.
  std::vector<std::uint8_t> large(std::size_t{20} << 20U);
  for (const std::string argument : {"x", "y"}) {
    REQUIRE(process->run(
        {.operation = 0, .arguments = as_bytes(argument), .file = as_bytes("z"), .room = large}));
    CHECK(large.front() == static_cast<std::uint8_t>(argument[0]));
    CHECK(large.back() == static_cast<std::uint8_t>(argument[0]));
  }
}

TEST_CASE("a helper process reads the file that it was started for", "[codecs][helper]") {
  const Folder folder;
  folder.put("file", "content");
  auto file = open_to_read(folder / "file");
  REQUIRE(file);
  const auto process = HelperProcess::start(kHostile, plugin_folders(), *std::move(file));
  REQUIRE(process);
  CHECK(ask(**process, Hostile::Read)->text == "content");
}

TEST_CASE("the end of a helper process is an error that says why", "[codecs][helper]") {
  const std::string who = "damaged: the decoder of hostile files ";
  const Error crash = death_of(Hostile::Crash);
  CHECK(crash.code == ErrorCode::Damaged);
  // With sanitizers it ends in another way.
  if (kLimitsMemory) CHECK(crash.message == who + "died (signal 11, Segmentation fault)");
  CHECK(death_of(Hostile::Abort) == Error{ErrorCode::Damaged, who + "died (signal 6, Aborted)"});
  CHECK(death_of(Hostile::Exit) == Error{ErrorCode::Damaged, who + "ended (exit code 7)"});
  CHECK(death_of(Hostile::Lie) == Error{ErrorCode::Damaged, who + "ended (exit code 0)"});
  for (const Hostile spin : {Hostile::Spin, Hostile::SpinBlocked}) {
    CHECK(death_of(spin, {.seconds = 1}) ==
          Error{ErrorCode::TooLarge,
                "the decoder of hostile files was ended after 1 s of processor time, the most for "
                "a file of this size"});
  }
}

TEST_CASE("a job that is stopped ends its process", "[codecs][helper]") {
  const auto process = started();
  const Stop stop = [] { return true; };
  const auto answer =
      process->run({.operation = static_cast<std::uint32_t>(Hostile::Spin), .stop = &stop});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::Stopped);
  CHECK(process->ended());
}

TEST_CASE("a helper process that ended answers nothing more", "[codecs][helper]") {
  const auto process = started();
  CHECK_FALSE(process->ended());
  CHECK_FALSE(ask(*process, Hostile::Crash));
  CHECK(process->ended());
  CHECK_FALSE(ask(*process, Hostile::Number));
}

TEST_CASE("a helper process cannot take all memory", "[codecs][helper]") {
  if (!kLimitsMemory) {
    WARN("SKIPPED: sanitizers reserve more addresses than any limit");
    return;
  }
  const auto process = started({.memory_bytes = std::uint64_t{1} << 28U});
  const auto answer = ask(*process, Hostile::Memory);
  REQUIRE_FALSE(answer);
  CHECK(answer.error() ==
        Error{ErrorCode::TooLarge,
              "the decoder of hostile files needs more memory than 268 MB, the most for a file of "
              "this size"});
  CHECK(ask(*process, Hostile::Talk)->text == "silent");  // the process still runs
}

TEST_CASE("a helper process has no rights", "[codecs][helper]") {
  if (!can_filter_calls()) {
    WARN("SKIPPED: this system has no filters for system calls");
    return;
  }
  const Folder folder;
  folder.put("file", "content");
  CHECK(answer_to(Hostile::Open, folder / "file") == "refused refused");
  CHECK(answer_to(Hostile::Create, folder / "new") == "refused");
  CHECK_FALSE(fs::exists(folder / "new"));
  CHECK(answer_to(Hostile::Socket) == "refused refused");
  CHECK(answer_to(Hostile::Execute, "/bin/true") == "refused");
  CHECK(answer_to(Hostile::Fork) == "refused refused");
  CHECK(answer_to(Hostile::Kill) == "refused");
  CHECK(answer_to(Hostile::Own) == "refused");
  CHECK(answer_to(Hostile::Code) == "refused");
  CHECK(answer_to(Hostile::Limits) == "refused");
  CHECK(answer_to(Hostile::Shrink) == "refused");
}

TEST_CASE("a helper process sees nothing of deckle's", "[codecs][helper]") {
  const Folder folder;
  folder.put("file", "content");
  const auto file = open_to_read(folder / "file");  // closed when a program is started
  std::ifstream stream(folder / "file");
  CHECK(answer_to(Hostile::Descriptors) == "0 1 2 3 4 5 ");
  ::setenv("DECKLE_TEST_SECRET", "told", 1);  // NOLINT(concurrency-mt-unsafe)
  CHECK(answer_to(Hostile::Environment, "DECKLE_TEST_SECRET") == "unknown");
  ::unsetenv("DECKLE_TEST_SECRET");  // NOLINT(concurrency-mt-unsafe)
  const Stderr said;
  CHECK(answer_to(Hostile::Talk) == "silent");
  CHECK(said.text().empty());
}

TEST_CASE("a helper process ends with its owner", "[codecs][helper]") {
  pid_t number = 0;
  {
    const auto process = started();
    number = std::stoi(ask(*process, Hostile::Number)->text);
    CHECK(::kill(number, 0) == 0);
  }
  CHECK(::kill(number, 0) == -1);
}

TEST_CASE("Ctrl-C does not reach a helper process", "[codecs][helper]") {
  const auto process = started();
  const pid_t number = std::stoi(ask(*process, Hostile::Number)->text);
  CHECK(::getpgid(number) == number);  // its own process group
}

TEST_CASE("each thread has a helper process of its own", "[codecs][helper]") {
  std::vector<std::thread> threads;
  std::vector<std::string> read(4);
  for (std::size_t i = 0; i < read.size(); ++i) {
    threads.emplace_back([&read, i] {
      for (int round = 0; round < 3; ++round) {
        const std::string file = std::to_string(i);
        const auto answer = run_in_helper(kHostile, {.file = as_bytes(file)});
        read[i] += answer ? answer->text : answer.error().message;
        static_cast<void>(
            run_in_helper(kHostile, {.operation = static_cast<std::uint32_t>(Hostile::Crash)}));
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(read == std::vector<std::string>{"000", "111", "222", "333"});
}

TEST_CASE("a helper or plug-in that is missing, broken or foreign is an error that says so",
          "[codecs][helper]") {
  const Folder folder;
  const std::vector<fs::path> folders{"/nowhere", folder.path()};
  const auto refusal = [&] {
    const auto process = HelperProcess::start(kHostile, folders);
    REQUIRE_FALSE(process);
    return process.error();
  };
  const std::string where =
      ", or build deckle with its library (looked in /nowhere, " + folder.path() + ")";
  const auto unsupported = [](const std::string& message) {
    return Error{ErrorCode::Unsupported, message};
  };
  CHECK(refusal() == unsupported("libdeckle_hostile.so, which is not installed: install the "
                                 "package deckle-hostile" +
                                 where));
  folder.put("libdeckle_hostile.so", "no library");
  CHECK(refusal() == unsupported("deckle-decoder, which is not installed: install the package "
                                 "deckle" +
                                 where));
  fs::create_symlink(find_plugin(kHelperProgram, plugin_folders()), folder / "deckle-decoder");
  CHECK(refusal().code == ErrorCode::Unsupported);
  CHECK(refusal().message.starts_with("libdeckle_hostile.so, which cannot be loaded: " +
                                      (folder / "libdeckle_hostile.so")));
  fs::remove(folder / "libdeckle_hostile.so");
  // A library that is no plug-in.
  Dl_info library{};
  REQUIRE(::dladdr(reinterpret_cast<const void*>(&::getpid), &library) != 0);
  fs::create_symlink(library.dli_fname, folder / "libdeckle_hostile.so");
  CHECK(refusal() == unsupported("libdeckle_hostile.so, which is of another version of deckle: " +
                                 (folder / "libdeckle_hostile.so")));
  fs::remove(folder / "deckle-decoder");
  folder.put("deckle-decoder", "no program");
  CHECK(refusal().code == ErrorCode::Unreadable);
  CHECK(refusal().message ==
        "no helper process can be started: " + (folder / "deckle-decoder") + ": Permission denied");
}
