// SPDX-License-Identifier: Apache-2.0
// effects: changes to an image that a user may not expect. Each kind is reported once, with the
// number of images.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "batch/output_encoding.h"
#include "chain/chain.h"
#include "chain/plan.h"
#include "codecs/image_info.h"
#include "core/json.h"

namespace deckle {

struct Codec;

enum class Effect : std::uint8_t {
  PaletteExpanded,  ///< the samples are the colours; the indices are lost
  GreyStretched,    ///< grey of few bits is stretched to the whole range
  Indices,          ///< the samples are indices
  Numbers,          ///< grey of few bits keeps its numbers
  AlphaDropped,
  ProfileLeftOut,
  ProfileUnfit,  ///< the profile cannot be read, or is for other samples
  MetadataLeftOut,
  UnitRange,  ///< the values are about 0 to 1, but white is 255 or more
};
inline constexpr std::size_t kEffects = 9;

/// The number of images with each effect.
using EffectCounts = std::array<std::size_t, kEffects>;

/// The effects on an image whose output is encoded by `target`, with the metadata in `goes` and
/// samples of the type `depth`.
[[nodiscard]] std::vector<Effect> effects_on(const Chain& chain, const ImageInfo& info,
                                             const Plan& plan, const Codec& target, DType depth,
                                             const OutputMetadata& goes);

/// "12 images have a palette: ...".
[[nodiscard]] std::string text_of(Effect effect, std::size_t images);
/// "has a palette: ...", for one image.
[[nodiscard]] std::string text_of(Effect effect);
/// The name in JSON: "palette_expanded".
[[nodiscard]] std::string_view name_of(Effect effect);
/// The effects that some images have: {"palette_expanded": 12}.
[[nodiscard]] Json by_name(const EffectCounts& counts);
/// Whether `run` reports the effect too, not only `plan`: such an effect is mostly a mistake.
[[nodiscard]] bool is_told_by_runs(Effect effect);

}  // namespace deckle
