// SPDX-License-Identifier: Apache-2.0
#include "core/result.h"

namespace deckle {

void throw_wrong_result(const Error* error) {
  if (error == nullptr) throw WrongResult("a Result has a value and no error");
  throw WrongResult("a Result has no value: " + error->message);
}

std::string_view error_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::Usage:
      return "usage";
    case ErrorCode::Unreadable:
      return "unreadable";
    case ErrorCode::NotAnImage:
      return "not_an_image";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::Truncated:
      return "truncated";
    case ErrorCode::Damaged:
      return "damaged";
    case ErrorCode::TooLarge:
      return "too_large";
    case ErrorCode::Shape:
      return "shape";
    case ErrorCode::Depth:
      return "depth";
    case ErrorCode::Write:
      return "write";
    case ErrorCode::Changed:
      return "changed";
    case ErrorCode::TimedOut:
      return "timed_out";
    case ErrorCode::Stopped:
      return "stopped";
    case ErrorCode::Internal:
      break;
  }
  return "internal";
}

}  // namespace deckle
