// SPDX-License-Identifier: Apache-2.0
// helper_process: a process in which the library of a plug-in decodes files. A damaged or hostile
// file may make a library crash, hang, use all memory or run code. The process can open nothing,
// and its memory and time are limited (docs/adr/helper-process.md). It ends with the thread that
// started it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "codecs/helper/decoder_plugin.h"
#include "codecs/helper/plugin.h"
#include "core/bytes.h"
#include "core/result.h"
#include "core/stop.h"
#include "dataset/files.h"

namespace deckle {

/// Limits of one job. `memory_per_room` bytes are added for each byte of room.
struct HelperLimits {
  std::uint64_t memory_bytes = std::uint64_t{1} << 30U;
  std::uint64_t memory_per_room = 4;
  std::uint64_t seconds = 60;  ///< of processor time
  std::uint64_t room_per_second = std::uint64_t{1} << 20U;
};

struct HelperJob {
  std::uint32_t operation = 0;
  Bytes arguments{};
  std::optional<Bytes> file{};  ///< empty: the file that the process was started for
  std::span<std::uint8_t>
      room{};  ///< filled completely with samples or numbers; unchanged if the job fails
  const Stop* stop = nullptr;  ///< if it is set, the process is ended, and the error is Stopped
};

/// `text` is the answer of the plug-in; if `outcome` is Damaged or Unsupported, the reason from its
/// library.
struct HelperAnswer {
  DecoderOutcome outcome = DecoderOutcome::Done;
  std::string text;
};

class HelperProcess {
 public:
  /// Starts a process: for jobs that have a file each, or for one open file. Looks in `folders` for
  /// the helper program and the plug-in. Unsupported if one is missing or unusable: the message
  /// begins with its name. Unreadable with errno if the system starts no process.
  [[nodiscard]] static Result<std::unique_ptr<HelperProcess>> start(
      const Plugin& plugin, std::span<const std::filesystem::path> folders, File file = {},
      const HelperLimits& limits = {});
  ~HelperProcess();
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  /// "OpenCV 4.6.0"
  [[nodiscard]] const std::string& version() const { return version_; }

  /// Damaged or TooLarge if the job killed the process: "damaged: the decoder of OpenEXR died
  /// (signal 11, Segmentation fault)". The process has then ended. TooLarge also if memory is
  /// short.
  [[nodiscard]] Result<HelperAnswer> run(const HelperJob& job);
  [[nodiscard]] bool ended() const { return pid_ < 0; }

 private:
  HelperProcess(const Plugin& plugin, const HelperLimits& limits)
      : plugin_(plugin), limits_(limits) {}

  [[nodiscard]] Result<Done> spawn(const std::filesystem::path& helper,
                                   const std::filesystem::path& library, File file);
  [[nodiscard]] Result<Done> put_file(Bytes file);
  [[nodiscard]] Result<Done> have_room(std::size_t bytes);
  [[nodiscard]] Result<Done> set_limits(std::size_t room_bytes);
  [[nodiscard]] std::uint64_t most_memory(std::size_t room_bytes) const;
  [[nodiscard]] Result<HelperAnswer> read_answer();
  [[nodiscard]] bool receive_all(void* to, std::size_t bytes);
  [[nodiscard]] std::int64_t processor_ms() const;
  [[nodiscard]] bool take_room(std::span<std::uint8_t> room) const;
  void give_back();
  void end();
  [[nodiscard]] Error died();

  Plugin plugin_;
  HelperLimits limits_;
  std::string version_;
  pid_t pid_ = -1;
  File socket_;
  File file_;
  bool owns_file_ = false;  // a memfd, with a copy of each job's file
  std::size_t file_bytes_ = 0;
  File room_;
  std::size_t room_bytes_ = 0;
  std::uint64_t seconds_ = 0;   // limit of the job
  std::int64_t most_ms_ = 0;    // processor time of the process at which the job must have ended
  const Stop* stop_ = nullptr;  // of the job
  bool over_time_ = false;      // it was ended because it ignored the signal of its limit
  bool idle_ = false;           // it was ended because it was idle
  int status_ = 0;              // as waitpid gives it
};

/// Runs a job with its file in a process that this thread keeps. If the process died, the next job
/// starts another. Fails as `start` and `run` do; if the plug-in cannot be used, the message begins
/// with "OpenEXR needs ".
[[nodiscard]] Result<HelperAnswer> run_in_helper(const Plugin& plugin, const HelperJob& job);

/// The version of the plug-in's library; "" if it cannot be used.
[[nodiscard]] std::string version_in_helper(const Plugin& plugin);

}  // namespace deckle
