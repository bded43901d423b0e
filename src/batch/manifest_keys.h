// SPDX-License-Identifier: Apache-2.0
// manifest_keys: all keys of a manifest, for readers, tests and the reference page.
#pragma once

#include <array>
#include <string_view>

namespace deckle {

struct ManifestKey {
  std::string_view name;
  std::string_view help;  ///< one line
};

/// Of the header, the first line.
inline constexpr std::array kHeaderKeys{
    ManifestKey{"deckle_manifest", "version of the manifest's format"},
    ManifestKey{"deckle", "version of the program that wrote it"},
    ManifestKey{"seed_derivation", "version of the rule by which an image gets its seed"},
    ManifestKey{"relative_to",
                "what the inputs' names are relative to: input folder, or current "
                "folder"},
    ManifestKey{"chain", "the chain with every default filled in"},
    ManifestKey{"chain_sha256", "SHA-256 of that chain's text"},
    ManifestKey{"seed", "the run's seed pair [a, b], if the chain has or draws one"},
    ManifestKey{"codecs", "versions of the libraries that read and write, by format"},
    ManifestKey{"shard", "which part of a divided run this is; a merged manifest has none"},
    ManifestKey{"records", "number of the lines that follow; the last key"},
};

/// Of a record, each line after the header. A path that is not UTF-8 also has its exact bytes, in
/// hex, under its key + "_bytes".
inline constexpr std::array kRecordKeys{
    ManifestKey{"input", "path of the input"},
    ManifestKey{"input_sha256", "SHA-256 of the input file, if it could be read"},
    ManifestKey{"shape", "shape of the sample as the chain gets it: extents, then channels"},
    ManifestKey{"batch", "number of samples, if the input is a batch of arrays"},
    ManifestKey{"copy", "number of the copy, from 0, if the chain makes several"},
    ManifestKey{"decoder", "the plug-in that decoded the input, with its version"},
    ManifestKey{"truncated", "what is missing of a picture that was accepted nevertheless"},
    ManifestKey{"note", "what is unusual in the input file, although nothing is missing"},
    ManifestKey{"error", "code and message, if there is no output because something failed"},
    ManifestKey{"skipped", "the reason, if there is no output because the chain skips the input"},
    ManifestKey{"draws", "every random decision: layer, seed, and what was chosen"},
    ManifestKey{
        "window",
        "the part of the input that was needed: the begin of each axis, then the end of each"},
    ManifestKey{"placed", "where that window is in the output, in the same order"},
    ManifestKey{"scale", "factor from input to output for each axis, if one is not 1"},
    ManifestKey{"flipped", "whether each axis is flipped, if one is"},
    ManifestKey{"output", "path of the output, in the output folder"},
    ManifestKey{"output_sha256", "SHA-256 of the output file"},
    ManifestKey{"bytes", "size of the output file"},
    ManifestKey{"output_shape", "shape of the output: extents, then channels"},
    ManifestKey{"output_dtype", "type of the output's samples"},
    ManifestKey{"pixels", "digest of the output's samples, before they were encoded"},
};

}  // namespace deckle
