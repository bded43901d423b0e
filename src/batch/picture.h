// SPDX-License-Identifier: Apache-2.0
// picture: runs a chain over one picture in memory, for programs that have pictures instead of
// folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "batch/effects.h"
#include "chain/chain.h"
#include "chain/plan.h"
#include "codecs/format.h"
#include "codecs/image_info.h"
#include "core/bytes.h"
#include "core/result.h"

namespace deckle {

/// Identifies a picture. Draws depend on it as the chain's `seed_from` says.
struct PictureName {
  std::string path;        ///< relative to the input folder, with '/' between folders
  std::int64_t index = 0;  ///< in the sorted list of inputs, from 0
  int copy = 0;            ///< which of the chain's `copies`, from 0
};

/// An output, and what was done for it.
struct MadePicture {
  Format format = Format::Png;
  Buffer file;  ///< the bytes of the output file; empty if the picture is skipped
  Shape shape;  ///< of the output: rows, cols, channels
  DType dtype = DType::UInt8;
  Window window;                ///< the part of the upright input that it shows, in pixels
  std::vector<Draw> draws;      ///< what the random layers chose
  std::vector<Effect> effects;  ///< what a user may not expect
  Damage damage;                ///< what is missing of a damaged picture that was accepted
  std::string skip;             ///< why the picture is skipped; "" if it is not
};

/// Reads the header of `file`, plans, decodes what is needed, runs the chain and encodes: the bytes
/// are those that `deckle run` writes for this file under this name. It reads and writes no file;
/// only the plug-in for OpenEXR may be opened. Any number of threads may share one chain.
///
/// Fails with Usage if the chain draws but has no seed, or a number in `name` is negative; with
/// NotAnImage if `file` is empty or not a picture; with Truncated, Damaged or Unsupported as the
/// codec does; with Shape, Depth or TooLarge if the chain cannot process the picture or the format
/// cannot store the output.
[[nodiscard]] Result<MadePicture> run_on_picture(const Chain& chain, Bytes file,
                                                 const PictureName& name);

}  // namespace deckle
