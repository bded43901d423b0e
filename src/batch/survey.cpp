// SPDX-License-Identifier: Apache-2.0
#include "batch/survey.h"

#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <climits>
#include <compare>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "batch/archive.h"
#include "batch/for_each_index.h"
#include "batch/manifest.h"
#include "batch/stack.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

// The codec of a file, recognised by its first bytes, or why it has none.
Result<const Codec*> look(const std::string& path) {
  auto file = open_to_read(path);
  if (!file) return file.error();
  Buffer head;
  if (auto read = read_head(*file, kHeadBytes, head); !read) return read.error();
  return recognise_input(head.bytes(), path);
}

// Whether the extension is that of a picture format, supported or not.
bool is_image_extension(const std::string& extension) {
  constexpr std::array<std::string_view, 6> kNotRead{"gif", "avif", "heic", "heif", "jxl", "psd"};
  if (std::find(kNotRead.begin(), kNotRead.end(), extension) != kNotRead.end()) return true;
  return std::any_of(codecs().begin(), codecs().end(), [&](const Codec& codec) {
    return std::find(codec.extensions.begin(), codec.extensions.end(), extension) !=
           codec.extensions.end();
  });
}

bool is_left_out(const InputList& list, const InputFile& file) {
  const auto codec = look(list.file_path(file));
  return !codec && is_skipped(codec.error(), file.path, file.named);
}

// The path with links and dots resolved as far as it exists; the rest is unchanged.
std::string real_path(const std::string& path) {
  if (path.empty()) return real_path(".");
  if (const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                             &std::free);
      real) {
    return real.get();
  }
  const std::string_view name = name_of_path(path);
  const std::string_view above = folder_of(path);
  if (name.empty()) return real_path(std::string(above));
  return join_path(real_path(above.empty() && path.starts_with('/') ? "/" : std::string(above)),
                   name);
}

// The path of `inner` relative to `outer`, if it is below it; "" for the same folder.
std::optional<std::string> below(const std::string& outer, const std::string& inner) {
  if (inner == outer) return "";
  const std::string prefix = outer == "/" ? outer : outer + "/";
  if (!inner.starts_with(prefix)) return std::nullopt;
  return inner.substr(prefix.size());
}

NameFields fields_of(const Chain& chain, const InputFile& file, int copy = 0) {
  return {file.path, copy, chain.copies, file.index};
}

// The folder of an input's outputs, relative to the output folder. By default it is the input's
// folder, and no string is stored.
class OutputFolders {
 public:
  OutputFolders(const Chain& chain, const InputList& list) : list_(list) {
    if (chain.output.name.empty()) return;
    const Codec& any = codec_of(chain.output.format.value_or(Format::Png));
    for (const InputFile& file : list.files) {
      folders_.emplace_back(folder_of(
          output_path(chain.output.name, fields_of(chain, file), any, !chain.output.format)));
    }
  }
  [[nodiscard]] std::string_view operator[](std::size_t file) const {
    return folders_.empty() ? folder_of(list_.files[file].path) : std::string_view(folders_[file]);
  }

 private:
  const InputList& list_;
  std::vector<std::string> folders_;
};

// Fails if a folder of outputs is a link into an input folder.
Result<Done> check_links(const InputList& list, const OutputFolders& folders,
                         const std::string& out, const std::string& real_out,
                         const std::vector<std::string>& real_roots) {
  if (::access(out.c_str(), F_OK) != 0) return Done{};
  std::string_view last;
  for (std::size_t file = 0; file < list.files.size(); ++file) {
    const std::string_view folder = folders[file];
    if (folder == last) continue;  // sorted: most files of a folder are neighbours
    last = folder;
    const std::string real = real_path(join_path(out, folder));
    if (below(real_out, real)) continue;
    for (std::size_t i = 0; i < real_roots.size(); ++i) {
      if (list.root_is_folder[i] && below(real_roots[i], real)) {
        return Error{ErrorCode::Usage, printable(folder) +
                                           " in it is a link into the input folder " +
                                           printable(list.roots[i]) + "; give another -o"};
      }
    }
  }
  return Done{};
}

// Every path that one copy of this input may be written to, for any content of the file.
std::vector<std::string> possible_outputs(const Chain& chain, const InputFile& file, int copy = 0) {
  std::vector<std::string> paths;
  const NameFields fields = fields_of(chain, file, copy);
  if (chain.output.format) {
    paths.push_back(output_name(chain, fields, codec_of(*chain.output.format)).path);
  } else {
    for (const Codec& codec : codecs()) {
      if (codec.encoder) paths.push_back(output_name(chain, fields, codec).path);
    }
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  }
  return paths;
}

// The same of all copies, with the number of the copy.
std::vector<std::pair<std::string, int>> possible_copies(const Chain& chain,
                                                         const InputFile& file) {
  std::vector<std::pair<std::string, int>> paths;
  for (int copy = 0; copy < chain.copies; ++copy) {
    for (std::string& path : possible_outputs(chain, file, copy))
      paths.emplace_back(std::move(path), copy);
  }
  return paths;
}

// Whether any output is written into the folder or below it.
bool holds_images(const InputList& list, const OutputFolders& folders, std::string_view folder) {
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const std::string_view own = folders[i];
    const bool below = own == folder || (own.starts_with(folder) && own[folder.size()] == '/');
    if (below && !is_left_out(list, list.files[i])) return true;
  }
  return false;
}

// A copy of an input that might write the same output as others.
struct Candidate {
  std::uint64_t key;  // the same for all that might write the same output
  std::uint32_t file;
  int copy;
};

// With the default names, only files with the same stem can write the same output: the key is the
// digest of the stem. With other names it is that of the whole output name. Names for which `fold`
// gives the same text have the same key.
std::vector<Candidate> candidates(
    const Chain& chain, const InputList& list,
    std::string (*fold)(std::string_view) = [](std::string_view name) {
      return std::string(name);
    }) {
  std::vector<Candidate> all;
  const Codec& any = codec_of(chain.output.format.value_or(Format::Png));
  const bool by_stem = chain.output.name.empty();
  // By default the copies of two inputs clash if their first copies do.
  const int copies = by_stem ? 1 : chain.copies;
  for (std::uint32_t i = 0; i < list.files.size(); ++i) {
    for (int copy = 0; copy < copies; ++copy) {
      const InputFile& file = list.files[i];
      std::string name;
      if (!by_stem) name = output_path(chain.output.name, fields_of(chain, file, copy), any, false);
      const std::string text = fold(by_stem ? stem_of(file.path) : std::string_view(name));
      all.push_back({XXH3_64bits(text.data(), text.size()), i, copy});
    }
  }
  std::sort(all.begin(), all.end(), [](const Candidate& x, const Candidate& y) {
    return std::tie(x.key, x.file, x.copy) < std::tie(y.key, y.file, y.copy);
  });
  return all;
}

struct PossibleOutput {
  std::string path;
  std::uint32_t file;

  // NOLINTNEXTLINE(modernize-use-nullptr): a 0 that the compiler writes
  auto operator<=>(const PossibleOutput&) const = default;
};

// The outputs of candidates of one key. For names with {hash}, files of the same size are read;
// files of different sizes differ.
std::vector<PossibleOutput> outputs_of(const Chain& chain, const InputList& list,
                                       std::span<const Candidate> group) {
  std::map<std::uint64_t, int> sizes;
  const bool late = is_late_name(chain.output.name);
  const auto size_of_file = [&](const Candidate& one) {
    const auto stamp = input_stamp(list.file_path(list.files[one.file]));
    return stamp ? stamp->size : 0;
  };
  for (const Candidate& one : group) {
    if (late) ++sizes[size_of_file(one)];
  }
  Buffer buffer;
  std::vector<PossibleOutput> outputs;
  for (const Candidate& one : group) {
    const InputFile& file = list.files[one.file];
    const auto codec = look(list.file_path(file));
    if (!codec) continue;
    NameFields fields = fields_of(chain, file, one.copy);
    if (late) {
      const std::uint64_t size = size_of_file(one);
      const auto digest =
          sizes[size] > 1 ? input_digest(list.file_path(file), buffer) : std::optional<Sha256>{};
      fields.hash = digest ? hex(*digest).substr(0, kNameHashDigits) : std::to_string(size);
    }
    outputs.push_back({output_name(chain, fields, **codec).path, one.file});
  }
  std::sort(outputs.begin(), outputs.end());
  return outputs;
}

// Whether every output of earlier runs is known: there were no runs, or all finished and left whole
// entries.
bool knows_all(const PreviousRuns& previous) {
  if (previous.header().empty() && previous.logs().empty()) return true;
  return previous.logs().empty() && previous.has_state() && previous.seal() &&
         std::all_of(previous.items().begin(), previous.items().end(),
                     [&](const PreviousRuns::Item& item) {
                       return previous.read(item.location).has_value();
                     });
}

// Visits the candidates of each key together, for keys with several candidates.
template <typename Visit>
void for_each_group(const std::vector<Candidate>& sorted, Visit visit) {
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin + 1;
    while (end < sorted.size() && sorted[end].key == sorted[begin].key)
      ++end;
    if (end - begin > 1) visit(std::span<const Candidate>(sorted.data() + begin, end - begin));
    begin = end;
  }
}

}  // namespace

OutputName output_name(const Chain& chain, const NameFields& fields, const Codec& input_codec) {
  const Codec& codec = chain.output.format ? codec_of(*chain.output.format) : input_codec;
  return {&codec, output_path(chain.output.name, fields, codec, !chain.output.format)};
}

bool is_skipped(const Error& error, std::string_view path, bool named) {
  return error.code == ErrorCode::NotAnImage && !named && !is_image_extension(extension_of(path));
}

std::size_t keep_images(InputList& list, int jobs) {
  std::vector<std::uint8_t> drop(list.files.size(), 0);
  for_each_index(list.files.size(), jobs, [&](std::size_t i, std::size_t) {
    const InputFile& file = list.files[i];
    drop[i] = is_left_out(list, file) ? 1 : 0;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < drop.size(); ++i) {
    if (drop[i] == 0) {
      if (kept != i) list.files[kept] = std::move(list.files[i]);
      ++kept;
    }
  }
  list.files.resize(kept);
  number_inputs(list);
  return drop.size() - kept;
}

std::vector<std::string> find_clashes(const Chain& chain, const InputList& list) {
  std::vector<std::string> clashes;
  const auto shown = [&](std::uint32_t i) { return printable(list.file_path(list.files[i])); };
  // The manifest and the seeds identify an input by its name.
  for (std::uint32_t i = 1; i < list.files.size(); ++i) {
    const InputFile& file = list.files[i];
    if (file.path != list.files[i - 1].path || is_left_out(list, file) ||
        is_left_out(list, list.files[i - 1]))
      continue;
    clashes.push_back("two inputs have the name " + printable(file.path) + ": " + shown(i - 1) +
                      ", " + shown(i));
  }
  for_each_group(candidates(chain, list), [&](std::span<const Candidate> group) {
    const auto outputs = outputs_of(chain, list, group);
    for (std::size_t i = 1; i < outputs.size(); ++i) {
      const auto& [path, file] = outputs[i];
      const std::uint32_t other = outputs[i - 1].file;
      if (path != outputs[i - 1].path || list.files[file].path == list.files[other].path) continue;
      clashes.push_back("two inputs would write " + printable(path) + ": " + shown(other) + ", " +
                        shown(file));
    }
  });
  std::sort(clashes.begin(), clashes.end());
  // An output that has the name of its folder's array.
  for (const InputFile& file : list.files) {
    if (!chain.output.stack || !name_of_path(file.path).starts_with("deckle-stack")) continue;
    for (const auto& [output, copy] : possible_copies(chain, file)) {
      if (is_stack_name(name_of_path(output)) && !is_left_out(list, file)) {
        clashes.push_back(printable(list.file_path(file)) + " would write " + printable(output) +
                          ", the name of the array of all outputs");
      }
    }
  }
  // A file with the name of a folder that another output needs. A folder without images needs no
  // output folder.
  const OutputFolders of_files(chain, list);
  std::unordered_set<std::string_view> folders;
  for (std::uint32_t i = 0; i < list.files.size(); ++i) {
    for (std::string_view folder = of_files[i]; !folder.empty(); folder = folder_of(folder)) {
      if (!folders.insert(folder).second) break;
    }
  }
  if (folders.contains(kManifestName)) {
    clashes.push_back("outputs would lie in a folder " + std::string(kManifestName) +
                      ", which is the name of the manifest");
  }
  for (const InputFile& file : list.files) {
    if (folders.empty()) break;
    for (const std::string& possible : possible_outputs(chain, file)) {
      if (!folders.contains(possible)) continue;
      const auto codec = look(list.file_path(file));
      if (!codec || output_name(chain, fields_of(chain, file), **codec).path != possible) continue;
      if (!holds_images(list, of_files, possible)) continue;
      clashes.push_back(printable(list.file_path(file)) + " would write " + printable(possible) +
                        ", but other outputs need a folder of this name");
    }
  }
  return clashes;
}

std::vector<std::string> find_case_clashes(const Chain& chain, const InputList& list) {
  std::vector<std::string> clashes;
  if (is_late_name(chain.output.name)) return clashes;
  for_each_group(candidates(chain, list, lower_case), [&](std::span<const Candidate> group) {
    std::map<std::string, PossibleOutput> by_name;
    for (const PossibleOutput& output : outputs_of(chain, list, group)) {
      const auto [other, added] = by_name.emplace(lower_case(output.path), output);
      if (added || other->second.path == output.path) continue;
      clashes.push_back("two inputs would write " + printable(other->second.path) + " and " +
                        printable(output.path) + ", one file if case is ignored: " +
                        printable(list.file_path(list.files[other->second.file])) + ", " +
                        printable(list.file_path(list.files[output.file])));
    }
  });
  std::sort(clashes.begin(), clashes.end());
  return clashes;
}

std::string advice_on_clashes(const Chain& chain, const InputList& list) {
  for (std::size_t i = 1; i < list.files.size(); ++i) {
    if (list.files[i].path == list.files[i - 1].path &&
        list.files[i].root != list.files[i - 1].root) {
      return "--root DIR, a folder that all inputs lie in, keeps their folders in their names";
    }
  }
  for (const std::string_view name :
       {kDefaultName, std::string_view("{dir}/{stem}_{input_ext}{_copy}.{ext}"),
        std::string_view("{dir}/{name}{_copy}.{ext}"),
        std::string_view("{dir}/{stem}_{index}{_copy}.{ext}")}) {
    Chain other = chain;
    other.output.name = name == kDefaultName ? "" : name;
    if (find_clashes(other, list).empty())
      return "--name '" + std::string(name) + "' keeps them apart";
  }
  return "rename one of each pair, or run them into separate output folders";
}

std::vector<std::string> find_recorded_clashes(const Chain& chain, const InputList& list,
                                               const OutputFolder& folder) {
  std::unordered_map<std::string, std::string> recorded;  // output: input
  std::vector<std::string> clashes;
  auto file = list.files.begin();
  for (const PreviousRuns::Item& item : folder.previous().items()) {
    while (file != list.files.end() && file->path < item.path)
      ++file;
    if (file != list.files.end() && file->path == item.path) continue;
    const auto entry = folder.previous().read(item.location);
    for (std::size_t i = 0; entry && i < entry->outputs.size(); ++i)
      recorded.emplace(entry->outputs[i].path, item.path);
  }
  if (recorded.empty() || is_late_name(chain.output.name)) return clashes;
  for (const InputFile& input : list.files) {
    for (const auto& [output, copy] : possible_copies(chain, input)) {
      const auto other = recorded.find(output);
      if (other == recorded.end()) continue;
      const auto codec = look(list.file_path(input));
      if (!codec || output_name(chain, fields_of(chain, input, copy), **codec).path != output)
        continue;
      clashes.push_back(printable(list.file_path(input)) + " would write " + printable(output) +
                        ", which an earlier run recorded as the output of " +
                        printable(other->second));
    }
  }
  return clashes;
}

std::vector<std::string> find_blocked(const Chain& chain, const InputList& list,
                                      const std::string& out) {
  std::vector<std::string> blocked;
  const OutputFolders folders(chain, list);
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    for (std::string_view folder = folders[i]; !folder.empty(); folder = folder_of(folder)) {
      if (!seen.insert(folder).second) break;
      const std::string path = join_path(out, folder);
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode) ||
          !holds_images(list, folders, folder))
        continue;
      blocked.push_back(printable(path) + ": is a file, but outputs need a folder of this name");
    }
  }
  return blocked;
}

Result<Done> check_output_folder(const Chain& chain, const InputList& list,
                                 const std::string& out) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::Usage, printable(out) + ": " + why};
  };
  const std::string real_out = real_path(out);
  // For each root below the output folder: its relative path.
  std::vector<std::optional<std::string>> root_below_out(list.roots.size());
  std::vector<std::string> real_roots;
  for (std::size_t i = 0; i < list.roots.size(); ++i) {
    real_roots.push_back(real_path(list.roots[i]));
    if (list.root_is_folder[i] && real_roots.back() == real_out) {
      return refuse(
          "the output folder is an input folder; outputs are never written there, give another -o");
    }
    root_below_out[i] = below(real_out, real_roots.back());
  }
  if (auto linked = check_links(list, OutputFolders(chain, list), out, real_out, real_roots);
      !linked)
    return refuse(linked.error().message);
  for (const InputFile& file : list.files) {
    if (!std::any_of(root_below_out.begin(), root_below_out.end(),
                     [](const auto& b) { return b.has_value(); }))
      break;
    for (const std::string& output : possible_outputs(chain, file)) {
      for (std::size_t i = 0; i < list.roots.size(); ++i) {
        if (!root_below_out[i]) continue;
        if (list.root_is_folder[i] && below(*root_below_out[i], output)) {
          return refuse("the output " + printable(output) +
                        " would be written into the input folder " + printable(list.roots[i]) +
                        "; give another -o");
        }
      }
      // A file that the user named: its folder may be the output folder, but the file itself must
      // not be replaced.
      const auto& own = root_below_out[file.root];
      if (own && !list.root_is_folder[file.root] &&
          (join_path(*own, file.path) == output ||
           (is_late_name(chain.output.name) && folder_of(output) == *own))) {
        return refuse("the output " + printable(output) +
                      " would replace the input itself; give another -o");
      }
    }
  }
  return Done{};
}

Result<std::vector<std::string>> find_foreign(const Chain& chain, const InputList& list,
                                              const OutputFolder& folder) {
  std::vector<std::string> foreign;
  // Names that are not known yet are checked when the output is made.
  if (folder.was_empty() || is_late_name(chain.output.name)) return foreign;
  const auto& previous = folder.previous().items();
  auto item = previous.begin();
  struct stat status {};
  for (const InputFile& file : list.files) {
    while (item != previous.end() && item->path < file.path)
      ++item;
    if (item != previous.end() && item->path == file.path) continue;
    for (const auto& [output, copy] : possible_copies(chain, file)) {
      const std::string path = join_path(folder.path(), output);
      if (::lstat(path.c_str(), &status) != 0) continue;
      const auto recorded_output = folder.is_recorded(output);
      if (!recorded_output) return recorded_output.error();
      if (*recorded_output) continue;
      const auto codec = look(list.file_path(file));
      if (!codec || output_name(chain, fields_of(chain, file, copy), **codec).path != output)
        continue;
      foreign.push_back(printable(path) +
                        ": already exists and was not made by a run into this folder");
    }
  }
  // If a journal is damaged, the list of recorded outputs is not complete. In that case each file
  // is examined when its output is made.
  if (!foreign.empty() && !knows_all(folder.previous())) foreign.clear();
  return foreign;
}

}  // namespace deckle
