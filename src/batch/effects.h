// SPDX-License-Identifier: Apache-2.0
// effects: what happens to an image that its user may not expect. It is reported once, with the
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
  PaletteExpanded,  ///< its colours are the samples, its indices are lost
  GreyStretched,    ///< grey of few bits fills the whole range
  Indices,          ///< the samples are indices
  Numbers,          ///< grey of few bits stays as it is
  AlphaDropped,
  ProfileLeftOut,
  ProfileUnfit,  ///< it cannot be read, or is for other samples
  MetadataLeftOut,
  UnitRange,  ///< the values are of about 0 to 1, where white is 255 or more
};
inline constexpr std::size_t kEffects = 9;

/// How many images have each.
using EffectCounts = std::array<std::size_t, kEffects>;

/// Of an image whose output goes to `target`, with what `goes` along, as samples of the type
/// `depth`.
[[nodiscard]] std::vector<Effect> effects_on(const Chain& chain, const ImageInfo& info,
                                             const Plan& plan, const Codec& target, DType depth,
                                             const OutputMetadata& goes);

/// "12 images have a palette: ...".
[[nodiscard]] std::string text_of(Effect effect, std::size_t images);
/// "has a palette: ...", of an image.
[[nodiscard]] std::string text_of(Effect effect);
/// What it is called in JSON: "palette_expanded".
[[nodiscard]] std::string_view name_of(Effect effect);
/// Those that some images have: {"palette_expanded": 12}.
[[nodiscard]] Json by_name(const EffectCounts& counts);
/// Whether a run reports it, not plan alone: it is mostly a mistake.
[[nodiscard]] bool is_told_by_runs(Effect effect);

}  // namespace deckle
