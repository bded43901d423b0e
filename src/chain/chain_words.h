// SPDX-License-Identifier: Apache-2.0
// chain_words: the words that are values of keys in the chain file, in the order of their
// enumerations. The parser and the normal form use them.
#pragma once

#include <array>
#include <string_view>

namespace deckle {

inline constexpr std::array<std::string_view, 4> kSeedFrom{"path", "index", "content", "fixed"};
inline constexpr std::array<std::string_view, 2> kDataFormats{"channels_last", "channels_first"};
inline constexpr std::array<std::string_view, 2> kOrientations{"apply", "ignore"};
inline constexpr std::array<std::string_view, 2> kTruncated{"fail", "accept"};
inline constexpr std::array<std::string_view, 2> kChecks{"needed", "full"};
inline constexpr std::array<std::string_view, 2> kPages{"first", "volume"};
inline constexpr std::array<std::string_view, 2> kPalettes{"expand", "index"};
inline constexpr std::array<std::string_view, 4> kColorModes{"keep", "grayscale", "rgb", "rgba"};
inline constexpr std::array<std::string_view, 2> kProfiles{"keep", "srgb"};
inline constexpr std::array<std::string_view, 3> kMetadata{"icc", "none", "all"};
inline constexpr std::array<std::string_view, 2> kAs{"layer", "model"};

}  // namespace deckle
