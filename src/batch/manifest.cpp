// SPDX-License-Identifier: Apache-2.0
#include "batch/manifest.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>

#include "chain/output_names.h"
#include "codecs/formats.h"
#include "codecs/icc.h"
#include "core/json_limits.h"
#include "core/text.h"
#include "dataset/files.h"
#include "kernels/convolve.h"
#include "layers/arguments.h"

namespace deckle {
namespace {

// In the order of NamesFrom.
constexpr std::array<std::string_view, 2> kNamesFrom{"input folder", "current folder"};

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

// Whole numbers become integers: most positions are whole pixels.
Json to_json(double number) {
  constexpr double kWhole = 9007199254740992.0;  // 2^53
  if (number == std::trunc(number) && std::abs(number) < kWhole)
    return static_cast<std::int64_t>(number);
  return number;
}

void put(Json& json, const Placed& placed) {
  const auto rank = static_cast<std::size_t>(placed.rank);
  Json& edges = json["placed"] = Json::array();
  Json scale = Json::array();
  Json flipped = Json::array();
  for (std::size_t a = 0; a < rank; ++a)
    edges.push_back(to_json(placed.begin.at(a)));
  for (std::size_t a = 0; a < rank; ++a) {
    edges.push_back(to_json(placed.end.at(a)));
    scale.push_back(to_json(placed.scale.at(a)));
    flipped.push_back(placed.flipped.at(a));
  }
  if (placed.scale != Placed{}.scale) json["scale"] = scale;
  if (placed.flipped != Placed{}.flipped) json["flipped"] = flipped;
}

Json to_json(const Draw& draw, const Chain& chain) {
  Json json{{"layer", draw.layer}, {"name", chain.layers[draw.layer].spec->name}};
  const Choice& choice = draw.choice;
  if (choice.seed) {
    json["seed"] = {choice.seed->a, choice.seed->b};
    if (choice.call) json["call"] = *choice.call;
    if (choice.flipped.empty()) json["offset"] = choice.offset;
  }
  if (!choice.flipped.empty()) json["flipped"] = choice.flipped;
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

Result<Done> check_header(const Json& json) {
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

std::optional<Sha256> sha256_from(const Json& json, const char* key) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_string() || !is_sha256(it->get<std::string>()))
    return std::nullopt;
  const std::string bytes = *from_hex(it->get<std::string>());
  Sha256 digest{};
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

// [rows, cols, channels], or of another rank
std::optional<Shape> shape_from(const Json& json) {
  if (!json.is_array() || json.size() < 2 || json.size() > 4) return std::nullopt;
  Shape shape;
  shape.rank = static_cast<int>(json.size()) - 1;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const Json& extent = json[i];
    if (!extent.is_number_integer() || extent < 1 || extent > kMaxExtent) return std::nullopt;
    (i + 1 < json.size() ? shape[static_cast<int>(i)] : shape.channels) =
        extent.get<std::int64_t>();
  }
  return shape;
}

// [top, left, bottom, right], or of another rank
std::optional<Window> window_from(const Json& json) {
  if (!json.is_array() || json.size() % 2 != 0 || json.empty() || json.size() > 6)
    return std::nullopt;
  for (const Json& edge : json) {
    if (!edge.is_number_integer() || edge < 0 || edge > kMaxExtent) return std::nullopt;
  }
  Window window;
  window.rank = static_cast<int>(json.size() / 2);
  for (int a = 0; a < window.rank; ++a) {
    const auto axis = static_cast<std::size_t>(a);
    window[a] = {json[axis].get<std::int64_t>(),
                 json[axis + static_cast<std::size_t>(window.rank)].get<std::int64_t>()};
  }
  return window;
}

// Nothing if the line has no "placed", or an invalid one.
std::optional<Placed> placed_from(const Json& json) {
  const auto list = [&](const char* key, std::size_t length) {
    const Json found = json.value(key, Json());
    return found.is_array() && found.size() == length ? found : Json();
  };
  const auto rank = json.value("placed", Json()).size() / 2;
  if (rank < 1 || rank > 3) return std::nullopt;
  const Json edges = list("placed", 2 * rank);
  const Json scale = list("scale", rank);
  const Json flipped = list("flipped", rank);
  Placed placed;
  placed.rank = static_cast<int>(rank);
  for (std::size_t a = 0; a < rank; ++a) {
    if (!edges.is_array() || !edges[a].is_number() || !edges[a + rank].is_number())
      return std::nullopt;
    placed.begin.at(a) = edges[a].get<double>();
    placed.end.at(a) = edges[a + rank].get<double>();
    if (scale.is_array() && scale[a].is_number()) placed.scale.at(a) = scale[a].get<double>();
    if (flipped.is_array() && flipped[a].is_boolean())
      placed.flipped.at(a) = flipped[a].get<bool>();
  }
  return placed;
}

// The seed and generator of a draw, as far as the record has them.
std::optional<Draw> with_seed(const Json& json, Draw draw) {
  if (const auto seed = json.find("seed"); seed != json.end()) {
    const auto pair = seed_pair(*seed);
    if (!pair) return std::nullopt;
    draw.choice.seed = *pair;
  }
  if (const auto call = json.find("call"); call != json.end()) {
    if (!call->is_number_unsigned()) return std::nullopt;
    draw.choice.call = call->get<std::int64_t>();
  }
  return draw;
}

std::optional<Draw> draw_from(const Json& json) {
  if (!json.is_object() || !json.contains("layer") || !json["layer"].is_number_unsigned())
    return std::nullopt;
  Draw draw{json["layer"].get<std::size_t>(), {}};
  if (const auto resized = json.find("resized"); resized != json.end()) {
    draw.choice.resized = window_from(*resized);
    return draw.choice.resized ? std::optional(draw) : std::nullopt;
  }
  if (const auto flipped = json.find("flipped"); flipped != json.end()) {
    if (!flipped->is_array()) return std::nullopt;
    for (const Json& axis : *flipped) {
      if (!axis.is_boolean()) return std::nullopt;
      draw.choice.flipped.push_back(axis.get<bool>());
    }
  }
  const auto offset = json.find("offset");
  if (offset == json.end() && !draw.choice.flipped.empty()) return with_seed(json, std::move(draw));
  if (offset == json.end() || !offset->is_array()) return std::nullopt;
  for (const Json& start : *offset) {
    if (!start.is_number_integer()) return std::nullopt;
    draw.choice.offset.push_back(start.get<std::int64_t>());
  }
  return with_seed(json, std::move(draw));
}

std::string text_from(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string shown(const Json& json) {
  constexpr std::size_t kLimit = 60;
  return shortened(line_text(json), kLimit);
}

struct Change {
  std::string pointer;
  std::string text;  // "was 1, is 2"
};

// The differences between two values; objects are compared key by key.
std::vector<Change> changes(const Json& was, const Json& is, const std::string& pointer = "") {
  std::vector<Change> found;
  if (was == is) return found;
  if (!was.is_object() || !is.is_object())
    return {{pointer, "was " + shown(was) + ", is " + shown(is)}};
  for (const auto& [key, before] : was.items()) {
    if (is.contains(key)) {
      const auto within = changes(before, is[key], pointer + "/" + key);
      found.insert(found.end(), within.begin(), within.end());
    } else {
      found.push_back({pointer + "/" + key, "was " + shown(before) + ", is gone"});
    }
  }
  for (const auto& [key, after] : is.items()) {
    if (!was.contains(key))
      found.push_back({pointer + "/" + key, "was not there, is " + shown(after)});
  }
  return found;
}

// "RandomCrop 224 x 224"
std::string layer_name(const Json& layer) {
  if (!layer.is_object()) return shown(layer);
  const std::string arguments = short_arguments(layer.value("config", Json::object()));
  return text_from(layer, "class_name") + (arguments.empty() ? "" : " " + arguments);
}

// The change of a layer, in one line; "" if there is none.
std::string layer_difference(const Json& was, const Json& is, std::size_t i) {
  if (i >= was.size()) return ": was not there, is " + layer_name(is[i]);
  if (i >= is.size()) return ": was " + layer_name(was[i]) + ", is gone";
  if (was[i] == is[i]) return "";
  if (!was[i].is_object() || !is[i].is_object() ||
      text_from(was[i], "class_name") != text_from(is[i], "class_name")) {
    return ": was " + layer_name(was[i]) + ", is " + layer_name(is[i]);
  }
  std::string text;
  for (const Change& change : changes(was[i], is[i])) {
    const std::string_view key = change.pointer;
    text += (text.empty() ? ", " + text_from(is[i], "class_name") + ": " : "; ") +
            std::string(key.substr(key.rfind('/') + 1)) + " " + change.text;
  }
  return text;
}

}  // namespace

std::string with_records(std::string_view header, std::uint64_t records) {
  Json json = parse_json(header);
  json[std::string(kRecordsKey)] = records;
  return line_text(json);
}

Error wrong_records(std::uint64_t records, std::uint64_t said) {
  return wrong("has " + count_of(records, "record") + ", and its header says " + grouped(said) +
               ": it was cut short or edited; if it was edited on purpose, correct "
               "\"records\" in its first line");
}

Result<std::optional<std::uint64_t>> records_of(const Json& header) {
  const auto records = header.find(kRecordsKey);
  if (records == header.end()) return std::optional<std::uint64_t>();
  if (!records->is_number_unsigned()) return wrong("\"records\" is not a number of lines");
  return std::optional(records->get<std::uint64_t>());
}

std::string line_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

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

NamesFrom names_from(const Json& header) {
  return text_from(header, "relative_to") == kNamesFrom[1] ? NamesFrom::CurrentFolder
                                                           : NamesFrom::InputFolder;
}

Json manifest_header(const Chain& chain, NamesFrom names) {
  const Json json_chain = resolved(chain);
  Json libraries = Json::object();
  const EncodeOptions options{.compression = chain.output.compression};
  for (const Codec& codec : codecs()) {
    if (codec.version != nullptr) libraries[std::string(codec.name)] = codec.version(options);
  }
  if (std::any_of(chain.layers.begin(), chain.layers.end(),
                  [](const Layer& layer) { return layer.convolves; })) {
    libraries["convolution"] = convolution_library();
  }
  if (chain.input.to_srgb) libraries["icc"] = icc_version();
  Json header{{"deckle_manifest", kManifestVersion},
              {"deckle", DECKLE_VERSION},
              {"seed_derivation", kSeedDerivation},
              {"relative_to", kNamesFrom.at(static_cast<std::size_t>(names))},
              {"chain", json_chain},
              {"chain_sha256", hex(sha256(as_bytes(line_text(json_chain))))}};
  if (chain.seed) header["seed"] = {chain.seed->a, chain.seed->b};
  header["codecs"] = libraries;
  return header;
}

Json manifest_line(const Record& record, const Chain& chain) {
  Json json = Json::object();
  put_path(json, "input", record.input);
  if (record.input_sha256) json["input_sha256"] = hex(*record.input_sha256);
  if (record.shape) json["shape"] = to_json(*record.shape);
  if (record.batch) json["batch"] = *record.batch;
  if (chain.copies > 1 && !record.error) json["copy"] = record.copy;
  if (!record.decoder.empty()) json["decoder"] = record.decoder;
  if (!record.truncated.empty()) json["truncated"] = record.truncated;
  if (!record.note.empty()) json["note"] = record.note;
  if (record.error) {
    json["error"] = {{"code", error_name(record.error->code)}, {"message", record.error->message}};
  } else if (!record.skipped.empty()) {
    json["skipped"] = record.skipped;
  } else {
    json["draws"] = Json::array();
    for (const Draw& draw : record.draws)
      json["draws"].push_back(to_json(draw, chain));
    json["window"] = to_json(record.window);
    if (record.placed) put(json, *record.placed);
    put_path(json, "output", record.output);
    json["output_sha256"] = hex(record.output_sha256);
    json["bytes"] = record.bytes;
    json["output_shape"] = to_json(record.output_shape);
    json["output_dtype"] = name_of(record.output_dtype);
    json["pixels"] = record.pixels;
  }
  return json;
}

Result<std::optional<ManifestOutput>> parse_output(std::string_view line) {
  const Json json = parse_json(line);
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

Result<Record> parse_record(std::string_view line) {
  const Json json = parse_json(line);
  const auto input = json.is_object() ? get_path(json, "input") : std::nullopt;
  if (!input) return wrong("not a line of a manifest");
  if (!is_input_name(*input))
    return wrong("the input path " + line_text(json["input"]) + " does not stay inside the folder");
  Record record;
  record.input = *input;
  record.input_sha256 = sha256_from(json, "input_sha256");
  if (json.contains("shape")) record.shape = shape_from(json["shape"]);
  if (const auto batch = json.find("batch"); batch != json.end()) {
    if (!batch->is_number_unsigned()) return wrong("\"batch\" is not a number");
    record.batch = batch->get<std::int64_t>();
  }
  if (const auto copy = json.find("copy"); copy != json.end()) {
    if (!copy->is_number_unsigned() || *copy >= kMaxCopies)
      return wrong("\"copy\" is not a number of a copy");
    record.copy = copy->get<int>();
  }
  record.decoder = text_from(json, "decoder");
  record.truncated = text_from(json, "truncated");
  record.note = text_from(json, "note");
  record.skipped = text_from(json, "skipped");
  if (const auto error = json.find("error"); error != json.end()) {
    record.error = Error{ErrorCode::Internal, text_from(*error, "message")};
    return record;
  }
  if (!json.contains("output")) return record;
  const auto output = parse_output(line);
  if (!output) return output.error();
  record.output = (*output)->path;
  record.bytes = (*output)->bytes;
  record.output_sha256 = *sha256_from(json, "output_sha256");
  record.pixels = text_from(json, "pixels");
  const auto window = window_from(json.value("window", Json()));
  const auto shape = shape_from(json.value("output_shape", Json()));
  if (!record.input_sha256 || !record.shape || !window || !shape || record.pixels.empty()) {
    return wrong(
        "\"input_sha256\", \"shape\", \"window\", \"output_shape\" or \"pixels\" is missing or no "
        "good");
  }
  record.window = *window;
  record.placed = placed_from(json);
  record.output_shape = *shape;
  record.output_dtype = dtype_from_name(text_from(json, "output_dtype")).value_or(DType::UInt8);
  for (const Json& entry : json.value("draws", Json::array())) {
    auto draw = draw_from(entry);
    if (!draw) {
      return wrong("not a valid draw: " +
                   entry.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    record.draws.push_back(*std::move(draw));
  }
  return record;
}

std::vector<std::string> header_differences(const Json& was, const Json& is) {
  std::vector<std::string> differences;
  const auto member = [](const Json& json, const std::string& key) {
    return json.is_object() ? json.value(key, Json()) : Json();
  };
  Json chain_was = member(was, "chain");
  Json chain_is = member(is, "chain");
  const Json layers_was = member(chain_was, "layers");
  const Json layers_is = member(chain_is, "layers");
  for (Json* chain : {&chain_was, &chain_is})
    if (chain->is_object()) chain->erase("layers");
  for (const Change& change : changes(chain_was, chain_is))
    differences.push_back("chain " + change.pointer + ": " + change.text);
  for (std::size_t i = 0; i < std::max(layers_was.size(), layers_is.size()); ++i) {
    if (std::string text = layer_difference(layers_was, layers_is, i); !text.empty())
      differences.push_back("chain layer " + std::to_string(i) + text);
  }
  for (const char* key : {"seed_derivation", "deckle"}) {
    if (member(was, key) != member(is, key)) {
      differences.push_back(std::string(key) + ": was " + shown(member(was, key)) + ", is " +
                            shown(member(is, key)));
    }
  }
  // Headers of earlier versions do not have this key.
  const Json names_was = member(was, "relative_to");
  const Json names_is = member(is, "relative_to");
  if (names_was.is_string() && names_is.is_string() && names_was != names_is) {
    differences.push_back("names of inputs: were relative to the " + text_from(was, "relative_to") +
                          ", are relative to the " + text_from(is, "relative_to") +
                          " (--root DIR says to what)");
  }
  const Json codecs_was = member(was, "codecs");
  const Json codecs_is = member(is, "codecs");
  for (const auto& [name, library] : codecs_is.items()) {
    if (codecs_was.is_object() && codecs_was.contains(name) && codecs_was[name] != library) {
      differences.push_back(name + " codec: was " + shown(codecs_was[name]) + ", is " +
                            shown(library));
    }
  }
  return differences;
}

Result<Chain> chain_of(const Json& header) {
  auto parsed = parse_chain(line_text(header.value("chain", Json())));
  if (const auto* mistakes = std::get_if<Mistakes>(&parsed)) {
    return wrong("the chain in its header: " + mistakes->front().pointer + ": " +
                 mistakes->front().message);
  }
  Chain chain = std::get<Chain>(std::move(parsed));
  // Manifests of earlier versions do not have this key, and their outputs have no metadata.
  const Json output = header.value("chain", Json::object()).value("output", Json::object());
  if (!output.contains("metadata")) chain.output.metadata = Goes::None;
  return chain;
}

Result<ManifestReader> ManifestReader::open(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return Error{ErrorCode::Usage,
                 "a folder; its manifest is " + printable(join_path(path, kManifestName))};
  }
  ManifestReader reader;
  auto file = open_to_read(path);
  if (!file) return file.error();
  reader.file_ = *std::move(file);
  const auto line = reader.next();
  if (!line) return line.error();
  if (!*line) return Error{ErrorCode::Usage, "not a deckle manifest: the file is empty"};
  if (const auto excess = json_excess(**line))
    return reader.wrong({ErrorCode::Usage, "not a manifest that can be read: " + excess->message});
  reader.header_ = parse_json(**line);
  if (auto header = check_header(reader.header_); !header) return reader.wrong(header.error());
  auto records = records_of(reader.header_);
  if (!records) return reader.wrong(records.error());
  reader.records_ = *records;
  return reader;
}

Result<std::optional<std::string_view>> ManifestReader::next() {
  auto line = lines_.next(file_);
  if (!line) return line;
  if (*line) {
    ++line_;
  } else if (records_ && line_ - 1 != *records_) {
    return wrong_records(line_ - 1, *records_);
  }
  return line;
}

Error ManifestReader::wrong(const Error& error) const {
  return {error.code, "line " + std::to_string(line_) + ": " + error.message, error.sys_errno};
}

Result<Done> read_outputs(const std::string& path,
                          const std::function<void(const ManifestOutput&)>& visit) {
  auto reader = ManifestReader::open(path);
  if (!reader) return reader.error();
  for (;;) {
    const auto line = reader->next();
    if (!line) return line.error();
    if (!*line) break;
    auto output = parse_output(**line);
    if (!output) return reader->wrong(output.error());
    if (!*output) continue;
    (*output)->line = reader->line();
    visit(**output);
  }
  return Done{};
}

}  // namespace deckle
