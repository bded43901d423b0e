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

class Arguments {
 public:
  /// `config` is an object at `pointer`. Old names are taken for the new ones (see synonyms);
  /// unknown names are noted at once.
  Arguments(const LayerSpec& spec, const Json& config, std::string pointer,
            std::vector<Mistake>& mistakes);

  [[nodiscard]] const LayerSpec& spec() const { return spec_; }
  /// True where nothing was wrong so far.
  [[nodiscard]] bool good() const { return good_; }

  /// The value, or null where it was not given (a JSON null counts as not given).
  [[nodiscard]] const Json* find(std::string_view name) const;

  std::int64_t pixels(std::string_view name, std::int64_t least);  ///< required
  bool boolean(std::string_view name, bool fallback);
  /// The index of the word among `allowed`.
  std::size_t choice(std::string_view name, std::span<const std::string_view> allowed,
                     std::size_t fallback);
  DType dtype(std::string_view name, DType fallback);
  std::optional<SeedPair> seed(std::string_view name);

  /// Keras' forms for `rank` axes: one number for all, a number an axis, a pair an axis, or a
  /// mixture of these.
  std::vector<Pair> pairs(std::string_view name, int rank, const std::vector<Pair>& fallback);
  /// One number for all axes or one an axis, each at least `least`.
  std::vector<std::int64_t> factors(std::string_view name, int rank, std::int64_t least,
                                    std::int64_t fallback);

  /// Notes that the argument (or the element `below` it, such as "/0/1") is wrong.
  void mistake(std::string_view name, std::string message, std::string_view below = "");

 private:
  std::optional<std::int64_t> number(std::string_view name, const Json& value, std::int64_t least,
                                     const std::string& below, std::string_view unit = "pixels");

  const LayerSpec& spec_;
  std::string pointer_;
  std::vector<Mistake>& mistakes_;
  Json values_ = Json::object();  ///< by the names that are in use now
  std::vector<std::pair<std::string, std::string>>
      given_as_;  ///< name, and how the chain spells it
  bool good_ = true;
};

/// Names that every layer takes, because Keras writes them, and that mean nothing here.
[[nodiscard]] std::span<const std::string_view> ignored_arguments();

}  // namespace deckle
