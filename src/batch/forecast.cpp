// SPDX-License-Identifier: Apache-2.0
#include "batch/forecast.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "batch/archive.h"
#include "batch/for_each_index.h"
#include "batch/output_checks.h"
#include "batch/output_encoding.h"
#include "batch/survey.h"
#include "chain/plan.h"
#include "codecs/formats.h"
#include "codecs/npz.h"
#include "codecs/read_picture.h"
#include "core/digest.h"
#include "dataset/files.h"

namespace deckle {
namespace {

struct Look {
  bool no_image = false;
  std::optional<Error> error;
  std::optional<Shape> shape;
  std::optional<std::int64_t> batch;
  double needed = 0;
  std::string resized;
  std::string skipped;
  std::vector<Effect> effects;
  std::uint64_t bytes_raw = 0;
  std::uint64_t bytes_about = 0;
};

std::string resized_text(const Chain& chain, const Plan& plan) {
  for (const Draw& draw : plan.draws) {
    const Layer& layer = chain.layers[draw.layer];
    if (!draw.choice.resized || !layer.config.value("training", true)) continue;
    const Window& window = *draw.choice.resized;
    // A window of the layer's own size is not resized: Keras 3.6 and later.
    if (layer.config.value("height", 0) != window[0].length() ||
        layer.config.value("width", 0) != window[1].length()) {
      return "smaller than its crop (" + std::to_string(plan.input.rows()) + " x " +
             std::to_string(plan.input.cols()) + ")";
    }
  }
  return "";
}

// Whether the outputs' names can be written. All digests have the same length, so a name is checked
// with a digest of zeros and no file is read. `plan` is the plan of the first copy.
Result<Done> check_names(const Chain& chain, const InputFile& input, const Plan& plan,
                         const Codec& codec, const std::function<Result<Plan>(int)>& plan_of) {
  for (int copy = 0; copy < chain.copies; ++copy) {
    NameFields fields{input.path, copy, chain.copies, input.index,
                      std::string(kNameHashDigits, '0')};
    Window window = plan.window;
    if (copy > 0 && is_late_name(chain.output.name)) {
      const auto other = plan_of(copy);
      if (!other) return other.error();
      window = other->window;
    }
    fields.top = window[0].begin;
    fields.left = window[1].begin;
    auto right = check_output_path(output_name(chain, fields, codec).path, chain.output.name);
    if (!right) return right;
  }
  return Done{};
}

Look look_at(const Chain& chain, const InputList& list, std::size_t index) {
  const InputFile& input = list.files[index];
  Look look;
  const auto failed = [&](const Error& error) {
    look.error = error;
    look.no_image = is_skipped(error, input.path, input.named);
    return look;
  };
  const std::string path = list.file_path(input);
  if (const auto unlisted = list.unlisted.find(path); unlisted != list.unlisted.end())
    return failed(unlisted->second);
  const auto member = archive_member(path);
  const auto file = open_to_read(member ? member->archive : path);
  if (!file) return failed(file.error());
  Buffer array;
  if (member) {
    if (const auto read = read_npz(member->archive, member->array, array, kMostNpzBytes,
                                   check_array(chain.input));
        !read)
      return failed(read.error());
  }
  const MappedFile mapped(*file);
  const Bytes bytes = member ? array.bytes() : mapped.bytes();
  const auto codec = recognise_input(bytes.first(std::min(bytes.size(), kHeadBytes)), path);
  if (!codec) return failed(codec.error());
  const auto info = read_info(bytes, chain.input);
  if (!info) return failed(info.error());
  look.shape = info->seen.shape;
  look.batch = info->batch;
  // The content is read only if the place of the window matters; otherwise any window gives the
  // same forecast.
  Sha256 content{};
  if (chain.output.jpeg_lossless && chain.seed_from == SeedFrom::Content) content = sha256(bytes);
  const auto plan_of = [&](int copy) {
    return make_plan(chain, *look.shape, info->dtype,
                     {input.path, static_cast<std::int64_t>(index), content, copy},
                     {info->format == Format::Npy, info->batch});
  };
  const auto plan = plan_of(0);
  if (!plan) return failed(plan.error());
  if (!plan->skip.empty()) {
    look.skipped = plan->skip;
    return look;
  }
  const Codec& target = *output_name(chain, {input.path}, **codec).codec;
  const DType depth = output_dtype(chain, *plan, target.format);
  if (const auto fits = check_output(target, *plan, *info, depth); !fits)
    return failed(fits.error());
  if (const auto names = check_names(chain, input, *plan, **codec, plan_of); !names)
    return failed(names.error());
  if (chain.output.jpeg_lossless) {
    // Each copy has its own window, and the image fails if any of them fails.
    for (int copy = 0; copy < chain.copies; ++copy) {
      const auto other = copy == 0 ? plan : plan_of(copy);
      if (!other) return failed(other.error());
      if (const auto cut = check_lossless(chain, *other, *info, bytes, target); !cut)
        return failed(cut.error());
    }
  }

  look.resized = resized_text(chain, *plan);
  look.effects = effects_on(chain, *info, *plan, target, depth,
                            metadata_for_output(chain, *plan, *info, bytes, target));
  look.needed =
      static_cast<double>(plan->window.pixels()) / static_cast<double>(look.shape->pixels());
  const auto copies = static_cast<std::uint64_t>(chain.copies);
  const auto batch = static_cast<double>(info->batch.value_or(1));
  const auto samples = batch * static_cast<double>(plan->output.pixels() * plan->output.channels);
  look.bytes_raw = copies * static_cast<std::uint64_t>(samples) * size_of(depth);
  // If the format stays the same, the compression is about the same.
  const double share =
      target.format == info->format
          ? static_cast<double>(bytes.size()) /
                (batch * static_cast<double>(look.shape->pixels() * look.shape->channels) *
                 static_cast<double>(size_of(info->dtype)))
          : (target.encoder ? target.encoder->usual_share : 1.0);
  look.bytes_about =
      static_cast<std::uint64_t>(static_cast<double>(look.bytes_raw) * std::min(share, 1.1));
  return look;
}

}  // namespace

Forecast forecast(const Chain& chain, const InputList& list, int jobs) {
  std::vector<Look> looks(list.files.size());
  for_each_index(looks.size(), jobs,
                 [&](std::size_t i, std::size_t) { looks[i] = look_at(chain, list, i); });

  Forecast result;
  std::map<std::tuple<std::array<std::int64_t, 3>, std::int64_t, std::int64_t>, ShapeGroup> groups;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const Look& look = looks[i];
    const std::string file = list.file_path(list.files[i]);
    if (look.no_image) {
      ++result.not_images;
      continue;
    }
    ++result.images;
    if (look.shape) {
      ShapeGroup& group =
          groups[{look.shape->extent, look.shape->channels, look.batch.value_or(0)}];
      group.input = *look.shape;
      group.batch = look.batch;
      ++group.files;
      if (!look.error && look.skipped.empty()) {
        ++group.done;
        group.needed += look.needed;
      }
    }
    if (look.error) {
      result.failing.push_back({file, look.error->message});
    } else if (!look.skipped.empty()) {
      result.skipped.push_back({file, look.skipped});
    } else {
      result.outputs += static_cast<std::size_t>(chain.copies);
      result.bytes_raw += look.bytes_raw;
      result.bytes_about += look.bytes_about;
      for (const Effect effect : look.effects)
        result.effects.at(static_cast<std::size_t>(effect)).push_back(file);
      if (!look.resized.empty()) result.resized.push_back({file, look.resized});
    }
  }
  for (auto& [key, group] : groups) {
    if (group.done > 0) group.needed /= static_cast<double>(group.done);
    if (auto shapes = plan_shapes(chain, group.input)) group.shapes = *std::move(shapes);
    result.groups.push_back(std::move(group));
  }
  std::stable_sort(result.groups.begin(), result.groups.end(),
                   [](const ShapeGroup& x, const ShapeGroup& y) { return x.files > y.files; });
  return result;
}

}  // namespace deckle
