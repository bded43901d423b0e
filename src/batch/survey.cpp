// SPDX-License-Identifier: Apache-2.0
#include "batch/survey.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "batch/archive.h"
#include "batch/for_each_index.h"
#include "batch/manifest.h"
#include "batch/stack.h"
#include "core/text.h"
#include "dataset/files.h"
#include "dataset/outputs.h"

namespace deckle {
namespace {

// What the beginning of a file says: its codec, or why it has none.
Result<const Codec*> look(const std::string& path) {
  auto file = open_to_read(path);
  if (!file) return file.error();
  Buffer head;
  if (auto read = read_head(*file, kHeadBytes, head); !read) return read.error();
  return recognise_input(head.bytes(), path);
}

// Whether a name says that the file is a picture, of a kind that is read or not.
bool is_image_extension(const std::string& extension) {
  constexpr std::array<std::string_view, 6> kNotRead{"gif", "avif", "heic", "heif", "jxl", "psd"};
  if (std::find(kNotRead.begin(), kNotRead.end(), extension) != kNotRead.end()) return true;
  return std::any_of(codecs().begin(), codecs().end(), [&](const Codec& codec) {
    return std::find(codec.extensions.begin(), codec.extensions.end(), extension) !=
           codec.extensions.end();
  });
}

bool passes_over(const InputList& list, const InputFile& file) {
  const auto codec = look(list.file_path(file));
  return !codec && is_passed_over(codec.error(), file.path, file.named);
}

// The path with links and dots resolved, as far as it exists; what does not exist yet is left as it
// is.
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

// The path of `inner` relative to `outer`, where it lies below it; "" for the same folder.
std::optional<std::string> below(const std::string& outer, const std::string& inner) {
  if (inner == outer) return "";
  const std::string prefix = outer == "/" ? outer : outer + "/";
  if (!inner.starts_with(prefix)) return std::nullopt;
  return inner.substr(prefix.size());
}

// Fails where a folder of outputs is a link into an input folder.
Result<Done> check_links(const InputList& list, const std::string& out, const std::string& real_out,
                         const std::vector<std::string>& real_roots) {
  if (::access(out.c_str(), F_OK) != 0) return Done{};
  std::string_view last;
  for (const InputFile& file : list.files) {
    const std::string_view folder = folder_of(file.path);
    if (folder == last) continue;  // sorted: most files of a folder stand together
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

// Every path that one copy of this input may be written to, whatever its content turns out to be.
std::vector<std::string> possible_outputs(const Chain& chain, const InputFile& file, int copy = 0) {
  std::vector<std::string> paths;
  if (chain.output.format) {
    paths.push_back(output_name(chain, file.path, codec_of(*chain.output.format), copy).path);
  } else {
    for (const Codec& codec : codecs()) {
      if (codec.can_encode != nullptr)
        paths.push_back(output_name(chain, file.path, codec, copy).path);
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

// Whether every output of earlier runs is known: there were none, or all ended well and left whole
// entries.
bool knows_all(const Past& past) {
  if (past.header().empty() && past.logs().empty()) return true;
  return past.logs().empty() && past.has_state() && past.seal() &&
         std::all_of(past.items().begin(), past.items().end(),
                     [&](const Past::Item& item) { return past.read(item.place).has_value(); });
}

}  // namespace

OutputName output_name(const Chain& chain, std::string_view input_path, const Codec& input_codec,
                       int copy) {
  const Codec& codec = chain.output.format ? codec_of(*chain.output.format) : input_codec;
  return {&codec, output_path(input_path, codec, !chain.output.format, copy, chain.copies)};
}

bool is_passed_over(const Error& error, std::string_view path, bool named) {
  return error.code == ErrorCode::NotAnImage && !named && !is_image_extension(extension_of(path));
}

std::size_t keep_images(InputList& list, int jobs) {
  std::vector<std::uint8_t> drop(list.files.size(), 0);
  for_each_index(list.files.size(), jobs, [&](std::size_t i, std::size_t) {
    const InputFile& file = list.files[i];
    drop[i] = passes_over(list, file) ? 1 : 0;
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
  // Only files with the same stem can write one output, and only then it matters what they are.
  std::vector<std::uint32_t> order(list.files.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto stem = [&](std::uint32_t i) { return stem_of(list.files[i].path); };
  std::sort(order.begin(), order.end(), [&](std::uint32_t x, std::uint32_t y) {
    const int by_stem = stem(x).compare(stem(y));
    return by_stem != 0 ? by_stem < 0 : x < y;
  });
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && stem(order[end]) == stem(order[begin]))
      ++end;
    std::vector<std::pair<std::string, std::string>> outputs;  // output, input
    for (std::size_t i = begin; end - begin > 1 && i < end; ++i) {
      const InputFile& file = list.files[order[i]];
      const std::string path = list.file_path(file);
      if (const auto codec = look(path)) {
        outputs.emplace_back(output_name(chain, file.path, **codec, 0).path, path);
      }
    }
    std::sort(outputs.begin(), outputs.end());
    for (std::size_t i = 1; i < outputs.size(); ++i) {
      if (outputs[i].first != outputs[i - 1].first) continue;
      clashes.push_back("two inputs would write " + printable(outputs[i].first) + ": " +
                        printable(outputs[i - 1].second) + ", " + printable(outputs[i].second));
    }
    begin = end;
  }
  // An output where its folder's array will be.
  for (const InputFile& file : list.files) {
    if (!chain.output.stack || !name_of_path(file.path).starts_with("deckle-stack")) continue;
    for (const auto& [output, copy] : possible_copies(chain, file)) {
      if (is_stack_name(name_of_path(output)) && !passes_over(list, file)) {
        clashes.push_back(printable(list.file_path(file)) + " would write " + printable(output) +
                          ", a name for the array of all outputs");
      }
    }
  }
  // A file where another output needs a folder. A folder without images becomes none.
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> folders;
  for (std::uint32_t i = 0; i < list.files.size(); ++i) {
    std::string_view folder = folder_of(list.files[i].path);
    if (!folder.empty()) folders[folder].push_back(i);
    for (folder = folder_of(folder); !folder.empty(); folder = folder_of(folder)) {
      if (!folders.try_emplace(folder).second) break;
    }
  }
  const auto holds_images = [&](const std::string& folder) {
    return std::any_of(list.files.begin(), list.files.end(), [&](const InputFile& file) {
      return file.path.starts_with(folder + "/") && !passes_over(list, file);
    });
  };
  for (const InputFile& file : list.files) {
    if (folders.empty()) break;
    for (const std::string& possible : possible_outputs(chain, file)) {
      if (!folders.contains(possible)) continue;
      const auto codec = look(list.file_path(file));
      if (!codec || output_name(chain, file.path, **codec, 0).path != possible) continue;
      if (!holds_images(possible)) continue;
      clashes.push_back(printable(list.file_path(file)) + " would write " + printable(possible) +
                        ", which is the folder of other outputs");
    }
  }
  return clashes;
}

Result<Done> check_output_folder(const Chain& chain, const InputList& list,
                                 const std::string& out) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::Usage, printable(out) + ": " + why};
  };
  const std::string real_out = real_path(out);
  // For each root that lies below the output folder: where, relative to it.
  std::vector<std::optional<std::string>> root_below_out(list.roots.size());
  std::vector<std::string> real_roots;
  for (std::size_t i = 0; i < list.roots.size(); ++i) {
    real_roots.push_back(real_path(list.roots[i]));
    if (list.root_is_folder[i] && real_roots.back() == real_out) {
      return refuse(
          "the output folder is an input folder; outputs never go there, give another -o");
    }
    root_below_out[i] = below(real_out, real_roots.back());
  }
  if (auto linked = check_links(list, out, real_out, real_roots); !linked)
    return refuse(linked.error().message);
  for (const InputFile& file : list.files) {
    if (!std::any_of(root_below_out.begin(), root_below_out.end(),
                     [](const auto& b) { return b.has_value(); }))
      break;
    for (const std::string& output : possible_outputs(chain, file)) {
      for (std::size_t i = 0; i < list.roots.size(); ++i) {
        if (!root_below_out[i]) continue;
        if (list.root_is_folder[i] && below(*root_below_out[i], output)) {
          return refuse("the output " + printable(output) + " would land in the input folder " +
                        printable(list.roots[i]) + "; give another -o");
        }
      }
      // A file that was named: its own folder may be the output folder, but it must stay what it
      // is.
      if (root_below_out[file.root] && !list.root_is_folder[file.root] &&
          join_path(*root_below_out[file.root], file.path) == output) {
        return refuse("the output " + printable(output) +
                      " would replace the input itself; give another -o");
      }
    }
  }
  return Done{};
}

std::vector<std::string> find_foreign(const Chain& chain, const InputList& list,
                                      const OutputFolder& folder) {
  std::vector<std::string> foreign;
  if (folder.was_empty()) return foreign;
  const auto& past = folder.past().items();
  auto item = past.begin();
  struct stat status {};
  for (const InputFile& file : list.files) {
    while (item != past.end() && item->path < file.path)
      ++item;
    if (item != past.end() && item->path == file.path) continue;
    for (const auto& [output, copy] : possible_copies(chain, file)) {
      const std::string path = join_path(folder.path(), output);
      if (::lstat(path.c_str(), &status) != 0 || folder.is_own(output)) continue;
      const auto codec = look(list.file_path(file));
      if (!codec || output_name(chain, file.path, **codec, copy).path != output) continue;
      foreign.push_back(printable(path) +
                        ": is there already and was not made by a run into this folder");
    }
  }
  // Where a journal lost something nobody knows all that is ours: then each file is looked at when
  // its output is made.
  if (!foreign.empty() && !knows_all(folder.past())) foreign.clear();
  return foreign;
}

}  // namespace deckle
