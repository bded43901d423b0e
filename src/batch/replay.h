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

/// A manifest whose lines are looked up by input. In memory stands only where they are.
class Replay {
 public:
  /// Fails with Unreadable or Usage; the message names the line.
  static Result<Replay> open(const std::string& manifest, const ReplayRequest& request);

  /// The chain of its header: no other is needed.
  [[nodiscard]] const Chain& chain() const { return chain_; }
  [[nodiscard]] const Json& header() const { return header_; }
  /// Outputs that are to be made.
  [[nodiscard]] std::size_t outputs() const { return outputs_; }

  /// Leaves only the inputs that have lines; gives those that have lines but are not in the list.
  [[nodiscard]] std::vector<std::string> match(InputList& list) const;

  /// The records of an input, in the order of their copies. Fails where the manifest cannot be read
  /// any more. Safe to call from several threads.
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
