// SPDX-License-Identifier: Apache-2.0
#include "batch/record_check.h"

#include "core/text.h"

namespace deckle {

Result<std::string> check_against_record(const Record& made, const Record& recorded) {
  if (made.pixels != recorded.pixels) {
    return Error{
        ErrorCode::Changed,
        "the pixels of " + printable(recorded.output) + " differ from the recorded ones: " +
            (made.decoder == recorded.decoder || recorded.decoder.empty()
                 ? "another version of the decoder?"
                 : "the decoder was " + printable(recorded.decoder) + ", is " + made.decoder)};
  }
  if (made.window != recorded.window || made.output != recorded.output ||
      made.draws.size() != recorded.draws.size()) {
    return Error{ErrorCode::Changed, "the window, the draws or the name of " +
                                         printable(recorded.output) +
                                         " are not those of its chain: edited by hand?"};
  }
  if (made.output_sha256 == recorded.output_sha256) return std::string();
  return printable(recorded.output) +
         ": its bytes differ from the recorded ones, but its pixels are the same";
}

}  // namespace deckle
