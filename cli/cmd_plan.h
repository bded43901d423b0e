// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "chain/chain.h"
#include "dataset/inputs.h"
#include "report.h"

namespace deckle::cli {

struct PlanOptions {
  int jobs = 1;
  bool all = false;   ///< every shape and every remark, which JSON always holds
  bool json = false;  ///< one object instead of text
  std::string chain_file{};
  std::size_t not_images = 0;  ///< files that were taken off the list before
  bool allow_empty = false;    ///< no image at all is no failure
};

/// Prints what a run would do, to stdout. The exit code that the run would have.
int print_plan(const Chain& given, const InputList& inputs, const PlanOptions& options);

}  // namespace deckle::cli
