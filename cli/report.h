// SPDX-License-Identifier: Apache-2.0
// report: all messages on the terminal, and exit codes.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace deckle::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitImages = 1;  ///< done, but some images failed; or there are differences
inline constexpr int kExitUsage =
    2;  ///< the command line or the chain is wrong, nothing was written
inline constexpr int kExitStopped = 3;   ///< the run could not continue
inline constexpr int kExitMistake = 70;  ///< an internal error in deckle
inline constexpr int kExitPipe = 141;    ///< the reader of the output closed the pipe

/// The exit code for an error that ends a command.
[[nodiscard]] int exit_code(const Error& error);

enum class Progress { Auto, Always, Never };

struct ReportOptions {
  bool quiet = false;
  bool verbose = false;
  bool json = false;  ///< a JSON object a line
  Progress progress = Progress::Auto;
};

/// Messages and a progress bar, which moves out of their way. Both go to stderr. Safe to use from
/// several threads.
class Report {
 public:
  explicit Report(ReportOptions options);
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  ~Report();

  [[nodiscard]] bool verbose() const { return options_.verbose; }

  /// Reports a failure in one line: "photos/a.jpg: truncated: ..". Always shown.
  void error(std::string_view file, const Error& error);
  void error(std::string_view text);
  /// The same for one of many inputs. Only the first 20 are shown; with -v, all.
  void failure(std::string_view file, const Error& failed);
  /// Reports how many failures were not shown, and `where` they are listed.
  void rest_of_failures(std::string_view where);
  void warning(std::string_view text);
  /// Information for the user; not shown with -q.
  void info(std::string_view text, const Json& fields = Json::object());
  /// Shown only with -v.
  void detail(std::string_view text);

  /// Progress: begins with `total` images; below, one call for each image.
  void start(std::size_t total);
  void step(bool failed);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  void line(std::string_view level, std::string_view text, const Json& fields,
            std::string_view colour);
  void draw();
  void erase();

  ReportOptions options_;
  bool terminal_;
  bool colour_;
  bool utf8_;
  std::mutex mutex_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t failures_ = 0;  ///< calls of failure()
  bool drawn_ = false;
  bool running_ = false;
  Clock::time_point begin_;
  Clock::time_point last_;
};

/// Prints a line of results to standard output. It may contain names from files, so control
/// characters are escaped.
void print_line(std::string_view text);
/// The same for a JSON value; `indent` as in nlohmann::json::dump.
void print_json(const Json& json, int indent = -1);

/// Writes a file, or to standard output if the path is "-". False if that failed. For a file, the
/// error was reported.
bool write_text(const std::string& path, const std::string& text, Report& report);

/// "1 842 images/s", "0.3 images/s".
[[nodiscard]] std::string rate_text(double images_per_second);

/// "0:01:07".
[[nodiscard]] std::string clock_text(double seconds);

}  // namespace deckle::cli
