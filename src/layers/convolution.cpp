// SPDX-License-Identifier: Apache-2.0
// convolution: sums of what is around each place, times a kernel: filters, feature maps, Keras'
// convolutional layers.
// Shapes  (2-D) rows x cols x channels -> by padding and strides x filters; float32
//         valid  ceil((n - reach + 1) / stride), reach = (size - 1) * dilation + 1
//         same, causal  ceil(n / stride)        full  ceil((n + reach - 1) / stride)
//         transposed  valid n * stride + max(reach - stride, 0), same n * stride,
//                     full (n - 1) * stride - reach + 2
// Fails   Shape where the kernel is for another number of channels, or larger than the image
// Source  Keras 1.2 to 3: Conv1D, 2D, 3D, SeparableConv, DepthwiseConv, ConvTranspose, with
//         TensorFlow's "same": the odd pixel is at the end
#include "layers/convolution.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/text.h"
#include "kernels/convolve.h"
#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/weights.h"

namespace deckle {
namespace {

enum class Kind : std::uint8_t { Plain, Separable, Depthwise, Transposed };
enum class Padding : std::uint8_t { Valid, Same, Causal, Full };

constexpr std::array<std::string_view, 4> kPaddings{"valid", "same", "causal", "full"};

// "hard_sigmoid" was another function before Keras 3; "gelu_tanh" is Keras' gelu(approximate=True).
constexpr std::array<std::string_view, 16> kActivations{
    "linear",  "relu",        "relu6", "elu",  "selu", "softplus",  "softsign", "tanh",
    "sigmoid", "exponential", "swish", "silu", "gelu", "gelu_tanh", "softmax",  "hard_sigmoid"};
constexpr std::array kActivationOf{
    Activation::Linear,  Activation::Relu,        Activation::Relu6,    Activation::Elu,
    Activation::Selu,    Activation::Softplus,    Activation::Softsign, Activation::Tanh,
    Activation::Sigmoid, Activation::Exponential, Activation::Swish,    Activation::Swish,
    Activation::Gelu,    Activation::GeluTanh,    Activation::Softmax,  Activation::HardSigmoid};

using Lengths = std::vector<std::int64_t>;

constexpr std::int64_t kAny = -1;

// One sum after another: a separable layer has two.
struct Stage {
  std::shared_ptr<const Convolution> convolution;  // null where there are no weights: shapes alone
  std::array<std::int64_t, 3> size{1, 1, 1};       // of the kernel
  std::int64_t in = kAny;                          // channels; kAny: as many as come
  std::int64_t out = 1;                            // channels
  bool each = false;                               // `out` are made of each channel that comes
  std::int64_t groups = 1;
  bool transposed = false;
  bool biased = false;
  bool trained = true;  // false: a filter that has a name
  Lengths stride;
  Lengths dilation;
  Padding padding = Padding::Valid;
  Lengths output_padding;  // transposed: empty where none was given
  Lengths output_shape;    // transposed: Keras 1 was told it; else empty
};

// Number of output channels for `in` input channels.
std::int64_t channels_of(const Stage& stage, std::int64_t in) {
  return stage.each ? in * stage.out : stage.out;
}

std::int64_t parameters_of(const Stage& stage, std::int64_t in) {
  if (!stage.trained) return 0;
  const std::int64_t taps = stage.size[0] * stage.size[1] * stage.size[2];
  const std::int64_t made = channels_of(stage, in);
  return taps * (stage.each ? made : in / stage.groups * made) + (stage.biased ? made : 0);
}

// ceil(a / b) of positive numbers
std::int64_t parts(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// The geometry of one axis that is `n` long, or why there is none.
Result<ConvolvedAxis> along(std::string_view name, const Stage& stage, int a, const Shape& shape) {
  const auto i = static_cast<std::size_t>(a);
  const std::int64_t n = shape[a];
  const std::int64_t stride = stage.stride[i];
  const std::int64_t reach = (stage.size.at(i) - 1) * stage.dilation[i] + 1;
  ConvolvedAxis axis{stride, stage.dilation[i], 0, 0};
  switch (stage.padding) {
    case Padding::Valid:
      if (reach > n) {
        return shape_error(name, "a kernel that reaches over " + std::to_string(reach) + " " +
                                     std::string(axis_name(shape.rank, a)) + " does not fit into " +
                                     std::to_string(n) + "; padding \"same\" takes any image");
      }
      axis.out = (n - reach) / stride + 1;
      break;
    case Padding::Same:
      axis.out = parts(n, stride);
      axis.before = std::max<std::int64_t>((axis.out - 1) * stride + reach - n, 0) / 2;
      break;
    case Padding::Causal:
      axis.out = parts(n, stride);
      axis.before = reach - 1;
      break;
    case Padding::Full:
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
  const bool same = stage.padding == Padding::Same;
  const bool full = stage.padding == Padding::Full;
  ConvolvedAxis axis{stride, stage.dilation[i], 0, 0};
  // The lengths whose convolution gives n again: from this one on, as many as the stride is long.
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

Result<std::vector<ConvolvedAxis>> geometry(std::string_view name, const Stage& stage,
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

// The axes of a kernel's array, as some Keras stores it.
struct Layout {
  std::string text;                // "(rows, cols, in, filters)"
  std::vector<std::size_t> order;  // axis i as we want it is axis order[i] of the array
};

// We want Keras 2's: (size.., in / groups, filters), depthwise (size.., in, multiplier), transposed
// (size.., filters, in).
Layout layout_of(Kind kind, int rank, bool keras1, bool th) {
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
    case Kind::Plain:
      if (keras1 && th) return then("filters, in, " + size, 1, 0);
      return then(size + (keras1 ? ", in, filters" : ", in / groups, filters"), r, r + 1);
    case Kind::Separable:
    case Kind::Depthwise:
      if (keras1 && th) return then("multiplier, in, " + size, 1, 0);
      return then(size + ", in, multiplier", r, r + 1);
    case Kind::Transposed:
      break;
  }
  if (keras1) {
    return th ? then("filters, in, " + size, 0, 1) : then(size + ", in, filters", r + 1, r);
  }
  return then(size + ", filters, in", r, r + 1);
}

class Reader {
 public:
  Reader(Arguments& arguments, Kind kind, int rank)
      : arguments_(arguments), kind_(kind), rank_(rank), axes_(static_cast<std::size_t>(rank)) {}

  std::optional<Layer> read();

 private:
  [[nodiscard]] bool has_filters() const { return kind_ != Kind::Depthwise; }
  [[nodiscard]] bool has_multiplier() const {
    return kind_ == Kind::Separable || kind_ == Kind::Depthwise;
  }
  [[nodiscard]] bool has_names() const { return kind_ == Kind::Depthwise && rank_ == 2; }
  [[nodiscard]] bool has_output_shape() const { return kind_ == Kind::Transposed && rank_ == 2; }
  [[nodiscard]] std::string layer_name() const { return arguments_.layer_name(); }
  [[nodiscard]] bool in_keras1() const {
    return kind_ == Kind::Plain || (rank_ == 2 && kind_ != Kind::Depthwise);
  }

  std::int64_t count(std::string_view name, std::int64_t fallback);
  Padding read_padding();
  Activation read_activation();
  void read_transposed();
  void check_output_channels();
  void read_arrays();
  std::optional<WeightArray> kernel_array(std::size_t index, const Layout& layout,
                                          std::vector<std::int64_t> want);
  std::vector<float> bias_array(std::size_t index);
  Stage& add_stage();
  void add_stage(FilterBank bank);
  void make_named();
  void make_open();
  void make_stages();
  void check_groups();
  void check();
  Json config();

  Arguments& arguments_;
  Kind kind_;
  int rank_;
  std::size_t axes_;
  std::int64_t filters_ = kAny;
  std::int64_t multiplier_ = 1;
  std::int64_t groups_ = 1;
  Lengths size_;  // empty where it is the weights'
  Lengths strides_;
  Lengths dilation_;
  Lengths output_padding_;
  Lengths output_shape_;
  Padding padding_ = Padding::Valid;
  Activation activation_ = Activation::Linear;
  std::string activation_name_ = "linear";
  std::optional<bool> use_bias_;
  std::optional<Json> data_format_;  // nothing: the layer has none
  std::optional<std::string> named_;
  double sigma_ = 1;
  std::vector<WeightArray> arrays_;
  std::vector<Stage> stages_;
};

std::int64_t Reader::count(std::string_view name, std::int64_t fallback) {
  const Json* value = arguments_.find(name);
  if (value == nullptr) return fallback;
  const auto number = whole_number(*value, 1, "");
  if (number) return *number;
  arguments_.mistake(name, number.error().message);
  return fallback;
}

Padding Reader::read_padding() {
  // Keras 2 and later take "SAME" too.
  std::size_t choice = kPaddings.size();
  if (const Json* value = arguments_.find("padding"); value != nullptr && value->is_string()) {
    std::string word = value->get<std::string>();
    for (char& c : word)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    choice = static_cast<std::size_t>(std::find(kPaddings.begin(), kPaddings.end(), word) -
                                      kPaddings.begin());
  }
  if (choice == kPaddings.size()) choice = arguments_.choice("padding", kPaddings, 0);
  const auto padding = static_cast<Padding>(choice);
  const KerasVersion keras = arguments_.keras();
  if (padding == Padding::Causal) {
    const bool separable = kind_ == Kind::Separable && keras.major < 3;
    if (rank_ != 1 || (kind_ != Kind::Plain && !separable)) {
      arguments_.mistake("padding", layer_name() + " has no padding \"causal\"" +
                                        (rank_ == 1 ? "" : ", which is for one axis"));
    }
  }
  if (padding == Padding::Full) {
    if (has_multiplier()) {
      arguments_.mistake("padding", layer_name() + " has no padding \"full\"");
    } else if (keras >= KerasVersion{2, 4}) {
      arguments_.mistake(
          "padding", R"("full" is of Keras 1 and 2.3; say "keras": "1.2" in the chain)" +
                         std::string(kind_ == Kind::Plain ? ", or put ZeroPadding before" : ""));
    }
  }
  return padding;
}

Activation Reader::read_activation() {
  const std::size_t choice = arguments_.choice("activation", kActivations, 0);
  const Activation activation = kActivationOf.at(choice);
  activation_name_ = kActivations.at(choice);
  const int keras = arguments_.keras().major;
  if (activation == Activation::Softmax && keras == 1 && rank_ > 1)
    arguments_.mistake("activation", "softmax is for Convolution1D alone in Keras 1");
  if (activation == Activation::HardSigmoid && keras >= 3) return Activation::HardSigmoid3;
  return activation;
}

void Reader::read_transposed() {
  if (arguments_.find("output_padding") != nullptr) {
    output_padding_ = arguments_.factors("output_padding", rank_, 0, 0);
    for (std::size_t a = 0; a < axes_; ++a) {
      if (output_padding_[a] >= strides_[a]) {
        arguments_.mistake("output_padding", std::to_string(output_padding_[a]) +
                                                 " is not less than the stride, " +
                                                 std::to_string(strides_[a]));
        break;
      }
    }
  }
  if (!has_output_shape()) return;
  const Json* shape = arguments_.find("output_shape");
  if (arguments_.keras().major > 1) {
    if (shape != nullptr) {
      arguments_.mistake(
          "output_shape",
          R"(only Keras 1 has it; say "keras": "1.2" in the chain, or leave it out)");
    }
    return;
  }
  if (shape == nullptr) {
    arguments_.mistake("output_shape",
                       layer_name() + " of Keras 1 needs \"output_shape\": " +
                           (arguments_.channels_first() ? "[null, filters, rows, cols]"
                                                        : "[null, rows, cols, filters]"));
    return;
  }
  if (!shape->is_array() || shape->size() != axes_ + 2) {
    arguments_.mistake("output_shape", "it has " + std::to_string(axes_ + 2) +
                                           " entries, of which the first, the batch, may be null");
    return;
  }
  for (std::size_t a = 0; a < axes_; ++a) {
    const std::size_t at = a + (arguments_.channels_first() ? 2 : 1);
    const auto length = whole_number((*shape)[at], 1);
    if (!length)
      arguments_.mistake("output_shape", length.error().message, "/" + std::to_string(at));
    output_shape_.push_back(length ? *length : 1);
  }
  check_output_channels();
}

// What output_shape says of channels, once it is known how many are made.
void Reader::check_output_channels() {
  const Json* shape = arguments_.find("output_shape");
  if (output_shape_.empty() || filters_ == kAny || shape == nullptr) return;
  const std::size_t at = arguments_.channels_first() ? 1 : axes_ + 1;
  if ((*shape)[at] == filters_) return;
  arguments_.mistake("output_shape",
                     (*shape)[at].dump() + " channels, but the layer makes " +
                         std::to_string(filters_) + "; the entries are " +
                         (arguments_.channels_first() ? "[null, filters, rows, cols]"
                                                      : "[null, rows, cols, filters]"),
                     "/" + std::to_string(at));
}

void Reader::read_arrays() {
  const Json* weights = arguments_.find("weights");
  if (weights == nullptr) {
    if (arguments_.good() && !arguments_.shapes_only()) {
      arguments_.mistake(
          "weights", layer_name() +
                         R"( needs "weights": ["kernel.npy", "bias.npy"], one .npz, a file of )"
                         "Keras' (.h5, .keras; of all layers: --weights), or lists of numbers" +
                         (kind_ == Kind::Depthwise ? R"(; or a "kernel" that has a name)" : ""));
    }
    return;
  }
  if (arguments_.keras().major == 1 && !in_keras1()) {
    arguments_.mistake("weights", "Keras 1 has no " + layer_name() +
                                      ", and so no layout of its weights; say another "
                                      "\"keras\" in the chain");
    return;
  }
  const std::size_t kernels = kind_ == Kind::Separable ? 2 : 1;
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
  if (use_bias_ && *use_bias_ != biased) {
    arguments_.mistake("weights", biased ? "there is a bias, but use_bias is false"
                                         : "there is no bias, but use_bias is true");
  }
  use_bias_ = biased;
}

// The array turned as we want it; `want` are its lengths then, kAny where any will do.
std::optional<WeightArray> Reader::kernel_array(std::size_t index, const Layout& layout,
                                                std::vector<std::int64_t> want) {
  WeightArray array = arrays_[index];
  const bool keras1 = arguments_.keras().major == 1;
  std::string text = layout.text;
  // Keras 1 convolves sequences as pictures of one column.
  const bool column = keras1 && rank_ == 1 && kind_ == Kind::Plain;
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

std::vector<float> Reader::bias_array(std::size_t index) {
  if (arrays_.size() <= index) return {};
  return arrays_[index].values;
}

Stage& Reader::add_stage() {
  Stage stage;
  const bool inner = kind_ == Kind::Separable && !stages_.empty();  // the 1 x 1 step
  stage.stride = inner ? Lengths(axes_, 1) : strides_;
  stage.dilation = inner ? Lengths(axes_, 1) : dilation_;
  stage.padding = inner ? Padding::Valid : padding_;
  stage.output_padding = output_padding_;
  stage.output_shape = output_shape_;
  stages_.push_back(std::move(stage));
  return stages_.back();
}

void Reader::add_stage(FilterBank bank) {
  Stage& stage = add_stage();
  bank.rank = rank_;
  stage.size = bank.size;
  stage.each = bank.each_channel || (has_multiplier() && stages_.size() == 1);
  stage.in = bank.each_channel ? kAny : bank.in;
  stage.out = stage.each && !bank.each_channel ? bank.out / bank.in : bank.out;
  stage.groups = stage.each ? 1 : bank.groups;
  stage.transposed = bank.transposed;
  stage.biased = !bank.bias.empty();
  stage.trained = !named_;
  stage.convolution = std::make_shared<const Convolution>(std::move(bank));
}

// What shapes and numbers of weights follow from, where there are no weights.
void Reader::make_open() {
  Stage& first = add_stage();
  std::copy(size_.begin(), size_.end(), first.size.begin());
  first.transposed = kind_ == Kind::Transposed;
  first.groups = groups_;
  first.each = has_multiplier();
  first.out = has_multiplier() ? multiplier_ : filters_;
  first.biased = kind_ != Kind::Separable && use_bias_.value_or(true);
  if (kind_ != Kind::Separable) return;
  Stage& pointwise = add_stage();
  pointwise.out = filters_;
  pointwise.biased = use_bias_.value_or(true);
}

// Filters of one channel, for each of the image's: as factors where they have them.
void Reader::make_named() {
  const auto kernels =
      named_kernel(*named_, sigma_, size_.empty() ? 0 : size_[0], size_.empty() ? 0 : size_[1]);
  if (!kernels) {
    arguments_.mistake("kernel_size", kernels.error().message);
    return;
  }
  size_.assign(2, 1);
  for (std::size_t i = 0; i < kernels->size(); ++i) {
    FilterBank bank;
    bank.each_channel = true;
    bank.size = {(*kernels)[i].shape[0], (*kernels)[i].shape[1], 1};
    bank.kernel = (*kernels)[i].values;
    const bool last = i + 1 == kernels->size();
    if (last) bank.activation = activation_;
    if (last && arguments_.channels_first()) bank.softmax_axis = rank_ - 1;
    for (std::size_t a = 0; a < 2; ++a)
      size_[a] = std::max(size_[a], bank.size.at(a));
    add_stage(std::move(bank));
  }
  if (kernels->size() == 2) {  // each factor takes the steps of its own axis
    stages_[0].stride = {strides_[0], 1};
    stages_[1].stride = {1, strides_[1]};
  }
  use_bias_ = false;
}

void Reader::make_stages() {
  const bool keras1 = arguments_.keras().major == 1;
  const bool th = arguments_.channels_first();
  std::vector<std::int64_t> want(axes_, kAny);
  for (std::size_t a = 0; a < size_.size(); ++a)
    want[a] = size_[a];
  const auto with = [&](std::int64_t first, std::int64_t second) {
    std::vector<std::int64_t> all = want;
    all.push_back(first);
    all.push_back(second);
    return all;
  };
  FilterBank bank;
  bank.transposed = kind_ == Kind::Transposed;
  bool each_channel = false;
  // A filter without channels: for each channel by itself, or for the only one.
  WeightArray& kernel = arrays_[0];
  if (kernel.shape.size() == axes_ && !keras1 &&
      (kind_ == Kind::Depthwise || (kind_ == Kind::Plain && filters_ <= 1))) {
    each_channel = kind_ == Kind::Depthwise && multiplier_ == 1;
    kernel.shape.push_back(1);
    kernel.shape.push_back(1);
  }
  if (has_multiplier() && arguments_.find("depth_multiplier") == nullptr && !each_channel &&
      kind_ == Kind::Depthwise) {
    multiplier_ = kernel.shape.empty() ? 1 : kernel.shape.back();
  }
  const auto turned = kernel_array(0, layout_of(kind_, rank_, keras1, th),
                                   has_multiplier()            ? with(kAny, multiplier_)
                                   : kind_ == Kind::Transposed ? with(filters_, kAny)
                                                               : with(kAny, filters_));
  if (!turned) return;
  const std::int64_t before_last = turned->shape[axes_];
  const std::int64_t last = turned->shape[axes_ + 1];
  size_.assign(turned->shape.begin(), turned->shape.begin() + rank_);
  std::copy(size_.begin(), size_.end(), bank.size.begin());
  bank.kernel = turned->values;
  if (has_multiplier()) {
    bank.in = bank.groups = before_last;
    bank.out = before_last * last;
  } else if (kind_ == Kind::Transposed) {
    bank.in = last;
    bank.out = filters_ = before_last;
    check_output_channels();
    if (!arguments_.good()) return;
  } else {
    bank.in = before_last * groups_;
    bank.groups = groups_;
    bank.out = filters_ = last;
    check_groups();
    if (!arguments_.good()) return;
  }
  std::size_t bias_at = 1;
  if (kind_ == Kind::Separable) {
    const std::int64_t between = bank.out;
    add_stage(std::move(bank));
    std::vector<std::int64_t> one(axes_, 1);
    one.push_back(between);
    one.push_back(filters_);
    const auto pointwise = kernel_array(1, layout_of(Kind::Plain, rank_, keras1, th), one);
    if (!pointwise) return;
    bank = FilterBank{};
    bank.in = between;
    bank.out = filters_ = pointwise->shape.back();
    bank.kernel = pointwise->values;
    bias_at = 2;
  }
  bank.activation = activation_;
  if (th) bank.softmax_axis = rank_ - 1;
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

void Reader::check_groups() {
  if (filters_ != kAny && filters_ % groups_ != 0) {
    arguments_.mistake("groups", std::to_string(filters_) + " filters cannot be divided into " +
                                     std::to_string(groups_) + " groups");
  }
}

void Reader::check() {
  const bool given = arguments_.find("weights") != nullptr || named_;
  if (has_filters() && filters_ == kAny && arguments_.find("filters") == nullptr && !given)
    arguments_.mistake("filters", layer_name() + " needs \"filters\", how many channels it makes");
  if (arguments_.find("kernel_size") == nullptr && !given)
    arguments_.mistake("kernel_size", layer_name() + " needs \"kernel_size\"");
  if (filters_ != kAny) check_groups();
  const auto beyond_one = [](const Lengths& lengths) {
    return std::any_of(lengths.begin(), lengths.end(), [](std::int64_t n) { return n > 1; });
  };
  if (arguments_.keras().major >= 3 && !has_multiplier() && beyond_one(strides_) &&
      beyond_one(dilation_)) {
    arguments_.mistake("dilation_rate", "Keras 3 has no dilation_rate > 1 with strides > 1");
  }
}

Json Reader::config() {
  Json config = Json::object();
  if (has_filters()) config["filters"] = filters_;
  config["kernel_size"] = size_;
  config["strides"] = strides_;
  config["padding"] = kPaddings.at(static_cast<std::size_t>(padding_));
  if (kind_ == Kind::Transposed)
    config["output_padding"] = output_padding_.empty() ? Json(nullptr) : Json(output_padding_);
  const auto as_given = [&](const char* name) {
    const Json* value = arguments_.find(name);
    config[name] = value == nullptr ? Json(nullptr) : *value;
  };
  if (has_output_shape()) as_given("output_shape");
  if (data_format_) config["data_format"] = *data_format_;
  config["dilation_rate"] = dilation_;
  if (kind_ == Kind::Plain) config["groups"] = groups_;
  if (has_multiplier()) config["depth_multiplier"] = multiplier_;
  config["activation"] = activation_name_;
  config["use_bias"] = use_bias_.value_or(true);
  if (has_names()) {
    config["kernel"] = named_ ? Json(*named_) : Json(nullptr);
    config["sigma"] = named_ == "gaussian" ? Json(sigma_) : Json(nullptr);
  }
  as_given("weights");
  return config;
}

std::optional<Layer> Reader::read() {
  if (has_filters()) filters_ = count("filters", kAny);
  if (arguments_.find("kernel_size") != nullptr)
    size_ = arguments_.factors("kernel_size", rank_, 1, 1);
  strides_ = arguments_.factors("strides", rank_, 1, 1);
  dilation_ = arguments_.factors("dilation_rate", rank_, 1, 1);
  padding_ = read_padding();
  if (kind_ == Kind::Transposed && padding_ != Padding::Causal) read_transposed();
  if (kind_ == Kind::Plain) groups_ = count("groups", 1);
  if (has_multiplier()) multiplier_ = count("depth_multiplier", 1);
  activation_ = read_activation();
  if (arguments_.find("use_bias") != nullptr) use_bias_ = arguments_.boolean("use_bias", true);
  if (has_names() && arguments_.find("kernel") != nullptr) {
    const auto names = named_kernels();
    named_ = std::string(names[arguments_.choice("kernel", names, 0)]);
    const std::vector<double> sigma = arguments_.numbers("sigma", {1.0});
    sigma_ = sigma[0];
    if (sigma.size() != 1 || !(sigma_ > 0) || sigma_ > 10000)
      arguments_.mistake("sigma", "sigma is one number of pixels, above 0 and at most 10000");
    if (arguments_.find("weights") != nullptr)
      arguments_.mistake("weights", "\"kernel\" names the filter already; give only one of them");
    if (multiplier_ != 1)
      arguments_.mistake("depth_multiplier", "a filter with a name makes one channel of each");
    if (use_bias_ == true) arguments_.mistake("use_bias", "a filter with a name has no bias");
  } else if (has_names() && arguments_.find("sigma") != nullptr) {
    arguments_.mistake("sigma", "sigma belongs to \"kernel\": \"gaussian\"");
  }
  check();
  const DType dtype = parse_dtype(arguments_);
  // Sequences are channels_last in Keras 1, whatever the setting.
  if (rank_ > 1 || arguments_.keras().major > 1) data_format_ = parse_data_format(arguments_);
  if (named_) {
    if (arguments_.good()) make_named();
  } else {
    read_arrays();
    if (arguments_.good()) arrays_.empty() ? make_open() : make_stages();
  }
  Json config = this->config();
  config["dtype"] = name_of(dtype);
  if (!arguments_.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.convolves = true;
  layer.config = std::move(config);
  layer.output_shape = [stages = stages_, name = layer_name()](const Shape& in) {
    Shape shape = in;
    for (const Stage& stage : stages) {
      const auto axes = geometry(name, stage, shape);
      if (!axes) return Result<Shape>(axes.error());
      for (int a = 0; a < shape.rank; ++a)
        shape[a] = (*axes)[static_cast<std::size_t>(a)].out;
      shape.channels = channels_of(stage, shape.channels);
    }
    return check_extents(name, shape);
  };
  layer.parameters = [stages = stages_](const Shape& in) {
    std::int64_t channels = in.channels;
    std::int64_t count = 0;
    for (const Stage& stage : stages) {
      count += parameters_of(stage, channels);
      channels = channels_of(stage, channels);
    }
    return count;
  };
  layer.edit = [stages = stages_, name = layer_name(), dtype](OpBuilder& builder,
                                                              const Choice&) -> Result<Done> {
    for (const Stage& stage : stages) {
      if (stage.convolution == nullptr)
        return Error{ErrorCode::Usage, name + ": it was read without its weights"};
      auto axes = geometry(name, stage, builder.shape());
      if (!axes) return axes.error();
      builder.convolve(stage.convolution, *std::move(axes));
    }
    if (dtype == DType::Float16) builder.cast(dtype);
    return Done{};
  };
  return layer;
}

Json words_schema(std::span<const std::string_view> words) {
  Json list = Json::array();
  for (const std::string_view word : words)
    list.push_back(word);
  return {{"enum", list}};
}

// Arguments that only training uses, by their names in all versions of Keras.
std::vector<std::string_view> ignored(Kind kind, int rank) {
  std::vector<std::string_view> names{"init",
                                      "activity_regularizer",
                                      "bias_initializer",
                                      "bias_regularizer",
                                      "bias_constraint",
                                      "b_regularizer",
                                      "b_constraint",
                                      "kernel_initializer",
                                      "kernel_regularizer",
                                      "kernel_constraint"};
  if (kind == Kind::Separable || kind == Kind::Depthwise) {
    names.insert(names.end(),
                 {"depthwise_initializer", "depthwise_regularizer", "depthwise_constraint"});
  } else {
    names.insert(names.end(), {"W_regularizer", "W_constraint"});
  }
  if (kind == Kind::Separable) {
    names.insert(names.end(),
                 {"pointwise_initializer", "pointwise_regularizer", "pointwise_constraint"});
  }
  if (kind != Kind::Plain) names.emplace_back("groups");  // Keras 2.9 writes a 1
  if (rank == 1) names.insert(names.end(), {"input_dim", "input_length"});
  return names;
}

template <Kind kind, int rank>
LayerSpec spec(std::string_view name, std::string_view summary, std::string_view shapes,
               std::string_view example) {
  const Json size = factors_schema(rank);
  const std::string_view number = rank == 1 ? "n" : rank == 2 ? "n | [n, m]" : "n | [l, m, n]";
  const std::string_view ones = rank == 1 ? "1" : rank == 2 ? "[1, 1]" : "[1, 1, 1]";
  std::vector<ArgumentSpec> arguments;
  if (kind != Kind::Depthwise) {
    arguments.push_back(
        {"filters", "channels that are made, >= 1", "the weights'", whole_schema(1)});
  }
  arguments.push_back({"kernel_size", number, "the weights'", size});
  arguments.push_back({"strides", number, ones, size});
  arguments.push_back({"padding",
                       kind == Kind::Transposed ? "valid | same | full (Keras 1)"
                       : kind != Kind::Plain    ? "valid | same"
                       : rank == 1              ? "valid | same | causal | full (Keras 1)"
                                                : "valid | same | full (Keras 1)",
                       "valid", Json{{"type", "string"}}});
  if (kind == Kind::Transposed) {
    arguments.push_back({"output_padding", "n, or one an axis, each below its stride", "none",
                         Json{{"type", Json::array({"integer", "array", "null"})}}});
    if (rank == 2) {
      arguments.push_back(
          {"output_shape", "Keras 1: [null, rows, cols, filters]", "none",
           Json{{"type", Json::array({"array", "null"})}, {"minItems", 4}, {"maxItems", 4}}});
    }
  }
  arguments.push_back(data_format_argument());
  arguments.push_back({"dilation_rate", number, ones, size});
  if (kind == Kind::Plain) arguments.push_back({"groups", "n, >= 1", "1", whole_schema(1)});
  if (kind == Kind::Separable || kind == Kind::Depthwise)
    arguments.push_back({"depth_multiplier", "n, >= 1", "1", whole_schema(1)});
  Json activations = words_schema(kActivations);
  activations["enum"].push_back(nullptr);
  arguments.push_back({"activation", "relu | sigmoid | softmax | ..", "linear", activations});
  arguments.push_back(
      {"use_bias", "true | false", "whether the weights have one", Json{{"type", "boolean"}}});
  if (kind == Kind::Depthwise && rank == 2) {
    Json kernels = words_schema(named_kernels());
    kernels["enum"].push_back(nullptr);
    arguments.push_back(
        {"kernel", "gaussian | box | sobel_x | sobel_y | laplacian | sharpen", "none", kernels});
    arguments.push_back({"sigma", "of gaussian, in pixels", "1",
                         Json{{"type", Json::array({"number", "null"})}, {"exclusiveMinimum", 0}}});
  }
  arguments.push_back({"weights",
                       "[kernel.npy, bias.npy] | file.npz | file.h5/layer | lists of numbers",
                       "none", Json{{"type", Json::array({"array", "string", "null"})}}});
  arguments.push_back(dtype_argument());
  return {name,
          rank,
          summary,
          shapes,
          example,
          "As in Keras, whatever its version; a file of weights becomes part of the chain.",
          std::move(arguments),
          [](Arguments& given) { return Reader(given, kind, rank).read(); },
          ignored(kind, rank)};
}

}  // namespace

LayerSpec conv1d_spec() {
  return spec<Kind::Plain, 1>(
      "Conv1D", "convolve a sequence", "steps x c  ->  by padding and strides x filters",
      R"({"class_name": "Conv1D", "config": {"padding": "same", "weights": [[0.25, 0.5, 0.25]]}})");
}

LayerSpec conv2d_spec() {
  return spec<Kind::Plain, 2>(
      "Conv2D", "convolve a picture: feature maps, learned layers, mixed channels",
      "rows x cols x c  ->  by padding and strides x filters",
      R"({"class_name": "Conv2D", "config": {"weights": [[[[[0.299], [0.587], [0.114]]]]]}})");
}

LayerSpec conv3d_spec() {
  return spec<Kind::Plain, 3>(
      "Conv3D", "convolve a volume",
      "planes x rows x cols x c  ->  by padding and strides x filters",
      R"({"class_name": "Conv3D", "config": {"strides": [2, 1, 1], "weights": [[[[0.5]], [[0.5]]]]}})");
}

LayerSpec separable_conv1d_spec() {
  return spec<Kind::Separable, 1>(
      "SeparableConv1D", "convolve each channel of a sequence, then mix the channels",
      "steps x c  ->  by padding and strides x filters",
      R"({"class_name": "SeparableConv1D", "config": {"weights": [[[[0.5]], [[0.5]]], [[[1, -1]]]]}})");
}

LayerSpec separable_conv2d_spec() {
  return spec<Kind::Separable, 2>(
      "SeparableConv2D", "convolve each channel of a picture, then mix the channels",
      "rows x cols x c  ->  by padding and strides x filters",
      R"({"class_name": "SeparableConv2D", "config": {"weights": [[[[[0.5]], [[0.5]]]], [[[[1, -1]]]]]}})");
}

LayerSpec depthwise_conv1d_spec() {
  return spec<Kind::Depthwise, 1>(
      "DepthwiseConv1D", "convolve each channel of a sequence",
      "steps x c  ->  by padding and strides x c * depth_multiplier",
      R"({"class_name": "DepthwiseConv1D", "config": {"weights": [[0.25, 0.5, 0.25]]}})");
}

LayerSpec depthwise_conv2d_spec() {
  return spec<Kind::Depthwise, 2>(
      "DepthwiseConv2D", "convolve each channel of a picture: blur, edges",
      "rows x cols x c  ->  by padding and strides x c * depth_multiplier",
      R"({"class_name": "DepthwiseConv2D", "config": {"kernel": "gaussian", "sigma": 1.5, "padding": "same"}})");
}

LayerSpec conv1d_transpose_spec() {
  return spec<Kind::Transposed, 1>(
      "Conv1DTranspose", "enlarge a sequence by a kernel",
      "steps x c  ->  steps * stride (same) x filters",
      R"({"class_name": "Conv1DTranspose", "config": {"strides": 2, "weights": [[[[1]], [[0.5]]]]}})");
}

LayerSpec conv2d_transpose_spec() {
  return spec<Kind::Transposed, 2>(
      "Conv2DTranspose", "enlarge a picture by a kernel",
      "rows x cols x c  ->  rows * stride x cols * stride (same) x filters",
      R"({"class_name": "Conv2DTranspose", "config": {"strides": [1, 2], "weights": [[[[[1]], [[0.5]]]]]}})");
}

LayerSpec conv3d_transpose_spec() {
  return spec<Kind::Transposed, 3>(
      "Conv3DTranspose", "enlarge a volume by a kernel",
      "planes x rows x cols x c  ->  each * stride (same) x filters",
      R"({"class_name": "Conv3DTranspose", "config": {"strides": [1, 1, 2], "weights": [[[[[[1]], [[1]]]]]]}})");
}

}  // namespace deckle
