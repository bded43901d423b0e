// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace deckle {

/// What went wrong, for programs. Manifests contain the names (see `error_name`): never reuse one.
enum class ErrorCode {
  Usage,        ///< the command line or the chain is wrong
  Unreadable,   ///< the file could not be opened or read
  NotAnImage,   ///< the content is of no known image format
  Unsupported,  ///< an image, but of a kind that is not read or written
  Truncated,    ///< the picture data ends too early
  Damaged,      ///< the picture data contradicts itself
  TooLarge,     ///< more pixels than `max_pixels`, or than the format can hold
  Shape,        ///< a layer cannot take an image of this shape
  Depth,        ///< the output format cannot hold these pixels without loss
  Write,        ///< an output could not be written
  Changed,      ///< the file is not the one that a manifest recorded, or changed while it was read
  TimedOut,     ///< took longer than --timeout-per-image allows
  Stopped,      ///< cancelled by the caller; never in a manifest
  Internal,     ///< an error in deckle itself
};

[[nodiscard]] std::string_view error_name(ErrorCode code);

/// A failure: its kind, and a sentence for people with the numbers. It names the position inside a
/// file (a row, a layer) but not the file: the caller that reports it knows the file.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  int sys_errno = 0;  ///< the errno behind a Write or Unreadable error, else 0

  bool operator==(const Error&) const = default;
};

/// Thrown if a Result is asked for its value and has an Error, or the other way round. Call
/// `has_value` first. The text is that of the Error, if there is one.
class WrongResult : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws WrongResult. `error` is the Result's error; null if it has a value.
[[noreturn]] void throw_wrong_result(const Error* error);

/// A value or an Error, with the member names of C++23's `std::expected`. Asking for the other one
/// throws WrongResult.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Not explicit: for `return value;` and `return error;`.
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & {
    if (!has_value()) throw_wrong_result(std::get_if<1>(&state_));
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    if (!has_value()) throw_wrong_result(std::get_if<1>(&state_));
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    if (!has_value()) throw_wrong_result(std::get_if<1>(&state_));
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    if (has_value()) throw_wrong_result(nullptr);
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// The value of an operation that returns nothing.
struct Done {};

}  // namespace deckle
