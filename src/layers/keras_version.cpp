// SPDX-License-Identifier: Apache-2.0
#include "layers/keras_version.h"

#include <array>
#include <charconv>

namespace deckle {
namespace {

// For each generation, the last version whose rules deckle knows.
constexpr std::array kLastVersions{KerasVersion{1, 2}, KerasVersion{2, 15}, kNewestKeras};

}  // namespace

std::optional<KerasVersion> nearest_keras_version(std::string_view text) {
  KerasVersion version;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc{} || version.major < 1 || version.major > 3) return std::nullopt;
  const auto which = static_cast<std::size_t>(version.major) - 1;
  if (major.ptr == end) {
    constexpr std::array kMeant{kLastVersions[0], KerasVersion{}, kNewestKeras};
    return kMeant.at(which);
  }
  if (*major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc{} || version.minor < 0) return std::nullopt;
  if (minor.ptr != end && *minor.ptr != '.' && *minor.ptr != '-') return std::nullopt;
  if (version.minor > kLastVersions.at(which).minor) {
    if (version.major < 3) return std::nullopt;
    return kNewestKeras;
  }
  if (std::string_view(minor.ptr, static_cast<std::size_t>(end - minor.ptr)).ends_with("-tf")) {
    // TensorFlow 2.2 calls its copy 2.3.0-tf, but its rules are those of 2.4.
    if (version == KerasVersion{2, 3}) return KerasVersion{2, 4};
    version.tensorflow = version < KerasVersion{2, 4};
  }
  return version;
}

std::optional<KerasVersion> keras_version(std::string_view text) {
  const auto version = nearest_keras_version(text);
  // nearest_keras_version reads "3.16" and later as the newest version.
  if (version == kNewestKeras && text != "3") {
    const std::string newest = to_text(kNewestKeras);
    if (!text.starts_with(newest) ||
        (text.size() > newest.size() && text[newest.size()] != '.' && text[newest.size()] != '-'))
      return std::nullopt;
  }
  return version;
}

std::string known_keras_versions() {
  std::string text;
  for (const KerasVersion& last : kLastVersions) {
    text += (text.empty()      ? ""
             : last.major == 3 ? " and "
                               : ", ") +
            std::to_string(last.major) + ".0 to " + to_text(last);
  }
  return text;
}

std::string to_text(KerasVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor) +
         (version.tensorflow ? "-tf" : "");
}

}  // namespace deckle
