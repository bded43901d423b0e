// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <span>
#include <system_error>

#include "batch/archive.h"
#include "batch/for_each_index.h"
#include "chain/chain_file.h"
#include "chain/keras_file.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "core/text.h"
#include "dataset/files.h"
#include "layers/arguments.h"
#include "layers/registry.h"

namespace deckle::cli {
namespace {

// "7" or "7,8", with the rules of the chain file.
std::optional<SeedPair> parse_seed(const std::string& text) {
  const Json json = parse_json(text.find(',') == std::string::npos ? text : "[" + text + "]");
  if (json.is_discarded()) return std::nullopt;
  const auto pair = seed_pair(json);
  return pair ? std::optional(*pair) : std::nullopt;
}

// Whether every random layer has a seed of its own, and none mixes the chain's into it.
bool seeds_itself(const Chain& chain) {
  return chain.draws() && !chain.needs_seed() &&
         std::none_of(chain.layers.begin(), chain.layers.end(),
                      [](const Layer& layer) { return layer.generator == Generator::TensorFlow; });
}

// "4096", "512M", "2GB", "2GiB": of 1024 each; at least a byte.
std::optional<std::uint64_t> parse_size(const std::string& text) {
  constexpr std::string_view kUnits = "KMGT";
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(end, text.data() + text.size());
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (unit.ends_with("B")) unit.pop_back();
  if (unit.size() == 2 && unit[1] == 'I') unit.pop_back();
  const auto power = unit.size() == 1 ? kUnits.find(unit[0]) : std::string_view::npos;
  if (error != std::errc() || value == 0 || (!unit.empty() && power == std::string_view::npos))
    return std::nullopt;
  const unsigned shift = unit.empty() ? 0 : 10 * (static_cast<unsigned>(power) + 1);
  if (value > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return value << shift;
}

// The layer of the first mistake in a layer, for the hint; "" if no mistake is in a layer.
std::string layer_of(const Mistakes& mistakes, std::string_view text) {
  const Json json = parse_json(text);
  for (const LocatedMistake& mistake : mistakes) {
    // Goes outwards from the argument to the object with a class_name.
    for (std::string pointer = mistake.pointer; !pointer.empty();
         pointer.erase(pointer.rfind('/'))) {
      try {
        const Json& entry = json.at(Json::json_pointer(pointer));
        auto name = entry.at("class_name").get<std::string>();
        if (find_layer(name) != nullptr) return name;
      } catch (const Json::exception&) {  // it does not exist, or is not a layer
      }
    }
  }
  return "";
}

// The deepest folder that contains all files; "" if there is none.
std::string_view common_folder(const InputList& list) {
  if (list.files.empty()) return "";
  // The list is sorted: all paths share what the first and the last path share.
  const std::string_view last = list.files.back().path;
  std::string_view folder = folder_of(list.files.front().path);
  while (!folder.empty() && !(last.starts_with(folder) && last[folder.size()] == '/'))
    folder = folder_of(folder);
  return folder;
}

// Reports that listed files have other names than in a run over their folder.
void tell_names(const InputList& list, Report& report) {
  const std::string_view folder = common_folder(list);
  if (list.names_from != NamesFrom::CurrentFolder || folder.empty()) return;
  const std::string& first = list.files.front().path;
  report.info("names are relative to the current folder (" + printable(first) + "); with --root " +
              printable(folder) + " they are as in a run over that folder (" +
              printable(first.substr(folder.size() + 1)) + ")");
}

}  // namespace

void report_mistakes(const Mistakes& mistakes, const std::string& file, const std::string& text,
                     Report& report) {
  constexpr std::size_t kShown = 20;
  const std::string name = file == "-" ? "standard input" : printable(file);
  for (const LocatedMistake& mistake :
       std::span(mistakes).first(std::min(mistakes.size(), kShown))) {
    report.error(name + ":" + std::to_string(mistake.position.line) + ":" +
                 std::to_string(mistake.position.column) + ": " +
                 (mistake.pointer.empty() ? "" : mistake.pointer + ": ") + mistake.message);
  }
  const std::string layer = layer_of(mistakes, text);
  report.info(
      count_of(mistakes.size(), "mistake") +
      (mistakes.size() > kShown ? ", the first " + std::to_string(kShown) + " are shown" : "") +
      ", nothing was read or written" +
      (find_layer(layer) != nullptr ? "; \"deckle layers " + layer + "\" shows its arguments"
                                    : ""));
}

std::optional<OpenShape> parse_input_shape(const Chain& chain, const std::string& text,
                                           Report& report) {
  OpenShape shape;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    const auto extent = whole_number(parse_json(word), 1, "");
    if (!extent && word != "none") {
      report.error("--input-shape: \"" + printable(word) +
                   "\" is not a size; give whole numbers of at least 1, or none for an open size, "
                   "such as 480,640,3");
      return std::nullopt;
    }
    shape.push_back(extent ? std::optional(*extent) : std::nullopt);
  }
  const auto axes = static_cast<std::size_t>(chain.rank) + 1;
  if (shape.size() != axes) {
    report.error("--input-shape: the layers take " + std::to_string(axes) +
                 " axes, channels included and without the batch, not " +
                 std::to_string(shape.size()));
    return std::nullopt;
  }
  if (chain.channels_first) std::rotate(shape.begin(), shape.begin() + 1, shape.end());
  return shape;
}

void add_chain_file_options(CLI::App& command, ChainArguments& arguments) {
  command
      .add_option("CHAIN", arguments.file,
                  "The chain file, or a Keras Sequential: its JSON, .keras or .h5; - for standard "
                  "input")
      ->required();
  command
      .add_option("--weights", arguments.weights,
                  "The weights of all layers: a .weights.h5, .h5 or .keras file that Keras wrote")
      ->option_text("FILE");
  command
      .add_option_function<std::string>(
          "--data-format",
          [&](const std::string& layout) { arguments.channels_first = layout == "channels_first"; },
          "Layout of arrays if the chain does not name one (default: channels_last)")
      ->check(CLI::IsMember({"channels_last", "channels_first"}));
}

void add_chain_options(CLI::App& command, ChainArguments& arguments) {
  add_chain_file_options(command, arguments);
  command.add_option("--seed", arguments.seed,
                     "Seed instead of the chain's: a number, or a pair A,B");
  command
      .add_option("--copies", arguments.copies,
                  "Independent outputs of each image, instead of the chain's")
      ->check(CLI::Range(1, kMaxCopies));
  std::vector<std::string> formats{"same"};
  for (const std::string_view name : output_formats())
    formats.emplace_back(name);
  command.add_option("--format", arguments.format, "Output format instead of the chain's")
      ->transform([](const std::string& name) {  // "jpeg" is jpg, "tif" is tiff
        const Codec* codec = codec_by_name(name);
        return codec != nullptr ? std::string(codec->name) : name;
      })
      ->check(CLI::IsMember(formats));
  command
      .add_option("--name", arguments.name,
                  "Template of the outputs' names, instead of the chain's (default: " +
                      std::string(kDefaultName) + ")")
      ->option_text("TEMPLATE");
}

void add_input_options(CLI::App& command, InputArguments& arguments) {
  command.add_option("INPUT", arguments.inputs, "Folders (taken recursively) and files");
  command
      .add_option("--files-from", arguments.files_from,
                  "Take the paths listed in FILE (- for standard input), one a line: relative to "
                  "the current folder, or to INPUT")
      ->option_text("FILE");
  command
      .add_option(
          "--root", arguments.root,
          "The folder that all inputs lie in and that their names are relative to (default: "
          "each INPUT; of listed paths the current folder)")
      ->option_text("DIR");
  command.add_flag("-0,--null", arguments.null_separated,
                   "The listed paths end in a zero byte, as find -print0 does");
}

void add_jobs_option(CLI::App& command, int& jobs) {
  command.add_option("-j,--jobs", jobs, "Threads (default: the processors this process may use)")
      ->check(CLI::Range(1, 4096))
      ->option_text("N");
}

void add_memory_option(CLI::App& command, std::uint64_t& bytes) {
  command
      .add_option_function<std::string>(
          "--max-memory",
          [&](const std::string& text) {
            const auto size = parse_size(text);
            if (!size) {
              throw CLI::ValidationError(
                  "--max-memory", "\"" + printable(text) + "\" is not a size such as 512M or 2G");
            }
            bytes = *size;
          },
          "Memory that one picture may take, such as 512M or 2G; a larger picture is streamed row "
          "by row, or fails if that is not possible (default: half of the free memory, shared by "
          "all threads; with the default, no picture fails for this reason)")
      ->option_text("SIZE");
}

void add_sync_option(CLI::App& command, Sync& sync) {
  command
      .add_option_function<std::string>(
          "--sync",
          [&](const std::string& what) {
            sync = what == "none" ? Sync::None : what == "each" ? Sync::Each : Sync::Batch;
          },
          "What survives a loss of power: batch, all but about the last second; each, every image "
          "that was reported; none, nothing is promised (default: batch)")
      ->check(CLI::IsMember({"batch", "each", "none"}));
}

void add_report_options(CLI::App& command, ReportOptions& options) {
  command.add_flag("-q,--quiet", options.quiet, "Errors only");
  command.add_flag("-v,--verbose", options.verbose, "Also name what is skipped");
  command
      .add_option_function<std::string>(
          "--log-format", [&](const std::string& format) { options.json = format == "json"; },
          "Messages as text or as a JSON object a line")
      ->check(CLI::IsMember({"text", "json"}));
}

std::optional<ChainAndText> load_chain_and_text(const ChainArguments& arguments, Report& report) {
  auto read = read_chain_text(arguments.file);
  if (!read) {
    report.error(arguments.file, read.error());
    return std::nullopt;
  }
  std::string& text = read->text;
  auto parsed =
      read_chain(text, arguments.channels_first, std::string(folder_of(arguments.file)),
                 arguments.weights.empty() ? read->weights : arguments.weights, arguments.purpose);
  if (const auto* mistakes = std::get_if<Mistakes>(&parsed)) {
    report_mistakes(*mistakes, arguments.file, text, report);
    return std::nullopt;
  }
  ChainAndText loaded{std::get<Chain>(std::move(parsed)), std::move(text)};
  for (const std::string& note : loaded.chain.notes) {
    report.info((arguments.file == "-" ? "standard input" : printable(arguments.file)) + ": " +
                note);
  }
  for (const LayerPointers& place : loaded.chain.skipped) {
    report.info((arguments.file == "-" ? "standard input" : printable(arguments.file)) + ": " +
                place.entry + ": " + place.class_name + " acts in training only and is left out");
  }
  return loaded;
}

std::optional<Chain> load_chain(const ChainArguments& arguments, Report& report) {
  auto loaded = load_chain_and_text(arguments, report);
  if (!loaded) return std::nullopt;
  Chain chain = std::move(loaded->chain);
  if (arguments.seed) {
    if (seeds_itself(chain))
      report.warning("--seed changes nothing: every random layer has a seed of its own");
    chain.seed = parse_seed(*arguments.seed);
    if (!chain.seed) {
      report.error("--seed: \"" + printable(*arguments.seed) +
                   "\" is not a seed; give a whole number of 64 bits, or a pair A,B of them");
      return std::nullopt;
    }
    for (std::size_t i = 0; i < chain.layers.size(); ++i) {
      if (!starts_from_pair(chain.layers[i], chain.seed)) continue;
      report.error("--seed: the generator of layer " + std::to_string(i) + ", " +
                   chain.layers[i].called + ", starts from one number, and " + *arguments.seed +
                   " is a pair");
      return std::nullopt;
    }
  }
  if (arguments.copies > 0) chain.copies = arguments.copies;
  if (arguments.format == "same") {
    chain.output.format.reset();
  } else if (!arguments.format.empty()) {
    chain.output.format = codec_by_name(arguments.format)->format;
  }
  if (chain.output.stack && chain.output.format != Format::Npy) {
    report.error(
        "only npy outputs are stacked: \"stack\" needs \"format\": \"npy\", or --format npy");
    return std::nullopt;
  }
  if (!arguments.name.empty()) chain.output.name = arguments.name;
  if (chain.output.name == kDefaultName) chain.output.name.clear();
  if (!chain.output.name.empty()) {
    const std::string wrong = check_name(chain.output.name, chain.output.format, chain.copies);
    if (!wrong.empty()) {
      report.error((arguments.name.empty() ? "\"output\": {\"name\"}" : "--name") +
                   (": \"" + printable(chain.output.name)) + "\": " + wrong);
      return std::nullopt;
    }
  }
  if (chain.copies > 1 && !chain.draws()) {
    report.warning("no layer of this chain is random: the " + std::to_string(chain.copies) +
                   " copies of an image will be alike");
  }
  return chain;
}

std::optional<InputList> load_inputs(const InputArguments& arguments, const std::string& out,
                                     Report& report, int& exit) {
  InputRequest request{
      arguments.inputs, {}, arguments.null_separated ? '\0' : '\n', out, arguments.root};
  exit = kExitUsage;
  if (!arguments.files_from.empty()) {
    auto list = read_text(arguments.files_from, kMostList);
    if (!list) {
      report.error(arguments.files_from, list.error());
      // A missing list is a mistake in the command line.
      if (list.error().sys_errno != ENOENT) exit = exit_code(list.error());
      return std::nullopt;
    }
    request.file_list = *std::move(list);
  } else if (arguments.null_separated && !arguments.writes_list) {
    report.error("-0 says how the paths of --files-from end; there is no --files-from");
    return std::nullopt;
  } else if (arguments.inputs.empty()) {
    report.error("no input: give folders or files, or --files-from");
    return std::nullopt;
  }
  auto list = list_inputs(request);
  if (!list) {
    report.error(list.error().message);
    exit = exit_code(list.error());
    return std::nullopt;
  }
  expand_archives(*list);
  if (!list->outputs.empty()) {
    const std::size_t more = list->outputs.size() - 1;
    report.info(count_of(list->outputs.size(), "folder") + " left out, outputs of other runs: " +
                printable(list->outputs.front()) + (more > 0 ? ", .." : "") +
                " (a folder that is named on the command line is processed; -v names all)");
    for (const std::string& folder : list->outputs)
      report.detail(printable(folder) + ": left out: a run wrote into it");
  }
  for (const LeftOut& left : list->left_out)
    report.detail(printable(left.path) + ": left out: " + left.why);
  tell_names(*list, report);
  exit = kExitOk;
  return *std::move(list);
}

std::optional<std::string> find_manifest(const std::string& path, Report& report) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  std::string manifest = join_path(path, kManifestName);
  if (std::filesystem::exists(manifest, ignored)) return manifest;
  std::string text = "contains no " + std::string(kManifestName);
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("manifest-") && name.ends_with(".jsonl")) {
      text += ", but manifests of shards; deckle merge makes one of them";
      break;
    }
  }
  report.error(path, {ErrorCode::Unreadable, text});
  return std::nullopt;
}

MemoryLimit resolve_memory(std::uint64_t bytes, int jobs) {
  return bytes > 0 ? MemoryLimit{bytes, true} : usual_memory_limit(jobs);
}

int resolve_jobs(int jobs, Report& report) {
  const int wanted = jobs > 0 ? jobs : usable_processors();
  if (wanted == 1) return 1;
  // One more thread waits for Ctrl-C.
  const int found = std::max(startable_threads(wanted + 1) - 1, 1);
  if (found < wanted) {
    report.warning("only " + std::to_string(found) + " of " + std::to_string(wanted) +
                   " threads can be started (ulimit -u, a limit of the container, or memory); the "
                   "results are the same");
  }
  return found;
}

}  // namespace deckle::cli
