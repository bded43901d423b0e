// SPDX-License-Identifier: Apache-2.0
// convolution_geometry: the stages of a convolutional layer, and the shapes that they give.
// Shapes  valid  ceil((n - reach + 1) / stride), reach = (size - 1) * dilation + 1
//         same, causal  ceil(n / stride)        full  ceil((n + reach - 1) / stride)
//         transposed  valid n * stride + max(reach - stride, 0), same n * stride,
//                     full (n - 1) * stride - reach + 2
// Fails   Shape if the kernel is for another number of channels, or larger than the image
// Source  Keras 1.2 to 3, with TensorFlow's "same": the odd pixel is at the end
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/shape.h"
#include "kernels/convolve.h"

namespace deckle {

enum class ConvolutionPadding : std::uint8_t { Valid, Same, Causal, Full };

/// One number for each axis.
using Lengths = std::vector<std::int64_t>;

inline constexpr std::int64_t kAny = -1;

/// One convolution. A separable layer has two, one after the other.
struct Stage {
  std::shared_ptr<const Convolution> convolution;  ///< null without weights: only shapes are known
  std::array<std::int64_t, 3> size{1, 1, 1};       ///< of the kernel
  std::int64_t in = kAny;                          ///< channels of the input
  std::int64_t out = 1;                            ///< channels of the output
  bool each = false;  ///< depthwise: every input channel gives `out` output channels
  std::int64_t groups = 1;
  bool transposed = false;
  bool biased = false;
  bool trained = true;  ///< false: a filter with a name
  Lengths stride;
  Lengths dilation;
  ConvolutionPadding padding = ConvolutionPadding::Valid;
  Lengths output_padding;  ///< transposed; empty: not given
  Lengths output_shape;    ///< transposed, Keras 1 only; else empty
};

/// Number of output channels for `in` input channels.
[[nodiscard]] std::int64_t channels_of(const Stage& stage, std::int64_t in);

/// Number of weights for `in` input channels, as Keras counts them.
[[nodiscard]] std::int64_t parameters_of(const Stage& stage, std::int64_t in);

/// The geometry of each axis of an image of this shape; Shape, with the layer's name, if the stage
/// cannot take the image.
[[nodiscard]] Result<std::vector<ConvolvedAxis>> geometry_of(std::string_view name,
                                                             const Stage& stage, const Shape& in);

}  // namespace deckle
