// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/text.h"
#include "dataset/files.h"

namespace deckle::cli {
namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kPlain = "\x1b[0m";

constexpr std::size_t kShownFailures = 20;

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool locale_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!is_set(variable)) continue;
    const std::string value = std::getenv(variable);
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// A bar of `width` cells, filled to `share` of it in eighths of a cell.
std::string bar_text(double share, std::size_t width, bool utf8) {
  constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(share * static_cast<double>(width) * 8);
  std::string text;
  std::size_t cells = eighths / 8;
  for (std::size_t i = 0; i < cells; ++i)
    text += utf8 ? "█" : "#";
  if (utf8 && eighths % 8 != 0 && cells < width) {
    text += kEighths.at(eighths % 8);
    ++cells;
  }
  return text.append(width - cells, ' ');
}

}  // namespace

int exit_code(const Error& error) {
  return error.code == ErrorCode::Usage ? kExitUsage : kExitStopped;
}

std::string clock_text(double seconds) {
  const auto total = static_cast<unsigned long long>(std::llround(std::max(seconds, 0.0)));
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%llu:%02llu:%02llu", total / 3600, total / 60 % 60,
                total % 60);
  return text.data();
}

std::string rate_text(double images_per_second) {
  std::array<char, 32> text{};
  if (images_per_second >= 9.95) {
    return grouped(static_cast<std::uint64_t>(std::llround(images_per_second))) + " images/s";
  }
  std::snprintf(text.data(), text.size(), "%.*f images/s", images_per_second < 0.0995 ? 3 : 1,
                images_per_second);
  return text.data();
}

void print_line(std::string_view text) {
  std::printf("%s\n", terminal_text(text).c_str());
}

void print_json(const Json& json, int indent) {
  const std::string text = json.dump(indent, ' ', false, Json::error_handler_t::replace);
  std::printf("%s\n", terminal_json(text).c_str());
}

bool write_text(const std::string& path, const std::string& text, Report& report) {
  if (path == "-") {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
           std::fflush(stdout) == 0;
  }
  const auto written = replace_file(path, as_bytes(text));
  if (!written) report.error(path, written.error());
  return written.has_value();
}

Report::Report(ReportOptions options)
    : options_(options),
      terminal_(::isatty(STDERR_FILENO) == 1 && !options.json),
      colour_(terminal_ && !is_set("NO_COLOR")),
      utf8_(locale_is_utf8()) {}

Report::~Report() {
  finish();
}

void Report::error(std::string_view file, const Error& error) {
  const std::string where = file.empty() ? "" : printable(file) + ": ";
  Json fields{{"code", error_name(error.code)}};
  if (!file.empty()) fields["file"] = to_utf8(file);
  if (options_.json) {
    line("error", error.message, fields, kRed);
  } else {
    line("error", where + error.message, fields, kRed);
  }
}

void Report::failure(std::string_view file, const Error& failed) {
  if (++failures_ <= kShownFailures || options_.verbose) error(file, failed);
}

void Report::rest_of_failures(std::string_view where) {
  if (failures_ <= kShownFailures || options_.verbose) return;
  error("and " + count_of(failures_ - kShownFailures, "more failure") + ": " + std::string(where));
}

void Report::error(std::string_view text) {
  line("error", text, Json::object(), kRed);
}

void Report::warning(std::string_view text) {
  if (!options_.quiet) line("warning", text, Json::object(), kYellow);
}

void Report::info(std::string_view text, const Json& fields) {
  if (!options_.quiet) line("info", text, fields, "");
}

void Report::detail(std::string_view text) {
  if (options_.verbose && !options_.quiet) line("detail", text, Json::object(), "");
}

void Report::line(std::string_view level, std::string_view text, const Json& fields,
                  std::string_view colour) {
  const std::lock_guard lock(mutex_);
  erase();
  std::string out;
  if (options_.json) {
    Json json{{"level", level}, {"message", to_utf8(text)}};
    for (const auto& [key, value] : fields.items())
      json[key] = value;
    out = terminal_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    out = terminal_text(text);
    if (colour_ && !colour.empty()) out = std::string(colour) + out + std::string(kPlain);
  }
  out += '\n';
  std::fwrite(out.data(), 1, out.size(), stderr);
  if (running_ && terminal_) draw();
}

void Report::start(std::size_t total) {
  const std::lock_guard lock(mutex_);
  total_ = total;
  begin_ = last_ = Clock::now();
  const bool wanted =
      options_.progress == Progress::Always || (options_.progress == Progress::Auto && terminal_);
  running_ = wanted && !options_.quiet;
  if (running_ && terminal_) draw();  // the first picture may take long
}

void Report::step(bool failed) {
  const std::lock_guard lock(mutex_);
  ++done_;
  if (failed) ++failed_;
  if (!running_) return;
  const auto now = Clock::now();
  const auto wait = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(3000);
  if (now - last_ < wait) return;
  last_ = now;
  erase();
  draw();
}

void Report::finish() {
  const std::lock_guard lock(mutex_);
  if (!running_) return;
  erase();
  running_ = false;
}

void Report::draw() {
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  if (options_.json) {
    const Json json{{"level", "progress"},
                    {"done", done_},
                    {"total", total_},
                    {"failed", failed_},
                    {"images_per_second", rate}};
    std::fprintf(stderr, "%s\n", json.dump().c_str());
    return;
  }
  std::string text = grouped(done_) + "/" + grouped(total_);
  if (done_ > 0) {
    text += "   " + rate_text(rate) + "   " +
            clock_text(static_cast<double>(total_ - done_) / std::max(rate, 1e-9)) + " left";
  }
  if (failed_ > 0) text += "   " + grouped(failed_) + " failed";
  if (!terminal_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  const std::size_t room = terminal_columns();
  if (room > text.size() + 14) {
    const std::size_t width = std::min<std::size_t>(30, room - text.size() - 5);
    const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
    text = "[" + bar_text(share, width, utf8_) + "]  " + text;
  } else {
    text = text.substr(0, room - 1);
  }
  std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Report::erase() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace deckle::cli
