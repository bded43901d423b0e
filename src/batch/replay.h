// SPDX-License-Identifier: Apache-2.0
// replay: which outputs of a manifest are replayed, and from which inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "batch/manifest.h"
#include "chain/chain.h"
#include "core/result.h"
#include "dataset/files.h"
#include "dataset/inputs.h"

namespace deckle {

struct ReplayRequest {
  std::vector<std::string> only;  ///< globs of inputs or outputs; empty: all
  std::vector<int> copies;        ///< empty: all
};

/// A manifest whose lines can be found by input. Only their offsets are in memory.
class Replay {
 public:
  /// Fails with Unreadable or Usage; the message names the line.
  static Result<Replay> open(const std::string& manifest, const ReplayRequest& request);

  /// The chain in its header.
  [[nodiscard]] const Chain& chain() const { return chain_; }
  [[nodiscard]] const Json& header() const { return header_; }
  /// The number of outputs that will be made.
  [[nodiscard]] std::size_t outputs() const { return outputs_; }

  /// Removes inputs that have no lines from the list. Returns inputs that have lines but are not in
  /// the list.
  [[nodiscard]] std::vector<std::string> match(InputList& list) const;

  /// The records of an input, in the order of their copies. Fails if the manifest can no longer be
  /// read. Safe to call from several threads.
  [[nodiscard]] Result<std::vector<Record>> records(const std::string& input) const;

 private:
  struct LineLocation {
    std::uint64_t offset;
    std::uint32_t length;
  };

  Chain chain_;
  Json header_;
  std::size_t outputs_ = 0;
  std::string manifest_;
  File file_;
  std::map<std::string, std::vector<LineLocation>> lines_;
};

}  // namespace deckle
