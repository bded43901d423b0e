// SPDX-License-Identifier: Apache-2.0
// convolution_weights: makes the stages of a convolutional layer from its arrays, which are in the
// layout of its Keras.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "kernels/convolve.h"
#include "layers/arguments.h"
#include "layers/convolution_geometry.h"

namespace deckle {

enum class ConvolutionKind : std::uint8_t { Plain, Separable, Depthwise, Transposed };

/// The arguments of a convolutional layer.
struct ConvolutionArguments {
  ConvolutionKind kind = ConvolutionKind::Plain;
  int rank = 2;
  std::int64_t filters = kAny;
  std::int64_t multiplier = 1;
  std::int64_t groups = 1;
  Lengths size;  ///< empty: that of the weights
  Lengths strides;
  Lengths dilation;
  Lengths output_padding;  ///< empty: not given
  Lengths output_shape;    ///< empty: not given
  ConvolutionPadding padding = ConvolutionPadding::Valid;
  Activation activation = Activation::Linear;
  std::optional<bool> use_bias;      ///< nothing: true if the weights have a bias
  std::optional<std::string> named;  ///< the filter's name
  double sigma = 1;

  [[nodiscard]] std::size_t axes() const { return static_cast<std::size_t>(rank); }
  [[nodiscard]] bool has_filters() const { return kind != ConvolutionKind::Depthwise; }
  [[nodiscard]] bool has_multiplier() const {
    return kind == ConvolutionKind::Separable || kind == ConvolutionKind::Depthwise;
  }
  [[nodiscard]] bool has_names() const { return kind == ConvolutionKind::Depthwise && rank == 2; }
  [[nodiscard]] bool has_output_shape() const {
    return kind == ConvolutionKind::Transposed && rank == 2;
  }
  [[nodiscard]] bool in_keras1() const {
    return kind == ConvolutionKind::Plain || (rank == 2 && kind != ConvolutionKind::Depthwise);
  }
};

/// Reads "weights", or makes the named filter, and returns the layer's stages. Writes to `given`
/// what the weights determine: filters, multiplier, size, use_bias. If there are no weights and
/// that is allowed, the stages only have shapes. Mistakes are recorded in `arguments`.
[[nodiscard]] std::vector<Stage> read_stages(Arguments& arguments, ConvolutionArguments& given);

/// Records a mistake if the filters cannot be divided into the groups.
void check_groups(Arguments& arguments, const ConvolutionArguments& given);
/// Records a mistake if "output_shape" has not as many channels as there are filters.
void check_output_channels(Arguments& arguments, const ConvolutionArguments& given);

}  // namespace deckle
