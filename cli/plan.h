// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "chain/chain.h"
#include "dataset/inputs.h"
#include "report.h"

namespace deckle::cli {

/// Prints what a run would do, to stdout; `all` shows every shape. `passed_over` files were taken
/// off the list before. The exit code that the run would have; no image at all is a failure unless
/// `allow_empty`.
int print_plan(const Chain& given, const InputList& inputs, int jobs, bool all,
               const std::string& chain_file, std::size_t passed_over, bool allow_empty = false);

}  // namespace deckle::cli
