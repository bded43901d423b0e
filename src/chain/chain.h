// SPDX-License-Identifier: Apache-2.0
// chain: a chain file after it was checked: layers, seeds, how inputs are read and outputs are
// written.
// Shapes  spatial axes, then channels: rows x cols x channels for images
// Fails   parse_chain returns all Mistakes, each with its position; nothing throws
// Source  Keras' get_config and to_json for the layers; docs/chain-file.md for the keys around them
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/json_text.h"
#include "codecs/codec_options.h"
#include "codecs/format.h"
#include "core/json.h"
#include "layers/arguments.h"
#include "layers/layer.h"
#include "random/seeds.h"

namespace deckle {

/// The metadata that outputs get. Icc: a profile that is not sRGB. All: also EXIF and XMP.
enum class Goes : std::uint8_t { Icc, None, All };

struct OutputOptions {
  std::optional<Format> format;    ///< nothing: that of the input
  std::optional<int> quality;      ///< 1 to 100
  bool lossless = false;           ///< "quality": "lossless"
  bool jpeg_lossless = false;      ///< jpg from jpg by copying its coefficients
  std::optional<int> compression;  ///< 0 to 9
  std::optional<DType> dtype;  ///< nothing: that of the input; for npy, the type that Keras returns
  bool stack = false;          ///< npy: also write one array with all outputs of a folder
  std::optional<bool> channels_first;  ///< layout of npy; nothing: the chain's
  std::string name;                    ///< template that check_name accepts; "": kDefaultName
  Goes metadata = Goes::Icc;           ///< the input's metadata that outputs get
};

/// Keras' two rules for dtypes: a layer that is called on an array keeps integers; a model first
/// casts everything to float32.
enum class As : std::uint8_t { Layer, Model };

/// JSON pointers to a layer's entry in the chain's text, and to the object that contains its
/// arguments.
struct LayerPointers {
  std::string class_name;
  std::string entry;
  std::string arguments;
};

/// A chain: a value that never changes during a run.
struct Chain {
  std::string name;
  std::optional<SeedPair> seed;  ///< nothing: a seed must be drawn before the run
  SeedFrom seed_from = SeedFrom::Path;
  int copies = 1;
  std::int64_t batch_size = 1;  ///< inputs that share one call of a counting generator
  bool channels_first = false;  ///< layout of arrays
  As as = As::Layer;
  DType model_input_dtype = DType::Float32;  ///< As::Model: its Input casts to this
  KerasVersion keras;                        ///< the version whose rules hold
  int rank = 2;                              ///< number of spatial axes that the layers work on
  std::vector<Layer> layers;
  std::vector<LayerPointers> pointers;  ///< of the layers
  std::vector<LayerPointers> skipped;   ///< layers of a Keras model that act in training only
  OpenShape input_shape;                ///< the shape that every input must have
  DecodeOptions input;
  OutputOptions output;
  bool of_model = false;           ///< read from a Keras model, which does not describe outputs
  std::vector<std::string> notes;  ///< for the user, each with its pointer
  std::vector<std::string> weight_files;  ///< the files that were read into the layers

  [[nodiscard]] bool draws() const;       ///< whether any layer is random
  [[nodiscard]] bool needs_seed() const;  ///< whether any layer draws from the chain's seed
  /// Whether the output of an image depends on its index in the sorted list.
  [[nodiscard]] bool uses_index() const;
};

/// Whether the chain's seed is a pair, but the layer's generator, which counts calls, starts from
/// one number.
[[nodiscard]] bool starts_from_pair(const Layer& layer, const std::optional<SeedPair>& chain_seed);

/// A mistake and its position in the text.
struct LocatedMistake {
  TextPosition position;
  std::string pointer;
  std::string message;
};

/// All mistakes of a chain, in the order of the text.
using Mistakes = std::vector<LocatedMistake>;

/// The purpose of reading a chain. Shapes and numbers of parameters need no weights. A chain that
/// was read for these is never run.
enum class Purpose : std::uint8_t { Run, Shapes };

/// Parses the text of a chain file or of a Keras Sequential (see keras_model). Opens no file: a
/// layer whose weights are the name of a file is a mistake (see chain_file). All mistakes are
/// found, because the parser continues after each. `channels_first` is used if the text has no
/// data_format.
[[nodiscard]] std::variant<Chain, Mistakes> parse_chain(std::string_view text,
                                                        bool channels_first = false,
                                                        Purpose purpose = Purpose::Run);

/// The mistakes with their positions in this text, sorted by position.
[[nodiscard]] Mistakes with_positions(std::vector<Mistake> mistakes, const JsonText& text);

/// A shape for messages: "480 x any x 3".
[[nodiscard]] std::string to_string(const OpenShape& shape);
/// The shape in the order of the chain's arrays: channels first if the chain is channels_first.
[[nodiscard]] OpenShape in_layout_of(const Chain& chain, OpenShape shape);
/// [480, null, 3].
[[nodiscard]] Json to_json(const OpenShape& shape);

/// The most copies of one image.
inline constexpr int kMaxCopies = 1000000;

/// The words of `seed_from`, in the order of the enumeration.
[[nodiscard]] std::string_view name_of(SeedFrom from);

/// The chain with every default filled in, as in manifests. parse_chain of its text gives the same
/// chain.
[[nodiscard]] Json resolved(const Chain& chain);

/// The arguments in a layer's config by which people know the layer, in a short form: "[[8, 8], [8,
/// 8]]" as "8". "" if there are none.
[[nodiscard]] std::string short_arguments(const Json& config);

/// A seed as the chain file writes it: s for [s, 0].
[[nodiscard]] Json to_json(SeedPair seed);

/// The parameters of each layer for inputs of this shape, as Keras' model.summary() counts them.
/// `shapes` comes from plan_shapes: the input's shape, then the shape after each layer.
[[nodiscard]] std::vector<std::int64_t> count_parameters(const Chain& chain,
                                                         const std::vector<Shape>& shapes);

/// The names of the formats that can be written, in the order of the codecs.
[[nodiscard]] std::vector<std::string_view> output_formats();

}  // namespace deckle
