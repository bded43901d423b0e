// SPDX-License-Identifier: Apache-2.0
// Convolutions of deckle, the plan included, beside oneDNN's primitive alone: the same shapes,
// channels last, one thread. convolve.py compares them with PyTorch.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <cstdlib>
#include <iostream>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "chain/plan.h"
#include "layers/weights.h"

using namespace deckle;

namespace {

struct Work {
  const char* name;
  const char* class_name;
  std::int64_t side;
  std::int64_t in;
  std::int64_t out;
  std::int64_t kernel;
  std::int64_t stride;
};

constexpr Work kWorks[]{
    {"conv_3x3_3_to_64_at_512", "Conv2D", 512, 3, 64, 3, 1},
    {"conv_3x3_32_to_32_at_256", "Conv2D", 256, 32, 32, 3, 1},
    {"depthwise_3x3_32_at_512", "DepthwiseConv2D", 512, 32, 32, 3, 1},
    {"depthwise_3x3_64_at_512", "DepthwiseConv2D", 512, 64, 64, 3, 1},
    {"transposed_4x4_64_to_32_at_128", "Conv2DTranspose", 128, 64, 32, 4, 2},
};

std::vector<float> noise(std::int64_t count) {
  std::mt19937 random(1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values)
    value = static_cast<float>(random() % 1000) / 1000 - 0.5F;
  return values;
}

Chain chain_of(const Work& work) {
  WeightArray kernel{{work.kernel, work.kernel, work.in, work.out}, {}};
  if (std::string_view(work.class_name) == "DepthwiseConv2D") kernel.shape[3] = 1;
  if (std::string_view(work.class_name) == "Conv2DTranspose")
    std::swap(kernel.shape[2], kernel.shape[3]);
  std::int64_t count = 1;
  for (const std::int64_t extent : kernel.shape)
    count *= extent;
  kernel.values = noise(count);
  const Json chain{{"layers",
                    {{{"class_name", work.class_name},
                      {"config",
                       {{"strides", work.stride},
                        {"padding", "same"},
                        {"weights", Json::array({to_json(kernel)})}}}}}}};
  auto parsed = parse_chain(chain.dump());
  if (Chain* made = std::get_if<Chain>(&parsed)) return std::move(*made);
  std::cerr << std::get<Mistakes>(parsed).front().message << "\n";
  std::exit(1);
}

void by_deckle(benchmark::State& state, const Work& work) {
  const Chain chain = chain_of(work);
  Tensor from;
  from.reset(Shape::image(work.side, work.side, work.in), DType::Float32);
  const auto values = noise(work.side * work.side * work.in);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(values.data()), from.byte_count(),
              from.data.data());
  const auto plan = make_plan(chain, from.shape, from.dtype, {}, {true, {}, false});
  if (!plan) {
    std::cerr << plan.error().message << "\n";
    std::exit(1);
  }
  OpScratch scratch;
  const Window all{2, {Interval{0, work.side}, Interval{0, work.side}}};
  for (auto _ : state)
    benchmark::DoNotOptimize((*run_plan(*plan, from, all, scratch))->data.data());
}

using dnnl::memory;
using Tag = memory::format_tag;

void by_onednn(benchmark::State& state, const Work& work, bool any_layout) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const bool transposed = std::string_view(work.class_name) == "Conv2DTranspose";
  const bool depthwise = std::string_view(work.class_name) == "DepthwiseConv2D";
  const std::int64_t wide = transposed ? work.side * work.stride : work.side / work.stride;
  const Tag tag = any_layout ? Tag::any : Tag::nhwc;
  const auto f32 = memory::data_type::f32;
  const memory::desc from({1, work.in, work.side, work.side}, f32, tag);
  const memory::desc to({1, work.out, wide, wide}, f32, tag);
  const memory::desc kernel =
      depthwise ? memory::desc({work.in, 1, 1, work.kernel, work.kernel}, f32, Tag::any)
                : memory::desc({work.out, work.in, work.kernel, work.kernel}, f32, Tag::any);
  const memory::dims strides{work.stride, work.stride};
  const memory::dims no_dilation{0, 0};
  const memory::dims pad{1, 1};
  const auto measure = [&](auto primitive_desc) {
    using Primitive = std::conditional_t<
        std::is_same_v<decltype(primitive_desc), dnnl::convolution_forward::primitive_desc>,
        dnnl::convolution_forward, dnnl::deconvolution_forward>;
    memory src(primitive_desc.src_desc(), engine);
    memory weights(primitive_desc.weights_desc(), engine);
    memory dst(primitive_desc.dst_desc(), engine);
    for (const memory& array : {src, weights, dst}) {
      auto* values = static_cast<float*>(array.get_data_handle());
      std::fill_n(values, array.get_desc().get_size() / sizeof(float), 0.5F);
    }
    Primitive primitive(primitive_desc);
    const std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, src}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, dst}};
    for (auto _ : state) {
      primitive.execute(stream, arguments);
      stream.wait();
    }
  };
  if (transposed) {
    measure(dnnl::deconvolution_forward::primitive_desc(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, from, kernel,
         to, strides, no_dilation, pad, pad},
        engine));
  } else {
    measure(dnnl::convolution_forward::primitive_desc(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, from, kernel, to,
         strides, no_dilation, pad, pad},
        engine));
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  omp_set_num_threads(1);
  for (const Work& work : kWorks) {
    const auto add = [&](const std::string& who, auto&& run) {
      benchmark::RegisterBenchmark((work.name + ("/" + who)).c_str(), run)
          ->Unit(benchmark::kMillisecond);
    };
    add("deckle", [&work](benchmark::State& state) { by_deckle(state, work); });
    add("oneDNN", [&work](benchmark::State& state) { by_onednn(state, work, false); });
    add("oneDNN_own_layout", [&work](benchmark::State& state) { by_onednn(state, work, true); });
  }
  benchmark::RunSpecifiedBenchmarks();
}
