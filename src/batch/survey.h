// SPDX-License-Identifier: Apache-2.0
// survey: what can be known to go wrong before the first file is written.
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

/// Whether a file that `recognise` refused with `error` is skipped instead of failing: it is no
/// image, was not named by the user, and has no extension of an image format (an empty .jpg fails,
/// a README is skipped).
[[nodiscard]] bool is_skipped(const Error& error, std::string_view path, bool named);

/// Removes the files that are skipped from the list: reads the beginning of each. Returns their
/// number.
[[nodiscard]] std::size_t keep_images(InputList& list, int jobs);

/// Inputs that would write one output or have one name, in sentences; empty where there are none.
/// Reads the beginnings of only those files whose names say that they might.
[[nodiscard]] std::vector<std::string> find_clashes(const Chain& chain, const InputList& list);

/// What to do about clashes: the template of output names that avoids them, where there is one.
[[nodiscard]] std::string advice_on_clashes(const Chain& chain, const InputList& list);

/// Outputs that an earlier run recorded for inputs that are not in the list, and that an input of
/// the list would write, in sentences.
[[nodiscard]] std::vector<std::string> find_recorded_clashes(const Chain& chain,
                                                             const InputList& list,
                                                             const OutputFolder& folder);

/// Files in the place of folders that outputs need, in sentences.
[[nodiscard]] std::vector<std::string> find_blocked(const Chain& chain, const InputList& list,
                                                    const std::string& out);

/// Outputs that would be one file in a folder where the case of letters does not count, in
/// sentences. Names with {hash}, {top} or {left} are not looked at.
[[nodiscard]] std::vector<std::string> find_case_clashes(const Chain& chain, const InputList& list);

/// Fails with Usage where the output folder is an input folder, or an output would land in one or
/// on an input.
[[nodiscard]] Result<Done> check_output_folder(const Chain& chain, const InputList& list,
                                               const std::string& out);

/// Files with the name of an output that no run made, for inputs that have no entry yet, in
/// sentences.
[[nodiscard]] Result<std::vector<std::string>> find_foreign(const Chain& chain,
                                                            const InputList& list,
                                                            const OutputFolder& folder);

}  // namespace deckle
