// SPDX-License-Identifier: Apache-2.0
// arguments: reads a layer's arguments out of JSON, exactly, and notes every mistake with its
// place.
//
// 3.7, true and 4294967296 are not pixels; what nlohmann::json would silently convert is refused
// here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"
#include "core/json.h"
#include "layers/layer.h"
#include "random/stateless.h"

namespace deckle {

/// Something wrong in a chain, and where: a JSON pointer into it.
struct Mistake {
  std::string pointer;
  std::string message;
};

/// before and after (top and bottom, left and right) on one axis, in pixels.
using Pair = std::array<std::int64_t, 2>;

/// A whole number of at least `least` and at most kMaxExtent; otherwise the reason why it is not,
/// in words.
[[nodiscard]] Result<std::int64_t> whole_number(const Json& value, std::int64_t least,
                                                std::string_view unit = "pixels");

/// A whole number, or two of them, that fit 64 bits: a seed.
[[nodiscard]] Result<SeedPair> seed_pair(const Json& value);

/// `pointer` + "/" + key, escaped as RFC 6901 says.
[[nodiscard]] std::string join_pointer(std::string_view pointer, std::string_view key);

inline constexpr KerasVersion kNewestKeras{3, 15};
/// "1", "2.3.1", "2.2.4-tf": "1" is 1.2, "2" is 2.9, "3" is 3.15. Nothing for what is no version,
/// and for one that is newer than deckle's rules.
[[nodiscard]] std::optional<KerasVersion> keras_version(std::string_view text);
/// The same for a file that Keras wrote: of a newer Keras 3 it is the newest that deckle knows.
[[nodiscard]] std::optional<KerasVersion> nearest_keras_version(std::string_view text);
/// "1.0 to 1.2, 2.0 to 2.15 and 3.0 to 3.15".
[[nodiscard]] std::string known_keras_versions();
[[nodiscard]] std::string to_text(KerasVersion version);

/// What of its chain a layer's arguments may depend on.
struct Setting {
  KerasVersion keras;
  bool channels_first = false;    ///< layout of arrays
  bool shapes_only = false;       ///< layers may do without their weights: nothing is run
  std::string_view class_name{};  ///< as the chain spells it; empty: the present name
};

class Arguments {
 public:
  /// `config` is an object at `pointer`. Old names are taken for the new ones (see synonyms);
  /// unknown names are noted at once.
  Arguments(const LayerSpec& spec, const Json& config, std::string pointer,
            std::vector<Mistake>& mistakes, Setting setting = {});

  [[nodiscard]] const LayerSpec& spec() const { return spec_; }
  [[nodiscard]] KerasVersion keras() const { return setting_.keras; }
  [[nodiscard]] bool channels_first() const { return setting_.channels_first; }
  [[nodiscard]] bool shapes_only() const { return setting_.shapes_only; }
  /// The layer's name as the chain spells it, for messages.
  [[nodiscard]] std::string layer_name() const {
    return std::string(setting_.class_name.empty() ? spec_.name : setting_.class_name);
  }
  /// True where nothing was wrong so far.
  [[nodiscard]] bool good() const { return good_; }

  /// The value, or null where it was not given (a JSON null counts as not given).
  [[nodiscard]] const Json* find(std::string_view name) const;

  std::int64_t pixels(std::string_view name, std::int64_t least);  ///< required
  bool boolean(std::string_view name, bool fallback);
  /// A finite number, or a list of at least one.
  std::vector<double> numbers(std::string_view name, const std::vector<double>& fallback);
  /// The index of the word among `allowed`.
  std::size_t choice(std::string_view name, std::span<const std::string_view> allowed,
                     std::size_t fallback);
  DType dtype(std::string_view name, DType fallback);
  std::optional<SeedPair> seed(std::string_view name);

  /// Keras' forms for `rank` axes: one number for all, a number an axis, a pair an axis, or a
  /// mixture of these. One axis has a number or a pair.
  std::vector<Pair> pairs(std::string_view name, int rank, const std::vector<Pair>& fallback);
  /// One number for all axes or one an axis, each at least `least`.
  std::vector<std::int64_t> factors(std::string_view name, int rank, std::int64_t least,
                                    std::int64_t fallback);

  /// Notes that the argument (or the element `below` it, such as "/0/1") is wrong.
  void mistake(std::string_view name, std::string message, std::string_view below = "");

 private:
  void take_joined(const Json& config);
  std::optional<std::int64_t> number(std::string_view name, const Json& value, std::int64_t least,
                                     const std::string& below, std::string_view unit = "pixels");

  const LayerSpec& spec_;
  std::string pointer_;
  std::vector<Mistake>& mistakes_;
  Setting setting_;
  Json values_ = Json::object();  ///< by the names that are in use now
  std::vector<std::pair<std::string, std::string>>
      given_as_;  ///< name, and how the chain spells it
  bool good_ = true;
};

/// Names that every layer takes, because Keras writes them, and that mean nothing here.
[[nodiscard]] std::span<const std::string_view> ignored_arguments();

}  // namespace deckle
