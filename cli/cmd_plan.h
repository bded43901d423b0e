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
  bool all = false;   ///< every shape and every remark; JSON always contains them
  bool json = false;  ///< one object instead of text
  std::string chain_file{};
  std::size_t not_images = 0;  ///< files that were already removed from the list
  bool allow_empty = false;    ///< a plan without any image does not fail
};

/// Prints to stdout what a run would do. Returns the exit code that the run would have.
int print_plan(const Chain& given, const InputList& inputs, const PlanOptions& options);

}  // namespace deckle::cli
