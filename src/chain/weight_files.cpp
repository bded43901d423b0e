// SPDX-License-Identifier: Apache-2.0
#include "chain/weight_files.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "chain/keras_file.h"
#include "chain/keras_model.h"
#include "chain/layer_entries.h"
#include "codecs/npy.h"
#include "codecs/npz.h"
#include "core/text.h"
#include "dataset/files.h"
#include "layers/registry.h"
#include "layers/weights.h"

namespace deckle {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Makes an array of the chain from a .npy file in memory.
Result<Json> array_of(Bytes file) {
  const auto header = read_npy_header(file);
  if (!header) return header.error();
  WeightArray array;
  array.shape = header->shape;
  const std::size_t count = header->data_bytes() / size_of(header->dtype);
  if (count > kMostWeights) {
    return Error{
        ErrorCode::TooLarge,
        grouped(count) + " numbers; the weights of a layer are at most " + grouped(kMostWeights)};
  }
  Buffer samples;
  if (auto read = read_npy(file, *header, samples); !read) return read.error();
  array.values.resize(count);
  with_type(header->dtype, [&]<typename T>(T value) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&value, samples.data() + i * sizeof(T), sizeof(T));
      array.values[i] = static_cast<float>(value);
    }
  });
  return to_json(array);
}

Result<Json> read_file(const std::string& path) {
  auto file = open_to_read(path);
  if (!file) return file.error();
  Buffer bytes;
  if (auto read = read_all(*file, bytes); !read) return read.error();
  return array_of(bytes.bytes());
}

Result<Json> read_archive(const std::string& path) {
  const auto listing = list_npz(path);
  if (!listing) return listing.error();
  constexpr std::size_t kMostArrays = 64;
  if (listing->arrays.size() > kMostArrays) {
    return Error{ErrorCode::Usage, "it has " + grouped(listing->arrays.size()) +
                                       " arrays; the weights of a layer are at most " +
                                       grouped(kMostArrays) + ", which is fixed"};
  }
  Json list = Json::array();
  for (const NpzMember& member : listing->arrays) {
    Buffer bytes;
    if (auto read = read_npz(path, member.name, bytes, kMostWeights * 8 + 65536); !read)
      return read.error();
    auto array = array_of(bytes.bytes());
    if (!array) return array.error();
    list.push_back(*std::move(array));
  }
  return list;
}

// A Keras file and, if it is given, a layer in it: "sub/model.h5/conv2d_1".
struct KerasName {
  std::string file;
  std::string layer;
};

std::optional<KerasName> keras_name(const std::string& name) {
  for (const std::string_view end : {".h5", ".hdf5", ".keras"}) {
    if (ends_with(name, end)) return KerasName{name, ""};
    const auto at = name.find(std::string(end) + "/");
    if (at != std::string::npos)
      return KerasName{name.substr(0, at + end.size()), name.substr(at + end.size() + 1)};
  }
  return std::nullopt;
}

// "DepthwiseConv2D" is "depthwise_conv2d" in files of Keras 3.
std::string snake_case(std::string_view name) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool word = i > 0 && is_upper(name[i]) && i + 1 < name.size() && name[i + 1] >= 'a' &&
                      name[i + 1] <= 'z';
    if (word) text += '_';
    text += is_upper(name[i]) ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  return text;
}

// A layer of the chain.
struct Taker {
  const LayerSpec* spec;  // null: deckle has no layer of this name
  Json* arguments;
  std::string pointer;  // to the arguments

  [[nodiscard]] std::string text(const char* key) const {
    const auto found = arguments->find(key);
    return found != arguments->end() && found->is_string() ? found->get<std::string>() : "";
  }
  [[nodiscard]] bool has(const char* key) const {
    const auto found = arguments->find(key);
    return found != arguments->end() && !found->is_null();
  }
  // Whether Keras saves weights of this layer.
  [[nodiscard]] bool takes() const {
    return spec != nullptr && !has("kernel") &&
           std::any_of(spec->arguments.begin(), spec->arguments.end(),
                       [](const ArgumentSpec& argument) { return argument.name == "weights"; });
  }
};

// For messages.
std::string names_of(const std::vector<Taker>& takers) {
  std::string text;
  for (const Taker& taker : takers) {
    const std::string name = taker.text("name");
    text += (text.empty() ? "" : ", ") + std::string(taker.spec->name) +
            (name.empty() ? "" : " \"" + printable(name) + "\"");
  }
  return shortened(text, 300);
}

bool is_called(const SavedLayer& layer, const std::string& name) {
  return !name.empty() && (layer.called == name || layer.name == name);
}

// The layers of an inner model do not belong to the outer model.
bool is_direct(const KerasFile& file, const SavedLayer& layer) {
  return !file.by_class() || layer.name.find('/') == std::string::npos;
}

using Pairs = std::vector<const SavedLayer*>;  // for each taker its saved layer

// Pairs them in their order, as Keras does. Nothing if their numbers differ.
std::optional<Pairs> by_order(const KerasFile& file, const std::vector<Taker>& takers) {
  std::map<std::string, Pairs> saved;  // by class; under one key if the file does not give classes
  for (const SavedLayer& layer : file.layers()) {
    if (is_direct(file, layer)) saved[layer.kind].push_back(&layer);
  }
  std::map<std::string, std::size_t> taken;
  Pairs pairs;
  for (const Taker& taker : takers) {
    const std::string kind = file.by_class() ? snake_case(taker.spec->name) : "";
    const Pairs& of_kind = saved[kind];
    const std::size_t next = taken[kind]++;
    pairs.push_back(next < of_kind.size() ? of_kind[next] : nullptr);
  }
  for (const auto& [kind, count] : taken) {
    if (saved[kind].size() != count) return std::nullopt;
  }
  return pairs;
}

// Pairs them by name: a chain may be a part of the model.
std::optional<Pairs> by_name(const KerasFile& file, const std::vector<Taker>& takers) {
  Pairs pairs;
  for (const Taker& taker : takers) {
    const std::string name = taker.text("name");
    const auto found =
        std::find_if(file.layers().begin(), file.layers().end(), [&](const SavedLayer& layer) {
          // Groups that have the names of classes do not give the layer's name.
          return !name.empty() && (file.by_class() ? layer.called : layer.name) == name;
        });
    if (found == file.layers().end()) return std::nullopt;
    pairs.push_back(&*found);
  }
  return pairs;
}

class WeightLoader {
 public:
  explicit WeightLoader(const std::string& folder) : folder_(folder) {}

  // The files that the layer itself names.
  void load_for(Taker& taker) {
    const auto weights = taker.arguments->find("weights");
    if (weights == taker.arguments->end()) return;
    const std::string pointer = taker.pointer + "/weights";
    if (weights->is_string()) {
      const auto name = weights->get<std::string>();
      auto read = read_list(taker, name);
      if (!read) return mistake(pointer, name, read.error(), {taker.pointer});
      *weights = *std::move(read);
      return;
    }
    if (!weights->is_array()) return;
    for (std::size_t i = 0; i < weights->size(); ++i) {
      Json& entry = (*weights)[i];
      if (!entry.is_string()) continue;
      const auto name = entry.get<std::string>();
      auto read = read_file(used(path_of(name)));
      if (!read) {
        return mistake(join_pointer(pointer, std::to_string(i)), name, read.error(),
                       {taker.pointer});
      }
      entry = *std::move(read);
    }
  }

  // The file with the weights of all layers. The parser reports layers that do not exist.
  void load_for_all(const std::string& path, const std::string& name, std::vector<Taker>& layers,
                    const std::string& pointer) {
    const bool known = std::all_of(layers.begin(), layers.end(),
                                   [](const Taker& taker) { return taker.spec != nullptr; });
    std::vector<Taker> takers;
    std::copy_if(layers.begin(), layers.end(), std::back_inserter(takers),
                 [](const Taker& taker) { return taker.takes(); });
    if (takers.empty()) return;
    std::vector<Json> lists(takers.size(), Json(name));  // stays if the file cannot be read
    if (auto read = read_all_of(path, takers, lists);
        !read && (known || read.error().code != ErrorCode::Usage)) {
      std::vector<std::string> without;
      for (const Taker& taker : takers) {
        if (!taker.has("weights")) without.push_back(taker.pointer);
      }
      mistake(pointer, name, read.error(), std::move(without));
    }
    for (std::size_t i = 0; i < takers.size(); ++i) {
      if (!takers[i].has("weights")) (*takers[i].arguments)["weights"] = std::move(lists[i]);
    }
  }

  void mistake(const std::string& pointer, const std::string& name, const Error& error,
               std::vector<std::string> arguments) {
    loaded.unread.push_back(
        {{pointer, printable(name) + ": " + error.message}, std::move(arguments)});
  }

  [[nodiscard]] std::string path_of(const std::string& name) const {
    return folder_.empty() || name.starts_with("/") ? name : join_path(folder_, name);
  }

  LoadedWeights loaded;

 private:
  const std::string& used(const std::string& path) {
    auto& files = loaded.files;
    const auto found = std::find(files.begin(), files.end(), path);
    return found != files.end() ? *found : files.emplace_back(path);
  }

  // Fails with Usage if the file belongs to another model.
  Result<Done> read_all_of(const std::string& path, const std::vector<Taker>& takers,
                           std::vector<Json>& lists) {
    const Result<KerasFile>& file = keras_file(path);
    if (!file) return file.error();
    auto pairs = by_order(*file, takers);
    if (!pairs) pairs = by_name(*file, takers);
    if (!pairs) {
      return Error{ErrorCode::Usage,
                   "it has weights of " + count_of(file->layers().size(), "layer") + " (" +
                       names_of(file->layers()) + "), the chain has " +
                       count_of(takers.size(), "layer") + " that " +
                       (takers.size() == 1 ? "takes" : "take") + " weights (" + names_of(takers) +
                       "): neither their number nor their names agree"};
    }
    for (std::size_t i = 0; i < takers.size(); ++i) {
      auto list = arrays_for(takers[i], *file, *(*pairs)[i]);
      if (!list) return list.error();
      lists[i] = *std::move(list);
    }
    return Done{};
  }

  Result<Json> read_list(const Taker& taker, const std::string& name) {
    if (ends_with(name, ".npz")) return read_archive(used(path_of(name)));
    if (ends_with(name, ".npy")) {
      auto read = read_file(used(path_of(name)));
      if (!read) return read;
      return Json::array({*std::move(read)});
    }
    const auto keras = keras_name(name);
    if (!keras)
      return Error{ErrorCode::Usage, "weights are .npy, .npz, .h5, .weights.h5 or .keras files"};
    const Result<KerasFile>& file = keras_file(path_of(keras->file));
    if (!file) return file.error();
    const auto& layers = file->layers();
    const std::string own = taker.text("name");
    const auto find = [&](const std::string& called) {
      return std::find_if(layers.begin(), layers.end(),
                          [&](const SavedLayer& layer) { return is_called(layer, called); });
    };
    auto found = find(keras->layer.empty() ? own : keras->layer);
    if (keras->layer.empty() && found == layers.end() && layers.size() == 1) found = layers.begin();
    if (found != layers.end()) return arrays_for(taker, *file, *found);
    return Error{ErrorCode::Usage,
                 (keras->layer.empty()
                      ? "it has weights of " + count_of(layers.size(), "layer") +
                            "; say whose, as "
                            "in \"" +
                            printable(keras->file + "/" + layers.front().name) + "\": "
                      : "there is no layer \"" + printable(keras->layer) + "\" in it, but ") +
                     names_of(layers)};
  }

  // Only Theano flips kernels before it multiplies.
  static Result<Json> arrays_for(const Taker& taker, const KerasFile& file,
                                 const SavedLayer& layer) {
    auto arrays = file.read(layer);
    if (!arrays) return arrays.error();
    WeightArray& kernel = arrays->front();
    const auto rank = taker.spec == nullptr ? 0 : static_cast<std::size_t>(taker.spec->rank);
    if (file.backend() == "theano" && rank > 0 && taker.spec->name.starts_with("Conv") &&
        kernel.shape.size() >= rank + 2) {
      const bool th = taker.text("dim_ordering") == "th";
      kernel = reversed(kernel, th ? kernel.shape.size() - rank : 0, rank);
    }
    Json list = Json::array();
    for (const WeightArray& array : *arrays)
      list.push_back(to_json(array));
    return list;
  }

  const Result<KerasFile>& keras_file(const std::string& path) {
    const auto found = keras_.find(path);
    return found != keras_.end() ? found->second
                                 : keras_.emplace(path, KerasFile::open(used(path))).first->second;
  }

  const std::string& folder_;
  std::map<std::string, Result<KerasFile>> keras_;
};

}  // namespace

LoadedWeights load_weights(Json& chain, const std::string& folder, const std::string& all) {
  WeightLoader loader(folder);
  std::vector<LayerEntry> entries = layer_entries(chain);
  std::vector<Taker> takers;
  for (LayerEntry& entry : entries) {
    if (entry.weights_twice) loader.loaded.unread.push_back({*entry.weights_twice, {}});
    if (is_input_layer(entry.class_name) || acts_in_training_only(entry.class_name)) continue;
    takers.push_back({find_layer(entry.class_name), entry.arguments, entry.pointer});
    loader.load_for(takers.back());
  }
  const auto own = chain.find("weights");
  if (!all.empty()) {
    loader.load_for_all(all, all, takers, "");
  } else if (own != chain.end() && own->is_string()) {
    const auto name = own->get<std::string>();
    loader.load_for_all(loader.path_of(name), name, takers, "/weights");
  }
  if (own != chain.end() && (own->is_string() || own->is_null())) chain.erase("weights");
  return std::move(loader.loaded);
}

}  // namespace deckle
