// SPDX-License-Identifier: Apache-2.0
#include "layers/convolution_geometry.h"

#include <algorithm>
#include <string>

#include "core/text.h"
#include "layers/common.h"

namespace deckle {
namespace {

// ceil(a / b) of positive numbers
std::int64_t parts(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// The geometry of axis `a`, or an error with the reason.
Result<ConvolvedAxis> along(std::string_view name, const Stage& stage, int a, const Shape& shape) {
  const auto i = static_cast<std::size_t>(a);
  const std::int64_t n = shape[a];
  const std::int64_t stride = stage.stride[i];
  const std::int64_t reach = (stage.size.at(i) - 1) * stage.dilation[i] + 1;
  ConvolvedAxis axis{stride, stage.dilation[i], 0, 0};
  switch (stage.padding) {
    case ConvolutionPadding::Valid:
      if (reach > n) {
        return shape_error(name, "a kernel that reaches over " + std::to_string(reach) + " " +
                                     std::string(axis_name(shape.rank, a)) + " does not fit into " +
                                     std::to_string(n) + "; padding \"same\" takes any image");
      }
      axis.out = (n - reach) / stride + 1;
      break;
    case ConvolutionPadding::Same:
      axis.out = parts(n, stride);
      axis.before = std::max<std::int64_t>((axis.out - 1) * stride + reach - n, 0) / 2;
      break;
    case ConvolutionPadding::Causal:
      axis.out = parts(n, stride);
      axis.before = reach - 1;
      break;
    case ConvolutionPadding::Full:
      axis.out = parts(n + reach - 1, stride);
      axis.before = reach - 1;
      break;
  }
  return axis;
}

Result<ConvolvedAxis> along_transposed(std::string_view name, const Stage& stage, int a,
                                       const Shape& shape) {
  const auto i = static_cast<std::size_t>(a);
  const std::int64_t n = shape[a];
  const std::int64_t stride = stage.stride[i];
  const std::int64_t reach = (stage.size.at(i) - 1) * stage.dilation[i] + 1;
  const bool same = stage.padding == ConvolutionPadding::Same;
  const bool full = stage.padding == ConvolutionPadding::Full;
  ConvolvedAxis axis{stride, stage.dilation[i], 0, 0};
  // Convolving `least` to `least + stride - 1` samples gives n samples.
  const std::int64_t least = (n - 1) * stride + (same ? 1 : full ? 2 - reach : reach);
  if (!stage.output_shape.empty()) {
    axis.out = stage.output_shape[i];
    const std::int64_t most = least + stride - 1;
    if (axis.out < least || axis.out > most) {
      const std::int64_t first = std::max<std::int64_t>(least, 1);
      const std::string can = most < 1 ? "none is possible"
                                       : "it can be " + std::to_string(first) +
                                             (first == most ? "" : " to " + std::to_string(most));
      return shape_error(name, "output_shape says " + std::to_string(axis.out) + " " +
                                   std::string(axis_name(shape.rank, a)) + "; of " +
                                   std::to_string(n) + " " + can);
    }
  } else if (!stage.output_padding.empty()) {
    const std::int64_t cut = same ? 2 * (reach / 2) : full ? 2 * (reach - 1) : 0;
    axis.out = (n - 1) * stride + reach - cut + stage.output_padding[i];
  } else if (full) {
    axis.out = least;
  } else {
    axis.out = n * stride + (same ? 0 : std::max<std::int64_t>(reach - stride, 0));
  }
  if (axis.out < 1) {
    return shape_error(name, "with padding \"full\" nothing is left of " + std::to_string(n) + " " +
                                 std::string(axis_name(shape.rank, a)));
  }
  if (same) axis.before = std::max<std::int64_t>((n - 1) * stride + reach - axis.out, 0) / 2;
  if (full) axis.before = reach - 1;
  return axis;
}

}  // namespace

std::int64_t channels_of(const Stage& stage, std::int64_t in) {
  return stage.each ? in * stage.out : stage.out;
}

std::int64_t parameters_of(const Stage& stage, std::int64_t in) {
  if (!stage.trained) return 0;
  const std::int64_t taps = stage.size[0] * stage.size[1] * stage.size[2];
  const std::int64_t made = channels_of(stage, in);
  return taps * (stage.each ? made : in / stage.groups * made) + (stage.biased ? made : 0);
}

Result<std::vector<ConvolvedAxis>> geometry_of(std::string_view name, const Stage& stage,
                                               const Shape& in) {
  if (stage.in != kAny && stage.in != in.channels) {
    return shape_error(name, "its kernel is for " +
                                 count_of(static_cast<std::uint64_t>(stage.in), "channel") +
                                 ", the image has " + std::to_string(in.channels));
  }
  if (in.channels % stage.groups != 0) {
    return shape_error(name, std::to_string(in.channels) + " channels cannot be divided into " +
                                 std::to_string(stage.groups) + " groups");
  }
  std::vector<ConvolvedAxis> axes;
  for (int a = 0; a < in.rank; ++a) {
    auto axis = stage.transposed ? along_transposed(name, stage, a, in) : along(name, stage, a, in);
    if (!axis) return axis.error();
    axes.push_back(*axis);
  }
  return axes;
}

}  // namespace deckle
