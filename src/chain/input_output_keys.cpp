// SPDX-License-Identifier: Apache-2.0
#include "chain/input_output_keys.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chain/chain_words.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "core/text.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 9> kOutputKeys{"format",      "name",        "jpeg",
                                                      "quality",     "compression", "dtype",
                                                      "data_format", "stack",       "metadata"};
constexpr std::array<std::string_view, 11> kInputKeys{
    "orientation", "truncated", "check",      "max_pixels", "pages", "shape",
    "dtype",       "palette",   "color_mode", "background", "icc"};
constexpr std::array<std::string_view, 2> kJpegs{"encode", "lossless"};
// The types of image files; npy can have all types.
constexpr std::array kFileTypes{DType::UInt8, DType::UInt16, DType::Float32, DType::Float64};

void read_colours(KeyReader& keys, const Json& object, DecodeOptions& input) {
  input.index = keys.word(object, "/input", "palette", kPalettes).value_or(0) == 1;
  input.color_mode =
      static_cast<ColorMode>(keys.word(object, "/input", "color_mode", kColorModes).value_or(0));
  input.to_srgb = keys.word(object, "/input", "icc", kProfiles).value_or(0) == 1;
  if (input.index && input.volume)
    keys.mistake("/input/palette", R"("index" takes first pages; it excludes "pages": "volume")");
  if (input.index && input.color_mode != ColorMode::Keep) {
    keys.mistake("/input/palette",
                 R"(indices are no colours: "index" goes with "color_mode": "keep")");
  }
  const Json* background = get_member(object, "background");
  if (background == nullptr) return;
  if (!background->is_array() || background->size() != 3) {
    keys.mistake("/input/background", shortened(background->dump(), 60) +
                                          " is not a colour: [red, green, blue], each 0 to 255");
    return;
  }
  input.background.emplace();
  for (std::size_t c = 0; c < 3; ++c) {
    const std::string here = "/input/background/" + std::to_string(c);
    const auto value = keys.take(whole_number((*background)[c], 0, ""), here);
    if (value && *value > 255)
      keys.mistake(here, "a colour is 0 to 255, not " + std::to_string(*value));
    input.background->at(c) = static_cast<int>(std::min<std::int64_t>(value.value_or(0), 255));
  }
  if (input.color_mode != ColorMode::Grayscale && input.color_mode != ColorMode::Rgb) {
    keys.mistake(
        "/input/background",
        R"(it replaces alpha that is removed: it needs "color_mode": "rgb" or "grayscale")");
  }
}

// Records a mistake if the format of the outputs is not one of `formats`. With "same" it is not
// known yet.
void applies(KeyReader& keys, const std::string& key, std::optional<Format> format,
             std::initializer_list<Format> formats, std::string message) {
  if (format && std::find(formats.begin(), formats.end(), *format) == formats.end()) {
    keys.mistake("/output/" + key, std::move(message));
  }
}

// The name of a format may also be an extension: "jpeg", "TIF".
void read_format(KeyReader& keys, OutputOptions& output, const Json& object) {
  const Json* given = get_member(object, "format");
  const Codec* codec =
      given != nullptr && given->is_string() ? codec_by_name(given->get<std::string>()) : nullptr;
  if (codec != nullptr && codec->encoder) {
    output.format = codec->format;
    return;
  }
  std::vector<std::string_view> formats{"same"};
  for (const std::string_view name : output_formats())
    formats.push_back(name);
  static_cast<void>(keys.word(object, "/output", "format", formats));
}

void read_output(KeyReader& keys, const Json& root, OutputOptions& output) {
  const Json* object = keys.section(root, "output", kOutputKeys);
  if (object == nullptr) return;
  read_format(keys, output, *object);
  const Json* quality = get_member(*object, "quality");
  if (quality != nullptr && *quality == "lossless") {
    output.lossless = true;
    applies(keys, "quality", output.format, {Format::Webp},
            "\"lossless\" is a quality of webp alone");
  } else if (const auto value = keys.number(*object, "/output", "quality", 1, 100)) {
    output.quality = static_cast<int>(*value);
    applies(keys, "quality", output.format, {Format::Jpeg, Format::Webp},
            "only jpg and webp have a quality");
  }
  if (const auto jpeg = keys.word(*object, "/output", "jpeg", kJpegs)) {
    output.jpeg_lossless = *jpeg == 1;
    applies(keys, "jpeg", output.format, {Format::Jpeg}, "only jpg has coefficients to copy");
    if (output.jpeg_lossless && output.quality)
      keys.mistake("/output/quality", "what is copied has the quality that it has; leave it out");
  }
  if (const auto value = keys.number(*object, "/output", "compression", 0, 9)) {
    output.compression = static_cast<int>(*value);
    applies(keys, "compression", output.format, {Format::Png, Format::Tiff},
            "only png and tiff have a compression level; jpg and webp have a quality");
  }
  if (const auto type = keys.word(*object, "/output", "dtype", dtype_names())) {
    output.dtype = static_cast<DType>(*type);
    const bool in_files =
        std::find(kFileTypes.begin(), kFileTypes.end(), *output.dtype) != kFileTypes.end();
    if (output.format && *output.format != Format::Npy && !in_files) {
      keys.mistake("/output/dtype",
                   "image files are uint8, uint16, float32 or float64; npy holds " +
                       std::string(name_of(*output.dtype)) + " too");
    }
  }
  output.metadata =
      static_cast<Goes>(keys.word(*object, "/output", "metadata", kMetadata).value_or(0));
  if (const Json* stack = get_member(*object, "stack")) {
    if (!stack->is_boolean())
      keys.mistake("/output/stack", stack->dump() + " is not true or false");
    output.stack = *stack == true;
    if (output.stack && output.format && *output.format != Format::Npy)
      keys.mistake("/output/stack", "only npy outputs are stacked; set \"format\": \"npy\"");
  }
  if (const auto layout = keys.word(*object, "/output", "data_format", kDataFormats)) {
    output.channels_first = *layout == 1;
    applies(keys, "data_format", output.format, {Format::Npy},
            "image files have no data_format; npy has");
  }
}

void read_output_name(KeyReader& keys, const Json& root, Chain& chain) {
  const Json* object = get_member(root, "output");
  const Json* name =
      object != nullptr && object->is_object() ? get_member(*object, "name") : nullptr;
  if (name == nullptr) return;
  if (!name->is_string())
    return keys.mistake("/output/name", "a name is a text, not " + kind_of(*name));
  chain.output.name = name->get<std::string>();
  std::string wrong = check_name(chain.output.name, chain.output.format, chain.copies);
  if (!wrong.empty()) keys.mistake("/output/name", std::move(wrong));
}

}  // namespace

const Json* read_input_keys(KeyReader& keys, const Json& root, Chain& chain) {
  const Json* object = keys.section(root, "input", kInputKeys);
  if (object == nullptr) return nullptr;
  DecodeOptions& input = chain.input;
  input.apply_orientation =
      keys.word(*object, "/input", "orientation", kOrientations).value_or(0) == 0;
  input.accept_truncated = keys.word(*object, "/input", "truncated", kTruncated).value_or(0) == 1;
  input.check_all = keys.word(*object, "/input", "check", kChecks).value_or(0) == 1;
  input.volume = keys.word(*object, "/input", "pages", kPages).value_or(0) == 1;
  read_colours(keys, *object, input);
  if (const Json* value = get_member(*object, "max_pixels")) {
    // Larger than any extent: whole_number's own limit does not apply.
    if (value->is_number_integer() && *value >= 1 && *value <= std::int64_t{1} << 40) {
      input.max_pixels = value->get<std::int64_t>();
    } else {
      keys.mistake("/input/max_pixels", value->dump() + " is not a whole number from 1 to 2^40");
    }
  }
  if (const auto type = keys.word(*object, "/input", "dtype", dtype_names())) {
    chain.model_input_dtype = static_cast<DType>(*type);
    if (chain.as != As::Model) {
      keys.mistake("/input/dtype",
                   "only a model has an input of one dtype; it goes with \"as\": \"model\"");
    }
  }
  return get_member(*object, "shape");
}

void read_output_keys(KeyReader& keys, const Json& root, Chain& chain) {
  read_output(keys, root, chain.output);
  read_output_name(keys, root, chain);
  if (chain.output.jpeg_lossless && chain.input.accept_truncated) {
    keys.mistake("/output/jpeg",
                 R"(what is damaged cannot be copied: "truncated": "accept" goes with "encode")");
  }
}

}  // namespace deckle
