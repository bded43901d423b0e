// SPDX-License-Identifier: Apache-2.0
// Folders of the repository that tests read. Only paths.cpp is compiled with them: the other
// objects are the same in every clone, and a compiler cache finds them.
#pragma once

#include <string>

namespace deckle::test {

[[nodiscard]] std::string golden_folder();   ///< tests/golden
[[nodiscard]] std::string configs_folder();  ///< configs
[[nodiscard]] std::string samples_folder();  ///< samples/pictures

}  // namespace deckle::test
