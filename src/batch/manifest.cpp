// SPDX-License-Identifier: Apache-2.0
#include "batch/manifest.h"

#include <cerrno>
#include <fstream>

#include "core/text.h"
#include "dataset/files.h"
#include "dataset/outputs.h"

namespace deckle {
namespace {

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Shape& shape) {
  Json list = Json::array();
  for (int axis = 0; axis < shape.rank; ++axis)
    list.push_back(shape[axis]);
  list.push_back(shape.channels);
  return list;
}

// [top, left, bottom, right] for images: the begins, then the ends.
Json to_json(const Window& window) {
  Json list = Json::array();
  for (int a = 0; a < window.rank; ++a)
    list.push_back(window[a].begin);
  for (int a = 0; a < window.rank; ++a)
    list.push_back(window[a].end);
  return list;
}

Json to_json(const Draw& draw, const Chain& chain) {
  Json json{{"layer", draw.layer}, {"name", chain.layers[draw.layer].spec->name}};
  const Choice& choice = draw.choice;
  if (choice.seed) {
    json["seed"] = {choice.seed->a, choice.seed->b};
    json["offset"] = choice.offset;
  }
  if (choice.resized) json["resized"] = to_json(*choice.resized);
  return json;
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::optional<std::string> from_hex(const std::string& text) {
  if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Error wrong(const std::string& why) {
  return {ErrorCode::Usage, why};
}

Result<Done> check_header(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("deckle_manifest")) {
    return wrong("not a deckle manifest: its first line has no \"deckle_manifest\"");
  }
  const Json& version = json["deckle_manifest"];
  if (!version.is_number_integer() || version < 1 || version > kManifestVersion) {
    return wrong("a manifest of version " + version.dump() + "; this deckle reads version " +
                 std::to_string(kManifestVersion));
  }
  return Done{};
}

}  // namespace

void put_path(Json& json, const std::string& key, const std::string& path) {
  json[key] = to_utf8(path);
  if (!is_utf8(path)) json[key + "_bytes"] = hex(as_bytes(path));
}

std::optional<std::string> get_path(const Json& json, const std::string& key) {
  if (const auto exact = json.find(key + "_bytes"); exact != json.end() && exact->is_string()) {
    return from_hex(exact->get<std::string>());
  }
  const auto text = json.find(key);
  if (text == json.end() || !text->is_string()) return std::nullopt;
  return text->get<std::string>();
}

std::string manifest_header(const Chain& chain) {
  const Json json_chain = resolved(chain);
  Json libraries = Json::object();
  for (const Codec& codec : codecs())
    libraries[std::string(codec.name)] = codec.library();
  Json header{{"deckle_manifest", kManifestVersion},
              {"deckle", DECKLE_VERSION},
              {"seed_derivation", kSeedDerivation},
              {"chain", json_chain},
              {"chain_sha256", hex(sha256(as_bytes(dump(json_chain))))}};
  if (chain.seed) header["seed"] = {chain.seed->a, chain.seed->b};
  header["codecs"] = libraries;
  return dump(header);
}

std::string manifest_line(const Record& record, const Chain& chain) {
  Json json = Json::object();
  put_path(json, "input", record.input);
  if (record.input_sha256) json["input_sha256"] = hex(*record.input_sha256);
  if (record.shape) json["shape"] = to_json(*record.shape);
  if (chain.copies > 1 && !record.error) json["copy"] = record.copy;
  if (!record.truncated.empty()) json["truncated"] = record.truncated;
  if (record.error) {
    json["error"] = {{"code", error_name(record.error->code)}, {"message", record.error->message}};
  } else if (!record.skipped.empty()) {
    json["skipped"] = record.skipped;
  } else {
    json["draws"] = Json::array();
    for (const Draw& draw : record.draws)
      json["draws"].push_back(to_json(draw, chain));
    json["window"] = to_json(record.window);
    put_path(json, "output", record.output);
    json["output_sha256"] = hex(record.output_sha256);
    json["bytes"] = record.bytes;
    json["output_shape"] = to_json(record.output_shape);
    json["output_dtype"] = name_of(record.output_dtype);
    json["pixels"] = record.pixels;
  }
  return dump(json);
}

Result<std::optional<ManifestOutput>> parse_output(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("input")) return wrong("not a line of a manifest");
  if (!json.contains("output")) return std::optional<ManifestOutput>{};
  ManifestOutput output;
  const auto path = get_path(json, "output");
  if (!path || !is_inside(*path)) {
    return wrong("the output path " +
                 json["output"].dump(-1, ' ', false, Json::error_handler_t::replace) +
                 " does not stay inside the folder");
  }
  output.path = *path;
  const auto digest = json.find("output_sha256");
  const auto bytes = json.find("bytes");
  if (digest == json.end() || !digest->is_string() || !is_sha256(digest->get<std::string>()) ||
      bytes == json.end() || !bytes->is_number_unsigned()) {
    return wrong("an output without a usable \"output_sha256\" and \"bytes\"");
  }
  output.sha256 = digest->get<std::string>();
  output.bytes = bytes->get<std::uint64_t>();
  return std::optional<ManifestOutput>(std::move(output));
}

Result<Done> read_outputs(const std::string& path,
                          const std::function<void(const ManifestOutput&)>& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
  std::string line;
  std::size_t number = 0;
  const auto at_line = [&](Error error) {
    error.message = "line " + std::to_string(number) + ": " + error.message;
    return error;
  };
  while (std::getline(file, line)) {
    ++number;
    if (number == 1) {
      if (auto header = check_header(line); !header) return at_line(header.error());
      continue;
    }
    auto output = parse_output(line);
    if (!output) return at_line(output.error());
    if (*output) {
      (*output)->line = number;
      visit(**output);
    }
  }
  if (number == 0) return wrong("not a deckle manifest: the file is empty");
  return Done{};
}

}  // namespace deckle
