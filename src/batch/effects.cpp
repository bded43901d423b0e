// SPDX-License-Identifier: Apache-2.0
#include "batch/effects.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "codecs/codec.h"
#include "codecs/icc.h"
#include "core/text.h"

namespace deckle {
namespace {

struct Text {
  std::string_view name;
  bool in_runs;
  std::string_view one;  ///< the text after "1 image "
  std::string_view many;
  std::string_view rest;
};

// In the order of Effect.
constexpr std::array<Text, kEffects> kTexts{{
    {"palette_expanded", true, "has a palette", "have a palette",
     R"(: the colours of the palette become the samples; "input": {"palette": "index"} keeps the indices)"},
    {"grey_stretched", false, "is grey of few bits", "are grey of few bits",
     R"(: stretched to the whole range; "input": {"palette": "index"} keeps the numbers)"},
    {"indices", false, "has a palette", "have a palette",
     ": the samples are the indices; png, tiff and bmp outputs keep the palette"},
    {"numbers", false, "is grey of few bits", "are grey of few bits",
     ": the numbers stay as they are"},
    {"alpha_dropped", false, "loses its alpha", "lose their alpha",
     R"(; "input": {"background": [255, 255, 255]} puts white behind it)"},
    {"profile_left_out", true, "loses its ICC profile", "lose their ICC profiles",
     R"(: colours change; "input": {"icc": "srgb"} converts them first)"},
    {"profile_unfit", true, "has an ICC profile", "have ICC profiles",
     " that cannot be used (unreadable, or for other samples): left out"},
    {"metadata_left_out", true, "loses EXIF or XMP", "lose EXIF or XMP",
     ": the output format cannot store it, or it cannot be read"},
    {"unit_range", true, "comes out nearly black", "come out nearly black",
     R"(: the chain makes values of about 0 to 1, but white in the output is 255 or 65535; "output": )"
     R"({"format": "npy", "dtype": "float32"} stores such values)"},
}};

// From the least to the largest value.
struct Range {
  double least;
  double most;
};

// The range of a convolution's outputs for inputs in `range`.
Range convolved(const Range& range, const FilterBank& bank) {
  switch (bank.activation) {
    case Activation::Sigmoid:
    case Activation::HardSigmoid:
    case Activation::HardSigmoid3:
    case Activation::Softmax:
      return {0, 1};
    case Activation::Tanh:
    case Activation::Softsign:
      return {-1, 1};
    default:
      break;
  }
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  const double most = std::max(std::abs(range.least), std::abs(range.most));
  constexpr double kLargestAnalysed =
      1024;  // larger values (16 bits without Rescaling) are not analysed
  if (most > kLargestAnalysed || bank.activation == Activation::Exponential)
    return {-kUnknown, kUnknown};
  std::vector<double> sums(static_cast<std::size_t>(std::max<std::int64_t>(bank.out, 1)));
  const std::size_t in = static_cast<std::size_t>(bank.transposed ? bank.in : 1);
  for (std::size_t i = 0; i < bank.kernel.size(); ++i)
    sums[i / in % sums.size()] += std::abs(double{bank.kernel[i]});
  double bias = 0;
  for (const float value : bank.bias)
    bias = std::max(bias, std::abs(double{value}));
  const double bound = most * *std::max_element(sums.begin(), sums.end()) + bias;
  return {-bound, bound};
}

// Whether the chain makes even white nearly black.
bool is_unit_range(const Plan& plan, const Codec& target, DType depth) {
  constexpr double kDark = 4.0 / 255;
  const DTypeInfo& from = info(plan.input_dtype);
  if (from.white == 0 || from.is_float) return false;
  // Arrays of floats keep the values of the chain.
  if (target.format == Format::Npy && (info(depth).is_float || !info(plan.dtype).is_float))
    return false;
  Range range{0, from.white};
  for (const Op& op : plan.ops) {
    if (const auto* scale = std::get_if<ScaleOp>(&op)) {
      Range made{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
      for (std::size_t c = 0; c < std::max(scale->scale.size(), scale->offset.size()); ++c) {
        const double by = scale->scale[std::min(c, scale->scale.size() - 1)];
        const double plus = scale->offset[std::min(c, scale->offset.size() - 1)];
        for (const double end : {range.least, range.most}) {
          made.least = std::min(made.least, end * by + plus);
          made.most = std::max(made.most, end * by + plus);
        }
      }
      range = made;
    } else if (const auto* convolve = std::get_if<ConvolveOp>(&op)) {
      range = convolved(range, convolve->convolution->bank());
    }
  }
  return std::max(std::abs(range.least), std::abs(range.most)) <= kDark * from.white;
}

}  // namespace

std::vector<Effect> effects_on(const Chain& chain, const ImageInfo& info, const Plan& plan,
                               const Codec& target, DType depth, const OutputMetadata& goes) {
  std::vector<Effect> effects;
  const auto add_if = [&](bool has, Effect effect) {
    if (has) effects.push_back(effect);
  };
  const bool palette = !info.palette.empty();
  add_if(palette && !info.indexed, Effect::PaletteExpanded);
  add_if(info.white != 0 && !info.indexed, Effect::GreyStretched);
  add_if(palette && info.indexed, Effect::Indices);
  add_if(info.white != 0 && info.indexed, Effect::Numbers);
  const std::int64_t was = info.shape.channels;
  const std::int64_t is = info.seen.shape.channels;
  add_if(was != is && was % 2 == 0 && is % 2 != 0 && !chain.input.background, Effect::AlphaDropped);
  if (chain.output.metadata != Goes::None && !chain.input.to_srgb) {
    add_if(!info.icc.empty() && goes.metadata.icc.empty() && !is_srgb(info.icc),
           info.seen.icc_unfit ? Effect::ProfileUnfit : Effect::ProfileLeftOut);
  }
  add_if(goes.left_out, Effect::MetadataLeftOut);
  add_if(is_unit_range(plan, target, depth), Effect::UnitRange);
  return effects;
}

std::string text_of(Effect effect, std::size_t images) {
  const Text& text = kTexts.at(static_cast<std::size_t>(effect));
  return count_of(images, "image") + " " + std::string(images == 1 ? text.one : text.many) +
         std::string(text.rest);
}

std::string text_of(Effect effect) {
  const Text& text = kTexts.at(static_cast<std::size_t>(effect));
  return std::string(text.one) + std::string(text.rest);
}

std::string_view name_of(Effect effect) {
  return kTexts.at(static_cast<std::size_t>(effect)).name;
}

Json by_name(const EffectCounts& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts.at(i) > 0) json[std::string(name_of(static_cast<Effect>(i)))] = counts.at(i);
  }
  return json;
}

bool is_told_by_runs(Effect effect) {
  return kTexts.at(static_cast<std::size_t>(effect)).in_runs;
}

}  // namespace deckle
