// SPDX-License-Identifier: Apache-2.0
#include "chain/chain_parser.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "chain/chain_words.h"
#include "chain/input_output_keys.h"
#include "chain/keras_model.h"
#include "chain/key_reader.h"
#include "chain/layer_entries.h"
#include "core/text.h"
#include "kernels/convolve.h"
#include "layers/arguments.h"
#include "layers/registry.h"
#include "layers/synonyms.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 14> kChainKeys{
    "name", "description", "seed",   "seed_from", "copies", "batch_size", "data_format",
    "as",   "keras",       "layers", "weights",   "output", "input",      "$schema"};
// What Keras 3 writes beside class_name and config.
constexpr std::array<std::string_view, 4> kEntryKeys{"module", "registered_name", "build_config",
                                                     "shared_object_id"};
// Keys of Sequential.get_config() that are not keys of a chain.
constexpr std::array<std::string_view, 3> kModelConfigKeys{"trainable", "dtype",
                                                           "build_input_shape"};

void sort_by_position(Mistakes& mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const LocatedMistake& x, const LocatedMistake& y) {
                     return std::tie(x.position.line, x.position.column) <
                            std::tie(y.position.line, y.position.column);
                   });
}

// The most layers of a chain.
constexpr std::size_t kMaxLayers = 10000;

class ChainParser {
 public:
  ChainParser(const Json& root, bool channels_first, Purpose purpose)
      : root_(root), channels_first_(channels_first), purpose_(purpose) {}

  Chain read() {
    Chain chain;
    if (!root_.is_object()) {
      keys_.mistake(
          "",
          "a chain is an object {\"layers\": [..], ..}, not " + kind_of(root_) +
              (root_.is_string()  ? "; model.to_json() is JSON already: write it to the "
                                    "file as it is, without json.dump"
               : root_.is_array() ? "; a list is what model.get_config() of Keras 1 gives: take "
                                    "model.to_json()"
                                  : ""));
      return chain;
    }
    if (is_keras_model(root_)) {
      read_model(chain);
      return chain;
    }
    if (is_model_config()) {
      keys_.mistake("",
                    "this looks like model.get_config(), which does not say whose rules hold; take "
                    "model.to_json()");
      return chain;
    }
    keys_.known_keys(root_, "", kChainKeys, "a chain");
    if (const Json* text = get_member(root_, "description"); text != nullptr && !text->is_string())
      keys_.mistake("/description", "a description is a text, not " + kind_of(*text));
    if (const Json* name = get_member(root_, "name")) {
      if (name->is_string()) {
        chain.name = name->get<std::string>();
      } else {
        keys_.mistake("/name", "a name is a text, not " + kind_of(*name));
      }
    }
    if (const Json* seed = get_member(root_, "seed"))
      chain.seed = keys_.take(seed_pair(*seed), "/seed");
    chain.seed_from =
        static_cast<SeedFrom>(keys_.word(root_, "", "seed_from", kSeedFrom).value_or(0));
    chain.copies = static_cast<int>(
        keys_.number(root_, "", "copies", 1, kMaxCopies, ", which is fixed").value_or(1));
    chain.batch_size = keys_.number(root_, "", "batch_size", 1, kMaxExtent).value_or(1);
    if (const Json* weights = get_member(root_, "weights"); weights != nullptr) {
      // If read_chain read the file, it has removed this key.
      keys_.mistake("/weights",
                    weights->is_string()
                        ? "names a file that was not read: a chain of a text alone opens none"
                        : "the weights of all layers are the name of one file: .h5 or .keras");
    }
    const auto data_format = keys_.word(root_, "", "data_format", kDataFormats);
    chain.as = static_cast<As>(keys_.word(root_, "", "as", kAs).value_or(0));
    chain.keras = keras_of(get_member(root_, "keras"), "/keras").value_or(usual_keras());
    keras_said_ = get_member(root_, "keras") != nullptr;
    const Json* shape = read_input_keys(keys_, root_, chain);
    read_output_keys(keys_, root_, chain);
    const Json* layers = get_member(root_, "layers");
    if (layers == nullptr) {
      keys_.mistake("",
                    "a chain needs \"layers\": a list of {\"class_name\": .., \"config\": {..}}");
    } else if (!layers->is_array()) {
      keys_.mistake("/layers", "\"layers\" is a list, not " + kind_of(*layers));
    } else {
      read_layers(chain, *layers, "/layers", data_format);
    }
    if (shape != nullptr) read_shape(chain, *shape);
    if (!first_shape_.empty()) {
      merge(chain.input_shape, first_shape_, first_shape_at_);
      check_rank(chain, first_shape_at_);
    }
    return chain;
  }

  [[nodiscard]] std::vector<Mistake> take_mistakes() { return std::move(mistakes_); }

 private:
  // A Keras model becomes the chain; its layers are read from their place in the model.
  void read_model(Chain& chain) {
    KerasModel model = read_keras_model(root_, mistakes_);
    if (model.layers == nullptr) return;
    chain.name = std::move(model.name);
    chain.keras = model.keras;
    if (!model.note.empty()) chain.notes.push_back(model.note);
    keras_said_ = true;
    of_tfjs_ = model.of_tfjs;
    chain.as = As::Model;
    chain.model_input_dtype = model.input_dtype;
    in_model_ = true;
    chain.of_model = true;
    read_layers(chain, *model.layers, model.layers_at, std::nullopt);
    auto& shape = model.input_shape;
    if (chain.channels_first && !shape.empty())
      std::rotate(shape.begin(), shape.begin() + 1, shape.end());
    chain.input_shape = std::move(shape);
    check_rank(chain, model.input_shape_at);
  }

  // If all layers work on any number of axes, the shape decides.
  void check_rank(Chain& chain, const std::string& pointer) {
    const std::size_t axes = chain.input_shape.size();
    if (axes == 0) return;
    if (!ranked_ && axes >= 2 && axes <= 4) {
      chain.rank = static_cast<int>(axes) - 1;
      chain.input.rank = chain.rank;
    } else if (axes != static_cast<std::size_t>(chain.rank) + 1) {
      keys_.mistake(pointer, "the inputs have " + std::to_string(axes) +
                                 " axes here, channels included; "
                                 "the layers take " +
                                 std::to_string(chain.rank + 1));
    }
  }

  // Sequential.get_config(): the part of to_json() without the class name.
  [[nodiscard]] bool is_model_config() const {
    const auto has = [&](std::string_view key) { return root_.contains(std::string(key)); };
    if (!has("layers") || !root_.at("layers").is_array()) return false;
    const Json& layers = root_.at("layers");
    return std::any_of(kModelConfigKeys.begin(), kModelConfigKeys.end(), has) ||
           (!layers.empty() && layers[0].is_object() &&
            layers[0].value("class_name", Json()) == "InputLayer");
  }

  // The version if the chain gives none; Keras 3 marks its own layers.
  [[nodiscard]] KerasVersion usual_keras() const {
    const Json* layers = get_member(root_, "layers");
    const bool keras3 = layers != nullptr && layers->is_array() &&
                        std::any_of(layers->begin(), layers->end(), [](const Json& layer) {
                          return layer.is_object() && layer.contains("module");
                        });
    return keras3 ? kNewestKeras : KerasVersion{};
  }

  // Reads "2.9", "3.15.1" or 3: the version whose rules hold.
  std::optional<KerasVersion> keras_of(const Json* value, const std::string& pointer) {
    if (value == nullptr) return std::nullopt;
    const std::string text = value->is_string() ? value->get<std::string>() : value->dump();
    const auto version =
        value->is_string() || value->is_number() ? keras_version(text) : std::nullopt;
    if (!version) {
      keys_.mistake(pointer,
                    shortened(value->dump(), 60) +
                        " is not a version of Keras that deckle knows, such as \"1.2\", \"2.9\" "
                        "or 3; it knows " +
                        known_keras_versions());
    } else if (value->is_number_float() && text.ends_with(".1") && keras_version(text + "0")) {
      keys_.mistake(pointer, "the number " + text + " may be " + text + " or " + text +
                                 "0; write the version as a text");
    }
    return version;
  }

  // Merges two descriptions of one shape. It is a mistake if they differ.
  void merge(OpenShape& shape, const OpenShape& other, const std::string& pointer) {
    if (shape.empty()) {
      shape = other;
      return;
    }
    bool agree = shape.size() == other.size();
    for (std::size_t i = 0; agree && i < shape.size(); ++i) {
      agree = !shape[i] || !other[i] || *shape[i] == *other[i];
      if (!shape[i]) shape[i] = other[i];
    }
    if (!agree) {
      keys_.mistake(pointer, "the input is " + to_string(other) + " here and " + to_string(shape) +
                                 " elsewhere in the chain");
    }
  }

  // The entries of a shape without the batch axis, in the order of the text.
  OpenShape open_shape(const Json& value, const std::string& pointer, bool batch, int rank) {
    const std::size_t skipped = batch ? 1 : 0;
    if (!value.is_array() || value.size() < 2 + skipped ||
        (rank != 0 && value.size() != static_cast<std::size_t>(rank) + 1 + skipped)) {
      keys_.mistake(pointer,
                    value.dump() + " is not the shape of an input: a list of " +
                        (batch ? "the batch's size, " : "") +
                        (rank == 0 ? std::string("its lengths")
                                   : count_of(static_cast<std::uint64_t>(rank), "length")) +
                        " and its channels, in the order of data_format");
      return {};
    }
    OpenShape shape;
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::optional<std::int64_t> extent;
      if (!value[i].is_null())
        extent = keys_.take(whole_number(value[i], 1, ""), pointer + "/" + std::to_string(i));
      if (i >= skipped) shape.push_back(extent);
    }
    return shape;
  }

  // What a layer says about its input, under all names that Keras uses.
  OpenShape shape_of_input(const Json& arguments, const std::string& at, const Layer& layer) {
    OpenShape shape;
    for (const char* key : {"batch_shape", "batch_input_shape", "input_shape"}) {
      const Json* value = get_member(arguments, key);
      if (value == nullptr) continue;
      const bool batch = std::string_view(key) != "input_shape";
      const std::string here = join_pointer(at, key);
      const OpenShape said = open_shape(*value, here, batch, layer.spec->rank);
      if (!said.empty()) merge(shape, said, here);
    }
    // Keras 1's Convolution1D.
    OpenShape said(2);
    for (const auto& [key, axis] : {std::pair{"input_length", 0}, std::pair{"input_dim", 1}}) {
      const Json* value = get_member(arguments, key);
      if (value == nullptr || layer.spec->rank != 1) continue;
      const std::string here = join_pointer(at, key);
      said[static_cast<std::size_t>(axis)] = keys_.take(whole_number(*value, 1, ""), here);
      merge(shape, said, here);
    }
    return shape;
  }

  void read_shape(Chain& chain, const Json& shape) {
    if (!shape.is_array()) {
      keys_.mistake("/input/shape",
                    "a shape is a list such as [480, 640, 3], not " + kind_of(shape));
      return;
    }
    for (std::size_t i = 0; i < shape.size(); ++i) {
      chain.input_shape.emplace_back();
      if (shape[i].is_null()) continue;
      chain.input_shape.back() =
          keys_.take(whole_number(shape[i], 1, ""), "/input/shape/" + std::to_string(i));
    }
    check_rank(chain, "/input/shape");
  }

  void read_layers(Chain& chain, const Json& layers, const std::string& at,
                   std::optional<std::size_t> data_format) {
    const std::size_t mistakes_before = mistakes_.size();
    if (layers.size() > kMaxLayers) {
      keys_.mistake(at, grouped(layers.size()) + " layers; a chain has at most " +
                            grouped(kMaxLayers) + ", which is fixed");
      return;
    }
    const bool channels_first = is_channels_first(layers, data_format);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string pointer = at + "/" + std::to_string(i);
      if (in_model_ && skips(chain, layers[i], pointer)) continue;
      const Setting setting{chain.keras, channels_first, purpose_ == Purpose::Shapes, {}};
      auto layer = read_layer(layers[i], pointer, setting);
      if (!layer) continue;
      if (layer->convolves && !can_convolve() && purpose_ == Purpose::Run) {
        keys_.mistake(pointer, layer->called +
                                   " needs oneDNN, which this deckle was built without: install "
                                   "libdnnl-dev and build deckle again");
      }
      // The number of axes belongs to the chain too.
      if (const int rank = layer->spec->rank; rank != 0) {
        if (ranked_ && chain.rank != rank) {
          keys_.mistake(pointer, layer->called + " works on " +
                                     count_of(static_cast<std::uint64_t>(rank), "axis", "axes") +
                                     ", the layers before it on " + std::to_string(chain.rank));
        } else {
          chain.rank = rank;
        }
        ranked_ = true;
      }
      // The data_format belongs to the chain: the first layer that has one decides for all.
      const Json given = layer->config.value("data_format", Json());
      if (given.is_string()) {
        const std::size_t format = given == kDataFormats[0] ? 0 : 1;
        if (data_format && *data_format != format) {
          keys_.mistake(pointer, "this layer is " + std::string(kDataFormats.at(format)) +
                                     ", the chain before it " +
                                     std::string(kDataFormats.at(*data_format)) +
                                     "; all layers of a chain share one data_format");
        }
        data_format = format;
      }
      const bool nested = layers[i].contains("config");
      const std::string arguments_at = pointer + (nested ? "/config" : "");
      // In a model only the shape of the first layer counts. It was read before.
      if (!in_model_) {
        layer->input_shape =
            shape_of_input(nested ? layers[i]["config"] : layers[i], arguments_at, *layer);
      }
      if (chain.layers.empty()) {
        first_shape_ = std::move(layer->input_shape);
        first_shape_at_ = arguments_at;
        layer->input_shape.clear();
      }
      chain.layers.push_back(*std::move(layer));
      chain.pointers.push_back({chain.layers.back().called, pointer, arguments_at});
    }
    if (chain.layers.empty() && mistakes_.size() == mistakes_before) {
      keys_.mistake(at, "the list of layers is empty; \"deckle layers\" lists all");
    }
    if (chain.input.volume && !ranked_) chain.rank = 3;
    if (chain.input.volume && chain.rank != 3) {
      keys_.mistake(
          "/input/pages",
          "\"volume\" takes the pages of a TIFF as planes x rows x cols; these layers work on " +
              count_of(static_cast<std::uint64_t>(chain.rank), "axis", "axes"));
    }
    chain.channels_first = data_format ? *data_format == 1 : channels_first_;
    chain.input.rank = chain.rank;
    chain.input.channels_first = chain.channels_first;
    if (chain.channels_first) {
      const auto channels_last = [](OpenShape& shape) {
        if (!shape.empty()) std::rotate(shape.begin(), shape.begin() + 1, shape.end());
      };
      channels_last(first_shape_);
      for (Layer& layer : chain.layers)
        channels_last(layer.input_shape);
    }
    for (std::size_t i = 0; i < chain.layers.size(); ++i) {
      Layer& layer = chain.layers[i];
      if (layer.config.contains("data_format")) {
        layer.config["data_format"] = kDataFormats.at(chain.channels_first ? 1 : 0);
      } else if (layer.spec->rank != 0 && chain.channels_first) {
        keys_.mistake(
            chain.pointers[i].entry,
            layer.called + " is channels_last in every Keras; the chain is channels_first");
      }
    }
    for (std::size_t i = 0; i < chain.layers.size(); ++i) {
      if (starts_from_pair(chain.layers[i], chain.seed)) {
        keys_.mistake(chain.pointers[i].entry,
                      "its generator starts from one number; the chain's seed is a pair");
      }
    }
  }

  // Whether an entry of a model is no operation. One that only training uses is recorded.
  static bool skips(Chain& chain, const Json& entry, const std::string& pointer) {
    const Json* class_name = entry.is_object() ? get_member(entry, "class_name") : nullptr;
    if (class_name == nullptr || !class_name->is_string()) return false;
    const auto& name = class_name->get_ref<const std::string&>();
    if (acts_in_training_only(name)) chain.skipped.push_back({name, pointer, pointer});
    return is_input_layer(name) || acts_in_training_only(name);
  }

  // The data_format of the chain, or of the first layer that has one, because weights may depend on
  // it. Later it is checked that all layers agree.
  [[nodiscard]] bool is_channels_first(const Json& layers,
                                       std::optional<std::size_t> data_format) const {
    if (data_format) return *data_format == 1;
    for (const Json& layer : layers) {
      if (!layer.is_object()) continue;
      const Json* config = get_member(layer, "config");
      const Json& arguments = config != nullptr && config->is_object() ? *config : layer;
      for (const char* name : {"data_format", "dim_ordering"}) {
        const Json* given = get_member(arguments, name);
        if (given == nullptr || *given == "default") continue;
        return *given == kDataFormats[1] || *given == "th";
      }
    }
    return channels_first_;
  }

  std::optional<Layer> read_layer(const Json& entry, const std::string& pointer, Setting setting) {
    if (!entry.is_object()) {
      keys_.mistake(pointer, "a layer is an object {\"class_name\": .., \"config\": {..}}, not " +
                                 kind_of(entry));
      return std::nullopt;
    }
    const Json* class_name = get_member(entry, "class_name");
    if (class_name == nullptr || !class_name->is_string()) {
      keys_.mistake(class_name == nullptr ? pointer : pointer + "/class_name",
                    "a layer needs a \"class_name\", such as \"Cropping2D\"");
      return std::nullopt;
    }
    const auto& name = class_name->get_ref<const std::string&>();
    const LayerSpec* spec = find_layer(name);
    if (spec == nullptr && is_nested_model(name)) {
      keys_.mistake(pointer + "/class_name", "a model within a model; put its layers in its place");
      return std::nullopt;
    }
    if (spec == nullptr) {
      keys_.mistake(pointer + "/class_name", no_such_layer(name));
      return std::nullopt;
    }
    const auto config = entry.find("config");
    setting.class_name = name;
    const Json& given = config == entry.end() ? entry : *config;
    const std::string given_at = pointer + (config == entry.end() ? "" : "/config");
    const std::optional<Mistake> mixed = set_keras(setting, entry, given, pointer, given_at);
    const std::size_t before = mistakes_.size();
    auto layer = read_arguments(*spec, entry, pointer, setting);
    if (mixed && mistakes_.size() == before) mistakes_.push_back(*mixed);
    return layer;
  }

  std::optional<Layer> read_arguments(const LayerSpec& spec, const Json& entry,
                                      const std::string& pointer, Setting setting) {
    const auto config = entry.find("config");
    if (config == entry.end()) {  // the flat form: the arguments are beside the name
      Json flat = entry;
      flat.erase("class_name");
      flat.erase("keras");
      for (const std::string_view key : kEntryKeys)
        flat.erase(std::string(key));
      return parse_layer(spec, flat, pointer, setting);
    }
    std::vector<std::string_view> keys{"class_name", "keras", "config"};
    keys.insert(keys.end(), kEntryKeys.begin(), kEntryKeys.end());
    for (const auto& [key, value] : entry.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        keys_.mistake(join_pointer(pointer, key),
                      "not a key of a layer; its arguments are in \"config\"");
      }
    }
    if (!config->is_object()) {
      keys_.mistake(pointer + "/config", "\"config\" is an object, not " + kind_of(*config));
      return std::nullopt;
    }
    return parse_layer(spec, *config, pointer + "/config", setting);
  }

  std::optional<Layer> parse_layer(const LayerSpec& spec, const Json& config,
                                   const std::string& pointer, Setting setting) {
    Arguments arguments(spec, config, pointer, mistakes_, setting);
    auto layer = spec.parse(arguments);
    if (layer) {
      layer->spec = &spec;
      layer->called = arguments.layer_name();
      layer->keras = setting.keras;
    }
    return layer;
  }

  // Sets the version whose rules a layer follows: "keras" beside its name, that of the chain, or
  // the generation whose words it uses. It is a mistake to use the words of two generations.
  std::optional<Mistake> set_keras(Setting& setting, const Json& entry, const Json& arguments,
                                   const std::string& pointer, const std::string& arguments_at) {
    if (const Json* said = get_member(entry, "keras")) {
      setting.keras = keras_of(said, pointer + "/keras").value_or(setting.keras);
      return std::nullopt;
    }
    // TensorFlow.js interpolates as TensorFlow 1 does.
    if (of_tfjs_ && setting.class_name == "UpSampling2D") setting.keras = {2, 3};
    if (keras_said_ || !arguments.is_object()) return std::nullopt;
    const Wording words = wording(setting.class_name, arguments);
    if (words.keras1.empty()) {
      if (setting.class_name == "UpSampling2D" &&
          get_member(arguments, "dim_ordering") != nullptr &&
          arguments.value("interpolation", Json("nearest")) == "bilinear") {
        return Mistake{arguments_at + "/interpolation",
                       "\"dim_ordering\" is of Keras 1, and bilinear was different until Keras "
                       "2.3; say \"keras\" in the chain"};
      }
      return std::nullopt;
    }
    if (words.later.empty()) {
      setting.keras = *keras_version("1");
      return std::nullopt;
    }
    return Mistake{join_pointer(arguments_at, words.later),
                   "\"" + words.later + "\" is a word of Keras 2 and later, \"" + words.keras1 +
                       "\" one of Keras 1, and their weights are laid out differently; say "
                       "\"keras\" in the chain, or keep to the words of one"};
  }

  // Keras also writes the path: "experimental.preprocessing.RandomCrop".
  static std::string no_such_layer(const std::string& name) {
    if (name == "InputLayer") {
      return "a chain has no InputLayer; \"input\": {\"shape\": ..} says what comes in, and "
             "model.to_json() is taken as it is";
    }
    const auto dot = name.find_last_of(".>");
    const std::string last = dot == std::string::npos ? name : name.substr(dot + 1);
    std::string hint = find_layer(last) != nullptr ? "; did you mean \"" + last + "\"?"
                                                   : did_you_mean(last, layer_names());
    if (hint.empty()) hint = "; \"deckle layers\" lists all";
    return "there is no layer \"" + name + "\"" + hint;
  }

  const Json& root_;
  const bool channels_first_;  // if the text does not say
  const Purpose purpose_;
  bool in_model_ = false;
  bool keras_said_ = false;  // whether the text gives a version
  bool of_tfjs_ = false;
  OpenShape first_shape_;  // the input's shape by the chain's first layer
  std::string first_shape_at_;
  bool ranked_ = false;  // whether a layer decided the number of axes
  std::vector<Mistake> mistakes_;
  KeyReader keys_{mistakes_};
};

}  // namespace

Mistakes with_positions(std::vector<Mistake> mistakes, const JsonText& text) {
  Mistakes result;
  for (Mistake& mistake : mistakes) {
    result.push_back({text.find(mistake.pointer), mistake.pointer,
                      text.with_digits(mistake.pointer, std::move(mistake.message))});
  }
  sort_by_position(result);
  return result;
}

std::variant<Chain, Mistakes> parse_chain(const JsonText& json, const Json& root,
                                          LoadedWeights weights, bool channels_first,
                                          Purpose purpose) {
  ChainParser parser(root, channels_first, purpose);
  Chain chain = parser.read();
  chain.weight_files = std::move(weights.files);
  std::vector<Mistake> found = parser.take_mistakes();
  std::vector<Mistake> noted;
  // Shapes need no weights, unless only the weights give the size of a layer.
  const bool needless = purpose == Purpose::Shapes && found.empty();
  for (const UnreadWeights& unread : weights.unread) {
    if (needless) {
      chain.notes.push_back(unread.mistake.pointer + ": " + unread.mistake.message);
    } else {
      noted.push_back(unread.mistake);
    }
  }
  // If weights could not be read, the layer reports that they are missing too.
  const auto is_told = [&](const Mistake& mistake) {
    if (mistake.pointer.find("/weights") == std::string::npos) return false;
    return std::any_of(weights.unread.begin(), weights.unread.end(),
                       [&](const UnreadWeights& unread) {
                         return std::any_of(unread.arguments.begin(), unread.arguments.end(),
                                            [&](const std::string& of_layer) {
                                              return mistake.pointer.starts_with(of_layer + "/");
                                            });
                       });
  };
  for (Mistake& mistake : found) {
    if (!is_told(mistake)) noted.push_back(std::move(mistake));
  }

  Mistakes mistakes = with_positions(std::move(noted), json);
  for (const JsonText::Repeated& key : json.repeated()) {
    mistakes.push_back(
        {key.second, key.pointer,
         "this key is already in line " + std::to_string(key.first.line) + "; remove one of them"});
  }
  if (mistakes.empty()) return chain;
  sort_by_position(mistakes);
  return mistakes;
}

std::variant<Chain, Mistakes> parse_chain(std::string_view text, bool channels_first,
                                          Purpose purpose) {
  auto parsed = JsonText::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    return Mistakes{{error->position, "", error->message}};
  }
  const auto& json = std::get<JsonText>(parsed);
  Json root = json.value();
  LoadedWeights none;
  for (const LayerEntry& layer : layer_entries(root)) {
    if (layer.weights_twice) none.unread.push_back({*layer.weights_twice, {}});
  }
  return parse_chain(json, root, std::move(none), channels_first, purpose);
}

}  // namespace deckle
