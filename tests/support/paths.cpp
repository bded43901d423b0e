// SPDX-License-Identifier: Apache-2.0
#include "support/paths.h"

namespace deckle::test {

std::string golden_folder() {
  return DECKLE_GOLDEN_DIR;
}

std::string configs_folder() {
  return DECKLE_CONFIGS_DIR;
}

std::string samples_folder() {
  return DECKLE_SAMPLES_DIR;
}

}  // namespace deckle::test
