// SPDX-License-Identifier: Apache-2.0
// survey: finds errors before the first file is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "batch/output_folder.h"
#include "chain/chain.h"
#include "chain/output_names.h"
#include "core/result.h"
#include "dataset/inputs.h"

namespace deckle {

struct Codec;

/// The codec of an output, and its path relative to the output folder.
struct OutputName {
  const Codec* codec;
  std::string path;
};
[[nodiscard]] OutputName output_name(const Chain& chain, const NameFields& fields,
                                     const Codec& input_codec);

/// Whether a file that `recognise` refused with `error` is skipped instead of failing: it is not an
/// image, was not named by the user, and does not have the extension of an image format (an empty
/// .jpg fails, a README is skipped).
[[nodiscard]] bool is_skipped(const Error& error, std::string_view path, bool named);

/// Removes the files that are skipped from the list: reads the beginning of each. Returns their
/// number.
[[nodiscard]] std::size_t keep_images(InputList& list, int jobs);

/// Inputs that would write the same output or have the same name, in sentences; empty if there are
/// none. Reads the first bytes only of files whose names make a clash possible.
[[nodiscard]] std::vector<std::string> find_clashes(const Chain& chain, const InputList& list);

/// What to do about clashes: a template of output names that avoids them, if there is one.
[[nodiscard]] std::string advice_on_clashes(const Chain& chain, const InputList& list);

/// Outputs that an input of the list would write although an earlier run recorded them for another
/// input, which is not in the list. In sentences.
[[nodiscard]] std::vector<std::string> find_recorded_clashes(const Chain& chain,
                                                             const InputList& list,
                                                             const OutputFolder& folder);

/// Files with the names of folders that outputs need, in sentences.
[[nodiscard]] std::vector<std::string> find_blocked(const Chain& chain, const InputList& list,
                                                    const std::string& out);

/// Outputs that would be the same file in a folder that ignores case, in sentences. Names with
/// {hash}, {top} or {left} are not checked.
[[nodiscard]] std::vector<std::string> find_case_clashes(const Chain& chain, const InputList& list);

/// Fails with Usage if the output folder is an input folder, or an output would be written into an
/// input folder or over an input.
[[nodiscard]] Result<Done> check_output_folder(const Chain& chain, const InputList& list,
                                               const std::string& out);

/// Files that have the name of an output but were not made by a run, for inputs without an entry,
/// in sentences.
[[nodiscard]] Result<std::vector<std::string>> find_foreign(const Chain& chain,
                                                            const InputList& list,
                                                            const OutputFolder& folder);

}  // namespace deckle
