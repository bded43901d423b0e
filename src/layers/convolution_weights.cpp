// SPDX-License-Identifier: Apache-2.0
#include "layers/convolution_weights.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "layers/weights.h"

namespace deckle {
namespace {

// The order of the axes in a kernel's array in the file.
struct Layout {
  std::string text;                // "(rows, cols, in, filters)"
  std::vector<std::size_t> order;  // our axis i is axis order[i] of the array
};

// The layout of this Keras. Ours is Keras 2's: (size.., in / groups, filters), depthwise (size..,
// in, multiplier), transposed (size.., filters, in).
Layout layout_of(ConvolutionKind kind, int rank, bool keras1, bool th) {
  constexpr std::array<std::string_view, 3> kSizes{"length", "rows, cols", "planes, rows, cols"};
  const std::string size(kSizes.at(static_cast<std::size_t>(rank) - 1));
  const auto r = static_cast<std::size_t>(rank);
  Layout layout;
  for (std::size_t a = 0; a < r; ++a)
    layout.order.push_back(a + (keras1 && th ? 2 : 0));
  const auto then = [&](std::string text, std::size_t first, std::size_t second) {
    layout.order.push_back(first);
    layout.order.push_back(second);
    layout.text = "(" + std::move(text) + ")";
    return layout;
  };
  switch (kind) {
    case ConvolutionKind::Plain:
      if (keras1 && th) return then("filters, in, " + size, 1, 0);
      return then(size + (keras1 ? ", in, filters" : ", in / groups, filters"), r, r + 1);
    case ConvolutionKind::Separable:
    case ConvolutionKind::Depthwise:
      if (keras1 && th) return then("multiplier, in, " + size, 1, 0);
      return then(size + ", in, multiplier", r, r + 1);
    case ConvolutionKind::Transposed:
      break;
  }
  if (keras1) {
    return th ? then("filters, in, " + size, 0, 1) : then(size + ", in, filters", r + 1, r);
  }
  return then(size + ", filters, in", r, r + 1);
}

class StageReader {
 public:
  StageReader(Arguments& arguments, ConvolutionArguments& given)
      : arguments_(arguments), given_(given) {}

  std::vector<Stage> read() {
    if (given_.named) {
      if (arguments_.good()) make_named();
      return std::move(stages_);
    }
    read_arrays();
    if (arguments_.good()) arrays_.empty() ? make_open() : make_stages();
    return std::move(stages_);
  }

 private:
  void read_arrays();
  std::optional<WeightArray> kernel_array(std::size_t index, const Layout& layout,
                                          std::vector<std::int64_t> want);
  std::vector<float> bias_array(std::size_t index);
  Stage& add_stage();
  void add_stage(FilterBank bank);
  void make_named();
  void make_open();
  void make_stages();

  Arguments& arguments_;
  ConvolutionArguments& given_;
  std::vector<WeightArray> arrays_;
  std::vector<Stage> stages_;
};

void StageReader::read_arrays() {
  const Json* weights = arguments_.find("weights");
  if (weights == nullptr) {
    if (arguments_.good() && !arguments_.shapes_only()) {
      arguments_.mistake(
          "weights",
          arguments_.layer_name() +
              R"( needs "weights": ["kernel.npy", "bias.npy"], one .npz, a file of )"
              "Keras' (.h5, .keras; of all layers: --weights), or lists of numbers" +
              (given_.kind == ConvolutionKind::Depthwise ? R"(; or "kernel", the name of a filter)"
                                                         : ""));
    }
    return;
  }
  if (arguments_.keras().major == 1 && !given_.in_keras1()) {
    arguments_.mistake("weights", "Keras 1 has no " + arguments_.layer_name() +
                                      ", and so no layout of its weights; say another "
                                      "\"keras\" in the chain");
    return;
  }
  const std::size_t kernels = given_.kind == ConvolutionKind::Separable ? 2 : 1;
  if (!weights->is_array() || weights->size() < kernels || weights->size() > kernels + 1) {
    arguments_.mistake(
        "weights", kernels == 1 ? "weights are [kernel] or [kernel, bias]"
                                : "weights are [depthwise kernel, pointwise kernel] or these and a "
                                  "bias");
    return;
  }
  for (std::size_t i = 0; i < weights->size(); ++i) {
    auto array = weight_array((*weights)[i]);
    if (!array) {
      arguments_.mistake("weights", array.error().message, "/" + std::to_string(i));
      return;
    }
    arrays_.push_back(*std::move(array));
  }
  const bool biased = arrays_.size() > kernels;
  if (given_.use_bias && *given_.use_bias != biased) {
    arguments_.mistake("weights", biased ? "there is a bias, but use_bias is false"
                                         : "there is no bias, but use_bias is true");
  }
  given_.use_bias = biased;
}

// The array in our layout; `want` are the expected lengths, kAny: any.
std::optional<WeightArray> StageReader::kernel_array(std::size_t index, const Layout& layout,
                                                     std::vector<std::int64_t> want) {
  WeightArray array = arrays_[index];
  const bool keras1 = arguments_.keras().major == 1;
  std::string text = layout.text;
  // Keras 1 convolves sequences as pictures of one column.
  const bool column = keras1 && given_.rank == 1 && given_.kind == ConvolutionKind::Plain;
  if (column) text = "(length, 1, in, filters)";
  const std::vector<std::int64_t> given = array.shape;
  if (column && array.shape.size() == 4 && array.shape[1] == 1)
    array.shape.erase(array.shape.begin() + 1);
  bool fits = array.shape.size() == layout.order.size();
  if (fits) {
    array = with_axes(array, layout.order);
    for (std::size_t i = 0; i < want.size(); ++i)
      fits = fits && (want[i] == kAny ? array.shape[i] > 0 : want[i] == array.shape[i]);
  }
  if (fits) return array;
  std::string expected;
  std::vector<std::string> lengths(want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    lengths[layout.order[i]] = want[i] == kAny ? "any" : std::to_string(want[i]);
  if (column) lengths.insert(lengths.begin() + 1, "1");
  for (const std::string& length : lengths)
    expected += (expected.empty() ? "" : ", ") + length;
  arguments_.mistake(
      "weights",
      "the kernel has the shape " + shape_text(given) + "; expected is (" + expected +
          "), laid out " + text + " as Keras " + std::to_string(arguments_.keras().major) +
          " does" +
          (keras1 ? std::string(arguments_.channels_first() ? " for 'th'" : " for 'tf'") +
                        R"(; weights of later ones need "keras": "2.9" in the chain)"
                  : R"(; weights of Keras 1 need "keras": "1.2" in the chain)"),
      "/" + std::to_string(index));
  return std::nullopt;
}

std::vector<float> StageReader::bias_array(std::size_t index) {
  if (arrays_.size() <= index) return {};
  return arrays_[index].values;
}

Stage& StageReader::add_stage() {
  Stage stage;
  const bool inner =
      given_.kind == ConvolutionKind::Separable && !stages_.empty();  // the pointwise stage
  stage.stride = inner ? Lengths(given_.axes(), 1) : given_.strides;
  stage.dilation = inner ? Lengths(given_.axes(), 1) : given_.dilation;
  stage.padding = inner ? ConvolutionPadding::Valid : given_.padding;
  stage.output_padding = given_.output_padding;
  stage.output_shape = given_.output_shape;
  stages_.push_back(std::move(stage));
  return stages_.back();
}

void StageReader::add_stage(FilterBank bank) {
  Stage& stage = add_stage();
  bank.rank = given_.rank;
  stage.size = bank.size;
  stage.each = bank.each_channel || (given_.has_multiplier() && stages_.size() == 1);
  stage.in = bank.each_channel ? kAny : bank.in;
  stage.out = stage.each && !bank.each_channel ? bank.out / bank.in : bank.out;
  stage.groups = stage.each ? 1 : bank.groups;
  stage.transposed = bank.transposed;
  stage.biased = !bank.bias.empty();
  stage.trained = !given_.named;
  stage.convolution = std::make_shared<const Convolution>(std::move(bank));
}

// Without weights: stages that only give shapes and numbers of weights.
void StageReader::make_open() {
  Stage& first = add_stage();
  std::copy(given_.size.begin(), given_.size.end(), first.size.begin());
  first.transposed = given_.kind == ConvolutionKind::Transposed;
  first.groups = given_.groups;
  first.each = given_.has_multiplier();
  first.out = given_.has_multiplier() ? given_.multiplier : given_.filters;
  first.biased = given_.kind != ConvolutionKind::Separable && given_.use_bias.value_or(true);
  if (given_.kind != ConvolutionKind::Separable) return;
  Stage& pointwise = add_stage();
  pointwise.out = given_.filters;
  pointwise.biased = given_.use_bias.value_or(true);
}

// The stages of a filter of one channel that is applied to each channel: one for each factor.
void StageReader::make_named() {
  const auto kernels =
      named_kernel(*given_.named, given_.sigma, given_.size.empty() ? 0 : given_.size[0],
                   given_.size.empty() ? 0 : given_.size[1]);
  if (!kernels) {
    arguments_.mistake("kernel_size", kernels.error().message);
    return;
  }
  given_.size.assign(2, 1);
  for (std::size_t i = 0; i < kernels->size(); ++i) {
    FilterBank bank;
    bank.each_channel = true;
    bank.size = {(*kernels)[i].shape[0], (*kernels)[i].shape[1], 1};
    bank.kernel = (*kernels)[i].values;
    const bool last = i + 1 == kernels->size();
    if (last) bank.activation = given_.activation;
    if (last && arguments_.channels_first()) bank.softmax_axis = given_.rank - 1;
    for (std::size_t a = 0; a < 2; ++a)
      given_.size[a] = std::max(given_.size[a], bank.size.at(a));
    add_stage(std::move(bank));
  }
  if (kernels->size() == 2) {  // each factor has the strides of its own axis
    stages_[0].stride = {given_.strides[0], 1};
    stages_[1].stride = {1, given_.strides[1]};
  }
  given_.use_bias = false;
}

void StageReader::make_stages() {
  const bool keras1 = arguments_.keras().major == 1;
  const bool th = arguments_.channels_first();
  std::vector<std::int64_t> want(given_.axes(), kAny);
  for (std::size_t a = 0; a < given_.size.size(); ++a)
    want[a] = given_.size[a];
  const auto with = [&](std::int64_t first, std::int64_t second) {
    std::vector<std::int64_t> all = want;
    all.push_back(first);
    all.push_back(second);
    return all;
  };
  FilterBank bank;
  bank.transposed = given_.kind == ConvolutionKind::Transposed;
  bool each_channel = false;
  // A filter without channels is applied to each channel separately, or to the only channel.
  WeightArray& kernel = arrays_[0];
  if (kernel.shape.size() == given_.axes() && !keras1 &&
      (given_.kind == ConvolutionKind::Depthwise ||
       (given_.kind == ConvolutionKind::Plain && given_.filters <= 1))) {
    each_channel = given_.kind == ConvolutionKind::Depthwise && given_.multiplier == 1;
    kernel.shape.push_back(1);
    kernel.shape.push_back(1);
  }
  if (given_.has_multiplier() && arguments_.find("depth_multiplier") == nullptr && !each_channel &&
      given_.kind == ConvolutionKind::Depthwise) {
    given_.multiplier = kernel.shape.empty() ? 1 : kernel.shape.back();
  }
  const auto turned =
      kernel_array(0, layout_of(given_.kind, given_.rank, keras1, th),
                   given_.has_multiplier()                      ? with(kAny, given_.multiplier)
                   : given_.kind == ConvolutionKind::Transposed ? with(given_.filters, kAny)
                                                                : with(kAny, given_.filters));
  if (!turned) return;
  const std::int64_t before_last = turned->shape[given_.axes()];
  const std::int64_t last = turned->shape[given_.axes() + 1];
  given_.size.assign(turned->shape.begin(), turned->shape.begin() + given_.rank);
  std::copy(given_.size.begin(), given_.size.end(), bank.size.begin());
  bank.kernel = turned->values;
  if (given_.has_multiplier()) {
    bank.in = bank.groups = before_last;
    bank.out = before_last * last;
  } else if (given_.kind == ConvolutionKind::Transposed) {
    bank.in = last;
    bank.out = given_.filters = before_last;
    check_output_channels(arguments_, given_);
    if (!arguments_.good()) return;
  } else {
    bank.in = before_last * given_.groups;
    bank.groups = given_.groups;
    bank.out = given_.filters = last;
    check_groups(arguments_, given_);
    if (!arguments_.good()) return;
  }
  std::size_t bias_at = 1;
  if (given_.kind == ConvolutionKind::Separable) {
    const std::int64_t between = bank.out;
    add_stage(std::move(bank));
    std::vector<std::int64_t> one(given_.axes(), 1);
    one.push_back(between);
    one.push_back(given_.filters);
    const auto pointwise =
        kernel_array(1, layout_of(ConvolutionKind::Plain, given_.rank, keras1, th), one);
    if (!pointwise) return;
    bank = FilterBank{};
    bank.in = between;
    bank.out = given_.filters = pointwise->shape.back();
    bank.kernel = pointwise->values;
    bias_at = 2;
  }
  bank.activation = given_.activation;
  if (th) bank.softmax_axis = given_.rank - 1;
  bank.bias = bias_array(bias_at);
  if (!bank.bias.empty() && static_cast<std::int64_t>(bank.bias.size()) != bank.out) {
    arguments_.mistake("weights",
                       "the bias has the shape " + shape_text(arrays_[bias_at].shape) +
                           "; expected is " + shape_text(std::vector{bank.out}),
                       "/" + std::to_string(bias_at));
    return;
  }
  bank.each_channel = each_channel;
  add_stage(std::move(bank));
}

}  // namespace

std::vector<Stage> read_stages(Arguments& arguments, ConvolutionArguments& given) {
  return StageReader(arguments, given).read();
}

void check_groups(Arguments& arguments, const ConvolutionArguments& given) {
  if (given.filters != kAny && given.filters % given.groups != 0) {
    arguments.mistake("groups", std::to_string(given.filters) + " filters cannot be divided into " +
                                    std::to_string(given.groups) + " groups");
  }
}

void check_output_channels(Arguments& arguments, const ConvolutionArguments& given) {
  const Json* shape = arguments.find("output_shape");
  if (given.output_shape.empty() || given.filters == kAny || shape == nullptr) return;
  const std::size_t at = arguments.channels_first() ? 1 : given.axes() + 1;
  if ((*shape)[at] == given.filters) return;
  arguments.mistake("output_shape",
                    (*shape)[at].dump() + " channels, but the layer makes " +
                        std::to_string(given.filters) + "; the entries are " +
                        (arguments.channels_first() ? "[null, filters, rows, cols]"
                                                    : "[null, rows, cols, filters]"),
                    "/" + std::to_string(at));
}

}  // namespace deckle
