// SPDX-License-Identifier: Apache-2.0
// keras_file: finds layers, arrays and the model in Keras' files.
// Fails   Unreadable, NotAnImage, Truncated, Damaged, TooLarge, Unsupported
// Source  Keras 1.2 to 3.15: topology.py, hdf5_format.py, saving_lib.py
//         Keras 1, 2   [model_weights/] has "layer_names", each layer's group has "weight_names",
//                      both in order; an attribute that would be too large is divided into
//                      "layer_names0", "layer_names1", ..
//         2.12 to 3    layers/conv2d_1/vars/0: the second layer of its class, in the order of the
//                      model; 2.13 writes _layer_checkpoint_dependencies instead of layers, and
//                      counts by twos
#include "chain/keras_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "codecs/npz.h"
#include "core/json.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

constexpr std::string_view kZip("PK\3\4", 4);
constexpr std::string_view kWeightsInArchive = "model.weights.h5";
constexpr std::array<std::string_view, 2> kContainers{"layers", "_layer_checkpoint_dependencies"};

enum class Kind : std::uint8_t { Hdf5, Archive, Other };

Result<Kind> kind_of(const std::string& path) {
  const auto file = open_to_read(path);
  if (!file) return file.error();
  Buffer head;
  if (auto read = read_head(*file, 8, head); !read) return read.error();
  if (is_hdf5(head.bytes())) return Kind::Hdf5;
  const std::string_view begins(reinterpret_cast<const char*>(head.data()), head.size());
  return begins.starts_with(kZip) ? Kind::Archive : Kind::Other;
}

Result<std::string> text_in_archive(const std::string& path, std::string_view name) {
  constexpr std::uint64_t kMostText = std::uint64_t{1} << 28U;
  Buffer bytes;
  if (auto read = read_zip_member(path, name, bytes, kMostText); !read) return read.error();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// A list that may continue in attributes with a number after the name.
std::optional<std::vector<std::string>> list_at(const Hdf5File& file, const std::string& path,
                                                const std::string& name) {
  if (const auto* texts = file.texts(path, name)) return *texts;
  std::optional<std::vector<std::string>> all;
  for (std::size_t i = 0;; ++i) {
    const auto* part = file.texts(path, name + std::to_string(i));
    if (part == nullptr) return all;
    if (!all) all.emplace();
    all->insert(all->end(), part->begin(), part->end());
  }
}

std::string text_at(const Hdf5File& file, const std::string& path, const std::string& name) {
  const auto* texts = file.texts(path, name);
  return texts != nullptr && texts->size() == 1 ? texts->front() : "";
}

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Splits "a/b/c" into "a/b" and "c".
std::pair<std::string, std::string> split_last(const std::string& path) {
  const auto at = path.rfind('/');
  if (at == std::string::npos) return {"", path};
  return {path.substr(0, at), path.substr(at + 1)};
}

}  // namespace

Result<KerasFile> KerasFile::open(const std::string& path) {
  const auto kind = kind_of(path);
  if (!kind) return kind.error();
  if (*kind == Kind::Other) {
    return Error{ErrorCode::NotAnImage,
                 "neither a file of HDF5 (.h5) nor a zip archive (.keras); did Keras write it?"};
  }
  if (*kind == Kind::Hdf5) {
    auto file = Hdf5File::open(path);
    if (!file) return file.error();
    KerasFile opened(*std::move(file));
    opened.set_model(text_at(opened.file_, "", "model_config"),
                     text_at(opened.file_, "", "keras_version"));
    if (auto listed = opened.list_layers(); !listed) return listed.error();
    return opened;
  }
  const auto config = text_in_archive(path, "config.json");
  if (!config) return config.error();
  const auto metadata = text_in_archive(path, "metadata.json");
  Buffer weights;
  if (auto read = read_zip_member(path, kWeightsInArchive, weights); !read) return read.error();
  auto file = Hdf5File::open(weights.bytes());
  if (!file) {
    return Error{file.error().code, std::string(kWeightsInArchive) + ": " + file.error().message};
  }
  KerasFile opened(*std::move(file));
  const Json about = metadata ? parse_json(*metadata) : Json();
  const bool versioned =
      about.is_object() && about.contains("keras_version") && about["keras_version"].is_string();
  opened.set_model(*config, versioned ? about["keras_version"].get<std::string>() : "");
  if (auto listed = opened.list_layers(); !listed) return listed.error();
  return opened;
}

// In the file the version is beside the model; read_keras_model reads it from the model.
void KerasFile::set_model(const std::string& json, const std::string& version) {
  model_ = json;
  const Json parsed = parse_json(json);
  const auto brace = json.find('{');
  if (version.empty() || !parsed.is_object() || parsed.contains("keras_version")) return;
  model_.insert(brace + 1, "\"keras_version\": " + Json(version).dump() + ", ");
}

Result<Done> KerasFile::list_layers() {
  for (const char* group : {"model_weights", ""}) {
    if (list_at(file_, group, "layer_names")) return list_by_name(group);
  }
  list_by_class();
  if (layers_.empty()) {
    return Error{
        ErrorCode::Damaged,
        "it contains no layers with weights that Keras wrote: neither \"layer_names\", as of "
        "Keras 1 and 2, nor layers/../vars, as of Keras 3"};
  }
  return Done{};
}

Result<Done> KerasFile::list_by_name(const std::string& group) {
  const std::string before = group.empty() ? "" : group + "/";
  backend_ = text_at(file_, group, "backend");
  if (backend_.empty()) backend_ = text_at(file_, "", "backend");
  const auto names = list_at(file_, group, "layer_names");
  for (const std::string& name : *names) {
    SavedLayer layer{name, "", "", {}};
    const auto weights = list_at(file_, before + name, "weight_names");
    for (const std::string& weight : weights.value_or(std::vector<std::string>{})) {
      const std::string path = before + name + "/" + weight;
      const auto& all = file_.datasets();
      const auto found = std::find_if(all.begin(), all.end(),
                                      [&](const Hdf5Dataset& d) { return d.path == path; });
      if (found == all.end()) {
        return Error{ErrorCode::Damaged, "damaged: \"" + printable(path) +
                                             "\" is in the list of weights but not in the file"};
      }
      layer.arrays.push_back(*found);
    }
    if (!layer.arrays.empty()) layers_.push_back(std::move(layer));
  }
  return Done{};
}

void KerasFile::list_by_class() {
  by_class_ = true;
  struct Found {
    std::map<std::size_t, Hdf5Dataset> arrays;
    std::string called;
  };
  std::map<std::string, Found> found;
  for (const Hdf5Dataset& dataset : file_.datasets()) {
    // Some versions on Windows wrote group names with backslashes.
    std::string path = dataset.path;
    std::replace(path.begin(), path.end(), '\\', '/');
    const auto [group, index] = split_last(path);
    const auto [layer, vars] = split_last(group);
    const auto number = number_in(index);
    if (vars != "vars" || !number || layer.empty() || layer.starts_with("optimizer")) continue;
    Found& at = found[layer];
    at.arrays[*number] = dataset;
    at.called = text_at(file_, split_last(dataset.path).first, "name");
  }
  std::vector<std::pair<std::size_t, SavedLayer>> numbered;
  for (auto& [path, at] : found) {
    SavedLayer layer{path, std::move(at.called), split_last(path).second, {}};
    for (const std::string_view container : kContainers) {
      if (path.starts_with(std::string(container) + "/"))
        layer.name = path.substr(container.size() + 1);
    }
    std::size_t place = 0;
    const auto underscore = layer.kind.rfind('_');
    if (underscore != std::string::npos) {
      if (const auto number = number_in(std::string_view(layer.kind).substr(underscore + 1))) {
        place = *number;
        layer.kind.resize(underscore);
      }
    }
    for (auto& [number, dataset] : at.arrays)
      layer.arrays.push_back(std::move(dataset));
    numbered.emplace_back(place, std::move(layer));
  }
  std::stable_sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.kind, a.first) < std::pair(b.second.kind, b.first);
  });
  for (auto& [place, layer] : numbered)
    layers_.push_back(std::move(layer));
}

Result<std::vector<WeightArray>> KerasFile::read(const SavedLayer& layer) const {
  std::size_t count = 0;
  for (const Hdf5Dataset& dataset : layer.arrays) {
    std::size_t numbers = 1;
    for (const std::int64_t extent : dataset.shape) {
      const auto n = static_cast<std::size_t>(extent);
      numbers = n > kMostWeights || numbers > kMostWeights ? kMostWeights + 1 : numbers * n;
    }
    count += numbers;
    if (count > kMostWeights) {
      return Error{ErrorCode::TooLarge, "the weights of \"" + printable(layer.name) + "\" with \"" +
                                            printable(dataset.path) + "\", " +
                                            shape_text(dataset.shape) + ", are more than the " +
                                            grouped(kMostWeights) + " numbers of a layer"};
    }
  }
  std::vector<WeightArray> arrays;
  for (const Hdf5Dataset& dataset : layer.arrays) {
    auto values = file_.read(dataset);
    if (!values) return values.error();
    arrays.push_back({dataset.shape, *std::move(values)});
  }
  return arrays;
}

std::string names_of(const std::vector<SavedLayer>& layers) {
  std::string text;
  for (const SavedLayer& layer : layers) {
    text +=
        (text.empty() ? "" : ", ") + printable(layer.name) +
        (layer.called.empty() || layer.called == layer.name ? ""
                                                            : " (" + printable(layer.called) + ")");
  }
  return shortened(text, 300);
}

Result<ChainText> read_chain_text(const std::string& path) {
  const auto kind = path == "-" ? Result<Kind>(Kind::Other) : kind_of(path);
  if (!kind || *kind == Kind::Other) {  // a named pipe is read as text too
    auto text = read_text(path);
    if (!text) return text.error();
    return ChainText{*std::move(text), ""};
  }
  const auto file = KerasFile::open(path);
  if (!file) return file.error();
  if (file->model().empty()) {
    return Error{
        ErrorCode::Usage,
        "it contains weights without a model; give the model's JSON, and this file as --weights"};
  }
  return ChainText{file->model(), path};
}

}  // namespace deckle
