// SPDX-License-Identifier: Apache-2.0
// convolution: Keras' convolutional layers. Each output is a sum of the samples around its place,
//         multiplied by the numbers of a kernel: blurs, edges, feature maps, learned layers.
// Shapes  (2-D) rows x cols x channels -> by padding and strides x filters; float32. The formulas
//         are in convolution_geometry.h
// Fails   Shape if the kernel is for another number of channels, or larger than the image
// Source  Keras 1.2 to 3: Conv1D, 2D, 3D, SeparableConv, DepthwiseConv, ConvTranspose

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/convolve.h"
#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/convolution_geometry.h"
#include "layers/convolution_weights.h"
#include "layers/registry.h"
#include "layers/weights.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 4> kPaddings{"valid", "same", "causal", "full"};

// "hard_sigmoid" is another function before Keras 3. "gelu_tanh" is Keras' gelu(approximate=True).
constexpr std::array<std::string_view, 16> kActivations{
    "linear",  "relu",        "relu6", "elu",  "selu", "softplus",  "softsign", "tanh",
    "sigmoid", "exponential", "swish", "silu", "gelu", "gelu_tanh", "softmax",  "hard_sigmoid"};
constexpr std::array kActivationOf{
    Activation::Linear,  Activation::Relu,        Activation::Relu6,    Activation::Elu,
    Activation::Selu,    Activation::Softplus,    Activation::Softsign, Activation::Tanh,
    Activation::Sigmoid, Activation::Exponential, Activation::Swish,    Activation::Swish,
    Activation::Gelu,    Activation::GeluTanh,    Activation::Softmax,  Activation::HardSigmoid};

class ConvolutionReader {
 public:
  ConvolutionReader(Arguments& arguments, ConvolutionKind kind, int rank) : arguments_(arguments) {
    given_.kind = kind;
    given_.rank = rank;
  }

  std::optional<Layer> read();

 private:
  ConvolutionPadding read_padding();
  Activation read_activation();
  void read_transposed();
  void check();
  Json config();

  Arguments& arguments_;
  ConvolutionArguments given_;
  std::string activation_name_ = "linear";
  std::optional<Json> data_format_;  // nothing: the layer has none
};

ConvolutionPadding ConvolutionReader::read_padding() {
  // Keras 2 and later take "SAME" too.
  std::size_t choice = kPaddings.size();
  if (const Json* value = arguments_.find("padding"); value != nullptr && value->is_string()) {
    std::string word = value->get<std::string>();
    for (char& c : word)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    choice = static_cast<std::size_t>(std::find(kPaddings.begin(), kPaddings.end(), word) -
                                      kPaddings.begin());
  }
  if (choice == kPaddings.size()) choice = arguments_.choice("padding");
  const auto padding = static_cast<ConvolutionPadding>(choice);
  const KerasVersion keras = arguments_.keras();
  if (padding == ConvolutionPadding::Causal) {
    const bool separable = given_.kind == ConvolutionKind::Separable && keras.major < 3;
    if (given_.rank != 1 || (given_.kind != ConvolutionKind::Plain && !separable)) {
      arguments_.mistake("padding", arguments_.layer_name() + " has no padding \"causal\"" +
                                        (given_.rank == 1 ? "" : ", which is for one axis"));
    }
  }
  if (padding == ConvolutionPadding::Full) {
    if (given_.has_multiplier()) {
      arguments_.mistake("padding", arguments_.layer_name() + " has no padding \"full\"");
    } else if (keras >= KerasVersion{2, 4}) {
      arguments_.mistake(
          "padding",
          R"("full" is of Keras 1 and 2.3; say "keras": "1.2" in the chain)" +
              std::string(given_.kind == ConvolutionKind::Plain ? ", or put ZeroPadding before"
                                                                : ""));
    }
  }
  return padding;
}

Activation ConvolutionReader::read_activation() {
  const std::size_t choice = arguments_.choice("activation");
  const Activation activation = kActivationOf.at(choice);
  activation_name_ = kActivations.at(choice);
  const int keras = arguments_.keras().major;
  if (activation == Activation::Softmax && keras == 1 && given_.rank > 1)
    arguments_.mistake("activation", "softmax is for Convolution1D alone in Keras 1");
  if (activation == Activation::HardSigmoid && keras >= 3) return Activation::HardSigmoid3;
  return activation;
}

void ConvolutionReader::read_transposed() {
  if (arguments_.find("output_padding") != nullptr) {
    given_.output_padding = arguments_.factors("output_padding");
    for (std::size_t a = 0; a < given_.axes(); ++a) {
      if (given_.output_padding[a] >= given_.strides[a]) {
        arguments_.mistake("output_padding", std::to_string(given_.output_padding[a]) +
                                                 " is not less than the stride, " +
                                                 std::to_string(given_.strides[a]));
        break;
      }
    }
  }
  if (!given_.has_output_shape()) return;
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
                       arguments_.layer_name() + " of Keras 1 needs \"output_shape\": " +
                           (arguments_.channels_first() ? "[null, filters, rows, cols]"
                                                        : "[null, rows, cols, filters]"));
    return;
  }
  if (!shape->is_array() || shape->size() != given_.axes() + 2) {
    arguments_.mistake("output_shape", "it has " + std::to_string(given_.axes() + 2) +
                                           " entries, of which the first, the batch, may be null");
    return;
  }
  for (std::size_t a = 0; a < given_.axes(); ++a) {
    const std::size_t at = a + (arguments_.channels_first() ? 2 : 1);
    const auto length = whole_number((*shape)[at], 1);
    if (!length)
      arguments_.mistake("output_shape", length.error().message, "/" + std::to_string(at));
    given_.output_shape.push_back(length ? *length : 1);
  }
  check_output_channels(arguments_, given_);
}

void ConvolutionReader::check() {
  const bool given = arguments_.find("weights") != nullptr || given_.named;
  if (given_.has_filters() && given_.filters == kAny && arguments_.find("filters") == nullptr &&
      !given) {
    arguments_.mistake("filters",
                       arguments_.layer_name() + " needs \"filters\", how many channels it makes");
  }
  if (arguments_.find("kernel_size") == nullptr && !given)
    arguments_.mistake("kernel_size", arguments_.layer_name() + " needs \"kernel_size\"");
  if (given_.filters != kAny) check_groups(arguments_, given_);
  const auto beyond_one = [](const Lengths& lengths) {
    return std::any_of(lengths.begin(), lengths.end(), [](std::int64_t n) { return n > 1; });
  };
  if (arguments_.keras().major >= 3 && !given_.has_multiplier() && beyond_one(given_.strides) &&
      beyond_one(given_.dilation)) {
    arguments_.mistake("dilation_rate", "Keras 3 has no dilation_rate > 1 with strides > 1");
  }
}

Json ConvolutionReader::config() {
  Json config = Json::object();
  if (given_.has_filters()) config["filters"] = given_.filters;
  config["kernel_size"] = given_.size;
  config["strides"] = given_.strides;
  config["padding"] = kPaddings.at(static_cast<std::size_t>(given_.padding));
  if (given_.kind == ConvolutionKind::Transposed) {
    config["output_padding"] =
        given_.output_padding.empty() ? Json(nullptr) : Json(given_.output_padding);
  }
  const auto as_given = [&](const char* name) {
    const Json* value = arguments_.find(name);
    config[name] = value == nullptr ? Json(nullptr) : *value;
  };
  if (given_.has_output_shape()) as_given("output_shape");
  if (data_format_) config["data_format"] = *data_format_;
  config["dilation_rate"] = given_.dilation;
  if (given_.kind == ConvolutionKind::Plain) config["groups"] = given_.groups;
  if (given_.has_multiplier()) config["depth_multiplier"] = given_.multiplier;
  config["activation"] = activation_name_;
  config["use_bias"] = given_.use_bias.value_or(true);
  if (given_.has_names()) {
    config["kernel"] = given_.named ? Json(*given_.named) : Json(nullptr);
    config["sigma"] = given_.named == "gaussian" ? Json(given_.sigma) : Json(nullptr);
  }
  as_given("weights");
  return config;
}

std::optional<Layer> ConvolutionReader::read() {
  if (given_.has_filters()) given_.filters = arguments_.whole("filters").value_or(kAny);
  if (arguments_.find("kernel_size") != nullptr) given_.size = arguments_.factors("kernel_size");
  given_.strides = arguments_.factors("strides");
  given_.dilation = arguments_.factors("dilation_rate");
  given_.padding = read_padding();
  if (given_.kind == ConvolutionKind::Transposed && given_.padding != ConvolutionPadding::Causal)
    read_transposed();
  if (given_.kind == ConvolutionKind::Plain) given_.groups = arguments_.whole("groups").value_or(1);
  if (given_.has_multiplier()) given_.multiplier = arguments_.whole("depth_multiplier").value_or(1);
  given_.activation = read_activation();
  if (arguments_.find("use_bias") != nullptr) given_.use_bias = arguments_.boolean("use_bias");
  if (given_.has_names() && arguments_.find("kernel") != nullptr) {
    const auto names = named_kernels();
    given_.named = std::string(names[arguments_.choice("kernel")]);
    const std::vector<double> sigma = arguments_.numbers("sigma");
    given_.sigma = sigma[0];
    if (sigma.size() != 1 || !(given_.sigma > 0) || given_.sigma > 10000)
      arguments_.mistake("sigma", "sigma is one number of pixels, above 0 and at most 10000");
    if (arguments_.find("weights") != nullptr)
      arguments_.mistake("weights", "\"kernel\" names the filter already; give only one of them");
    if (given_.multiplier != 1)
      arguments_.mistake("depth_multiplier", "a named filter makes one channel of each");
    if (given_.use_bias == true) arguments_.mistake("use_bias", "a named filter has no bias");
  } else if (given_.has_names() && arguments_.find("sigma") != nullptr) {
    arguments_.mistake("sigma", "sigma belongs to \"kernel\": \"gaussian\"");
  }
  check();
  const DType dtype = arguments_.dtype("dtype");
  // In Keras 1 sequences are always channels_last.
  if (given_.rank > 1 || arguments_.keras().major > 1)
    data_format_ = arguments_.word("data_format");
  const std::vector<Stage> stages = read_stages(arguments_, given_);
  Json config = this->config();
  config["dtype"] = name_of(dtype);
  if (!arguments_.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.convolves = true;
  layer.config = std::move(config);
  layer.output_shape = [stages, name = arguments_.layer_name()](const Shape& in) {
    Shape shape = in;
    for (const Stage& stage : stages) {
      const auto axes = geometry_of(name, stage, shape);
      if (!axes) return Result<Shape>(axes.error());
      for (int a = 0; a < shape.rank; ++a)
        shape[a] = (*axes)[static_cast<std::size_t>(a)].out;
      shape.channels = channels_of(stage, shape.channels);
    }
    return check_extents(name, shape);
  };
  layer.parameters = [stages](const Shape& in) {
    std::int64_t channels = in.channels;
    std::int64_t count = 0;
    for (const Stage& stage : stages) {
      count += parameters_of(stage, channels);
      channels = channels_of(stage, channels);
    }
    return count;
  };
  layer.edit = [stages, name = arguments_.layer_name(), dtype](OpBuilder& builder,
                                                               const Choice&) -> Result<Done> {
    for (const Stage& stage : stages) {
      if (stage.convolution == nullptr)
        return Error{ErrorCode::Usage, name + ": it was read without its weights"};
      auto axes = geometry_of(name, stage, builder.shape());
      if (!axes) return axes.error();
      builder.convolve(stage.convolution, *std::move(axes));
    }
    if (dtype == DType::Float16) builder.cast(dtype);
    return Done{};
  };
  return layer;
}

// The names of arguments that only training uses, in all versions of Keras.
std::vector<std::string_view> ignored(ConvolutionKind kind, int rank) {
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
  if (kind == ConvolutionKind::Separable || kind == ConvolutionKind::Depthwise) {
    names.insert(names.end(),
                 {"depthwise_initializer", "depthwise_regularizer", "depthwise_constraint"});
  } else {
    names.insert(names.end(), {"W_regularizer", "W_constraint"});
  }
  if (kind == ConvolutionKind::Separable) {
    names.insert(names.end(),
                 {"pointwise_initializer", "pointwise_regularizer", "pointwise_constraint"});
  }
  if (kind != ConvolutionKind::Plain) names.emplace_back("groups");  // Keras 2.9 writes a 1
  if (rank == 1) names.insert(names.end(), {"input_dim", "input_length"});
  return names;
}

// The declarations, in Keras' order.
std::vector<ArgumentSpec> declared(ConvolutionKind kind, int rank) {
  const bool transposed = kind == ConvolutionKind::Transposed;
  const bool multiplies = kind == ConvolutionKind::Separable || kind == ConvolutionKind::Depthwise;
  const auto steps = [](std::string_view name, std::string_view help) {
    return ArgumentSpec{
        .name = name, .form = Form::Factors, .least = 1, .fallback = 1, .help = help};
  };
  const auto count = [](std::string_view name, std::string_view help) {
    return ArgumentSpec{.name = name, .form = Form::Whole, .least = 1, .fallback = 1, .help = help};
  };
  std::vector<ArgumentSpec> list;
  if (kind != ConvolutionKind::Depthwise) {
    list.push_back({.name = "filters",
                    .form = Form::Whole,
                    .least = 1,
                    .otherwise = "the weights'",
                    .help = "number of output channels"});
  }
  list.push_back({.name = "kernel_size",
                  .form = Form::Factors,
                  .least = 1,
                  .otherwise = "the weights'",
                  .help = "size of the kernel"});
  list.push_back(steps("strides", transposed ? "by how much the output is larger"
                                             : "distance between two places of the kernel"));
  // A text in any case: Keras 2 and later take "SAME".
  list.push_back({.name = "padding",
                  .words = kPaddings,
                  .values = transposed                       ? "valid | same | full (Keras 1)"
                            : kind != ConvolutionKind::Plain ? "valid | same"
                            : rank == 1 ? "valid | same | causal | full (Keras 1)"
                                        : "valid | same | full (Keras 1)",
                  .fallback = kPaddings[0],
                  .help = "what is around the image: nothing, or zeros",
                  .also = {{"type", "string"}}});
  if (transposed) {
    list.push_back({.name = "output_padding",
                    .form = Form::Other,
                    .values = "n, or one for each axis, below the stride",
                    .help = "how much longer the output is at its end",
                    .also = {{"type", {"integer", "array", "null"}}}});
    if (rank == 2) {
      list.push_back({.name = "output_shape",
                      .values = "[null, rows, cols, filters]",
                      .help = "Keras 1 only: the shape of the output",
                      .also = {{"type", {"array", "null"}}, {"minItems", 4}, {"maxItems", 4}}});
    }
  }
  list.push_back(data_format_argument());
  list.push_back(steps("dilation_rate", "distance between two samples under the kernel"));
  if (kind == ConvolutionKind::Plain)
    list.push_back(count("groups", "number of groups of channels that are convolved apart"));
  if (multiplies) list.push_back(count("depth_multiplier", "outputs of each input channel"));
  list.push_back({.name = "activation",
                  .form = Form::Word,
                  .words = kActivations,
                  .values = "relu | sigmoid | softmax | ..",
                  .fallback = kActivations[0],
                  .help = "function of every output",
                  .also = {{"type", "null"}}});
  list.push_back({.name = "use_bias",
                  .form = Form::Boolean,
                  .fallback = true,
                  .otherwise = "whether the weights have one",
                  .help = "whether a number is added for each output channel"});
  if (kind == ConvolutionKind::Depthwise && rank == 2) {
    list.push_back({.name = "kernel",
                    .form = Form::Word,
                    .words = named_kernels(),
                    .help = "a named filter, instead of weights"});
    list.push_back({.name = "sigma",
                    .values = "number, > 0",
                    .fallback = 1,
                    .help = "kernel gaussian: its standard deviation, in pixels",
                    .also = {{"type", {"number", "null"}}, {"exclusiveMinimum", 0}}});
  }
  list.push_back({.name = "weights",
                  .values = "[kernel.npy, bias.npy] | file.npz | file.h5/layer | lists of numbers",
                  .help = "the kernel, and the bias if there is one",
                  .also = {{"type", {"array", "string", "null"}}}});
  list.push_back(dtype_argument());
  return list;
}

template <ConvolutionKind kind, int rank>
LayerSpec convolution(std::string_view name, std::string_view summary, std::string_view shapes,
                      std::string_view example) {
  return {
      .name = name,
      .rank = rank,
      .summary = summary,
      .shapes = shapes,
      .example = example,
      .source = "As in Keras, whatever its version; a file of weights becomes part of the chain.",
      .arguments = declared(kind, rank),
      .parse = [](Arguments& given) { return ConvolutionReader(given, kind, rank).read(); },
      .ignored = ignored(kind, rank)};
}

}  // namespace

std::vector<LayerSpec> convolution_layers() {
  using enum ConvolutionKind;
  return {
      convolution<Plain, 1>(
          "Conv1D", "convolve a sequence", "steps x c  ->  by padding and strides x filters",
          R"({"class_name": "Conv1D", "config": {"padding": "same", "weights": [[0.25, 0.5, 0.25]]}})"),
      convolution<Plain, 2>(
          "Conv2D", "convolve a picture: feature maps, learned layers, mixed channels",
          "rows x cols x c  ->  by padding and strides x filters",
          R"({"class_name": "Conv2D", "config": {"weights": [[[[[0.299], [0.587], [0.114]]]]]}})"),
      convolution<Plain, 3>(
          "Conv3D", "convolve a volume",
          "planes x rows x cols x c  ->  by padding and strides x filters",
          R"({"class_name": "Conv3D", "config": {"strides": [2, 1, 1], "weights": [[[[0.5]], [[0.5]]]]}})"),
      convolution<Separable, 1>(
          "SeparableConv1D", "convolve each channel of a sequence, then mix the channels",
          "steps x c  ->  by padding and strides x filters",
          R"({"class_name": "SeparableConv1D", "config": {"weights": [[[[0.5]], [[0.5]]], [[[1, -1]]]]}})"),
      convolution<Separable, 2>(
          "SeparableConv2D", "convolve each channel of a picture, then mix the channels",
          "rows x cols x c  ->  by padding and strides x filters",
          R"({"class_name": "SeparableConv2D", "config": {"weights": [[[[[0.5]], [[0.5]]]], [[[[1, -1]]]]]}})"),
      convolution<Depthwise, 1>(
          "DepthwiseConv1D", "convolve each channel of a sequence",
          "steps x c  ->  by padding and strides x c * depth_multiplier",
          R"({"class_name": "DepthwiseConv1D", "config": {"weights": [[0.25, 0.5, 0.25]]}})"),
      convolution<Depthwise, 2>(
          "DepthwiseConv2D", "convolve each channel of a picture: blur, edges",
          "rows x cols x c  ->  by padding and strides x c * depth_multiplier",
          R"({"class_name": "DepthwiseConv2D", "config": {"kernel": "gaussian", "sigma": 1.5, "padding": "same"}})"),
      convolution<Transposed, 1>(
          "Conv1DTranspose", "enlarge a sequence by a kernel",
          "steps x c  ->  steps * stride (same) x filters",
          R"({"class_name": "Conv1DTranspose", "config": {"strides": 2, "weights": [[[[1]], [[0.5]]]]}})"),
      convolution<Transposed, 2>(
          "Conv2DTranspose", "enlarge a picture by a kernel",
          "rows x cols x c  ->  rows * stride x cols * stride (same) x filters",
          R"({"class_name": "Conv2DTranspose", "config": {"strides": [1, 2], "weights": [[[[[1]], [[0.5]]]]]}})"),
      convolution<Transposed, 3>(
          "Conv3DTranspose", "enlarge a volume by a kernel",
          "planes x rows x cols x c  ->  each * stride (same) x filters",
          R"({"class_name": "Conv3DTranspose", "config": {"strides": [1, 1, 2], "weights": [[[[[[1]], [[1]]]]]]}})")};
}

}  // namespace deckle
