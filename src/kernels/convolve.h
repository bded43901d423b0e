// SPDX-License-Identifier: Apache-2.0
// convolve: convolutions and their transposes in float32, by oneDNN.
//
// oneDNN has kernels for each kind of processor, which add in different orders. Therefore the last
// bits of a sum, and sometimes a rounded pixel, depend on the kind of processor. For the same bytes
// on all machines, set DNNL_MAX_CPU_ISA (for example AVX2) on all of them. On one machine the
// result is the same for any number of threads, because one thread computes each call.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace deckle {

enum class Activation : std::uint8_t {
  Linear,
  Relu,
  Relu6,
  Elu,
  Selu,
  Softplus,
  Softsign,
  Tanh,
  Sigmoid,
  HardSigmoid,   ///< clip(0.2 x + 0.5, 0, 1)
  HardSigmoid3,  ///< clip(x / 6 + 0.5, 0, 1): Keras 3's
  Exponential,
  Swish,
  Gelu,      ///< by erf
  GeluTanh,  ///< its approximation
  Softmax,   ///< see FilterBank::softmax_axis
};

/// The kernel and the activation of a convolution; they do not depend on the image's size.
struct FilterBank {
  int rank = 2;                               ///< spatial axes
  std::array<std::int64_t, 3> size{1, 1, 1};  ///< of the kernel; the first `rank` are used
  std::int64_t in = 1;                        ///< channels
  std::int64_t out = 1;
  std::int64_t groups = 1;  ///< group g of the in channels makes group g of the out channels
  bool transposed = false;
  /// The kernel has one channel, [size...], and is applied to each channel of the input. Then in,
  /// out and groups are 1.
  bool each_channel = false;
  /// [size...][in / groups][out]; transposed: [size...][out][in], and one group.
  std::vector<float> kernel;
  std::vector<float> bias;  ///< one number for each out channel, or none
  Activation activation = Activation::Linear;
  int softmax_axis = -1;  ///< the spatial axis that sums to 1; -1: the channels
};

/// How the kernel moves along one axis. The input is 0 outside of the image.
///
///     out[p] = sum over q of in[p * stride + q * dilation - before] * kernel[q]
///
/// Transposed: in[p] * kernel[q] is added to out[p * stride + q * dilation - before], if that
/// exists.
struct ConvolvedAxis {
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t out = 1;  ///< length of the output

  bool operator==(const ConvolvedAxis&) const = default;
};

/// A range of a kernel's taps on one axis: [first, end).
struct TapRange {
  std::int64_t first = 0;
  std::int64_t end = 1;

  bool operator==(const TapRange&) const = default;
};

/// The taps, of `size` on an axis, that are multiplied by the input at least once, not only by
/// padding. `in` is the length of the input. [0, 0) if no tap meets the input.
[[nodiscard]] TapRange used_taps(const ConvolvedAxis& axis, std::int64_t size, std::int64_t in,
                                 bool transposed);

/// Samples in memory that belongs to a tensor: all of them, or some rows.
struct SampleView {
  const std::uint8_t* samples = nullptr;
  Shape shape;  ///< of one sample of the batch
  DType dtype = DType::Float32;
  std::int64_t batch = 1;
};

/// A filter bank in the layouts that oneDNN needs. Each layout is made when it is first needed, and
/// shared by all threads.
class Convolution {
 public:
  explicit Convolution(FilterBank bank);
  ~Convolution();
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  [[nodiscard]] const FilterBank& bank() const { return bank_; }
  /// The number of output channels for a number of input channels.
  [[nodiscard]] std::int64_t channels_of(std::int64_t in) const {
    return bank_.each_channel ? in : bank_.out;
  }

  /// batch x (axes) x in, of any type, to batch x (out of each axis) x out, in float32: activation
  /// (sum + bias). Every window must meet the image, with a tap or with a gap between taps.
  void run(const Tensor& from, std::span<const ConvolvedAxis> axes, Tensor& to) const;
  /// The same, written to memory of that size.
  void run(const SampleView& from, std::span<const ConvolvedAxis> axes, float* to) const;

 private:
  struct Prepared;
  [[nodiscard]] Shape shape_of(const Shape& in, std::span<const ConvolvedAxis> axes) const;
  void fill_without_sum(const Shape& shape, std::int64_t batch, float* to) const;

  FilterBank bank_;
  std::unique_ptr<Prepared> prepared_;
};

/// Whether this deckle was built with oneDNN. Without it, parse_chain refuses chains that convolve.
[[nodiscard]] bool can_convolve();

/// "oneDNN 2.6.3, AVX512": library, version and instruction set; the last bits depend on them.
[[nodiscard]] std::string convolution_library();

/// Applies the activation in place, to float32. `softmax_axis` as in FilterBank.
void activate(Activation activation, int softmax_axis, Tensor& tensor);

}  // namespace deckle
