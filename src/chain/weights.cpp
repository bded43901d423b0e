// SPDX-License-Identifier: Apache-2.0
#include "chain/weights.h"

#include <cstring>
#include <utility>

#include "codecs/npy.h"
#include "codecs/npz.h"
#include "core/text.h"
#include "dataset/files.h"
#include "layers/weights.h"

namespace deckle {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// A .npy file in memory, as an array of the chain.
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

class Placer {
 public:
  explicit Placer(const std::string& folder) : folder_(folder) {}

  void put_in(Json& weights, const std::string& pointer) {
    if (weights.is_string()) {
      const auto name = weights.get<std::string>();
      const bool archive = ends_with(name, ".npz");
      if (!archive && !ends_with(name, ".npy")) {
        mistake(pointer, name, {ErrorCode::Usage, "weights are .npy or .npz files"});
        return;
      }
      auto read = archive ? read_archive(path_of(name)) : read_file(path_of(name));
      if (!read) {
        mistake(pointer, name, read.error());
        return;
      }
      weights = archive ? *std::move(read) : Json::array({*std::move(read)});
      return;
    }
    if (!weights.is_array()) return;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      Json& entry = weights[i];
      if (!entry.is_string()) continue;
      const auto name = entry.get<std::string>();
      auto read = read_file(path_of(name));
      if (!read) {
        mistake(join_pointer(pointer, std::to_string(i)), name, read.error());
        return;
      }
      entry = *std::move(read);
    }
  }

  std::vector<Mistake> mistakes;

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const {
    return folder_.empty() || name.starts_with("/") ? name : join_path(folder_, name);
  }
  void mistake(const std::string& pointer, const std::string& name, const Error& error) {
    mistakes.push_back({pointer, printable(name) + ": " + error.message});
  }

  const std::string& folder_;
};

}  // namespace

std::vector<Mistake> put_weights_in(Json& chain, const std::string& folder) {
  Placer placer(folder);
  // Of a chain, of Keras' Sequential, and of Keras 1's.
  std::string pointer_of_layers;
  for (const char* pointer : {"/layers", "/config/layers", "/config"}) {
    const Json::json_pointer place(pointer);
    if (!chain.is_object() || !chain.contains(place) || !chain[place].is_array()) continue;
    pointer_of_layers = pointer;
    break;
  }
  if (pointer_of_layers.empty()) return {};
  Json& layers = chain[Json::json_pointer(pointer_of_layers)];
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Json& layer = layers[i];
    if (!layer.is_object()) continue;
    std::string pointer = join_pointer(pointer_of_layers, std::to_string(i));
    const auto config = layer.find("config");
    const bool nested = config != layer.end() && config->is_object();
    const auto beside = layer.find("weights");
    if (nested && beside != layer.end()) {
      if (config->contains("weights")) {
        placer.mistakes.push_back({pointer + "/weights", "weights stand in \"config\" too"});
      }
      (*config)["weights"] = *beside;
      layer.erase("weights");
    } else if (nested) {
      pointer += "/config";
    }
    Json& arguments = nested ? layer["config"] : layer;
    if (const auto weights = arguments.find("weights"); weights != arguments.end()) {
      placer.put_in(*weights, pointer + "/weights");
    }
  }
  return std::move(placer.mistakes);
}

}  // namespace deckle
