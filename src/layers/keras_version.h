// SPDX-License-Identifier: Apache-2.0
// keras_version: the versions of Keras whose rules deckle knows.
// Source  the releases of Keras 1.0 to 3.15, and TensorFlow's copies of 1.13 to 2.1
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace deckle {

/// A version of Keras. Its rules changed several times.
struct KerasVersion {
  int major = 2;
  int minor = 9;
  /// "2.2.4-tf": TensorFlow's own copy, of 1.13 to 2.1. These copies differ from one another.
  bool tensorflow = false;
  // NOLINTNEXTLINE(modernize-use-nullptr): a 0 that the compiler writes
  auto operator<=>(const KerasVersion&) const = default;
};

inline constexpr KerasVersion kKeras1{1, 0};
inline constexpr KerasVersion kKeras2{2, 0};
inline constexpr KerasVersion kPreprocessing{2, 6};  ///< the first with preprocessing layers
inline constexpr KerasVersion kKeras3{3, 0};
inline constexpr KerasVersion kNewestKeras{3, 15};

/// Reads "1", "2.3.1" or "2.2.4-tf": "1" is 1.2, "2" is 2.9, "3" is 3.15. Nothing if the text is
/// not a version, or if the version is newer than the rules that deckle knows.
[[nodiscard]] std::optional<KerasVersion> keras_version(std::string_view text);
/// The same for a file that Keras wrote: a newer Keras 3 becomes the newest that deckle knows.
[[nodiscard]] std::optional<KerasVersion> nearest_keras_version(std::string_view text);
/// "1.0 to 1.2, 2.0 to 2.15 and 3.0 to 3.15".
[[nodiscard]] std::string known_keras_versions();
[[nodiscard]] std::string to_text(KerasVersion version);

}  // namespace deckle
