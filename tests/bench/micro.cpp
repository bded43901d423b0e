// SPDX-License-Identifier: Apache-2.0
// micro: measures the parts of a run one by one, with Google Benchmark.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <variant>

#include "chain/chain.h"
#include "chain/plan.h"
#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "core/digest.h"
#include "geometry/axis_table.h"
#include "kernels/convert.h"
#include "kernels/gather.h"
#include "kernels/resample.h"
#include "random/philox.h"
#include "random/seeds.h"
#include "random/stateless.h"

using namespace deckle;

namespace {

const std::vector<Fill> kZero{{0}};

constexpr std::int64_t kRows = 1224;  // 2 MP
constexpr std::int64_t kCols = 1632;

[[noreturn]] void fail(const Error& error) {
  std::cerr << "micro: " << error.message << "\n";
  std::exit(1);
}

// Waves of several lengths under a little noise: compresses about as a photograph does.
Tensor picture(std::int64_t rows, std::int64_t cols, std::int64_t channels) {
  Tensor tensor;
  tensor.reset(Shape::image(rows, cols, channels), DType::UInt8);
  std::mt19937 random(1);
  std::uint8_t* to = tensor.data.data();
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      const auto x = static_cast<double>(c);
      const auto y = static_cast<double>(r);
      for (std::int64_t k = 0; k < channels; ++k) {
        const double wave = 50 * std::sin(x / 97 + static_cast<double>(k)) + 30 * std::sin(y / 31) +
                            15 * std::sin((x + 2 * y) / 7) + static_cast<double>(random() % 17);
        *to++ = static_cast<std::uint8_t>(120 + wave);
      }
    }
  }
  return tensor;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes));
}

// ---- gather: the output is 224 x 224 or 2 MP

enum Kind { kWindow, kPad, kUpsample };

void gather_of(benchmark::State& state, Kind kind) {
  const bool small = state.range(0) == 224;
  const std::int64_t rows = small ? 224 : kRows;
  const std::int64_t cols = small ? 224 : kCols;
  const Tensor source = picture(kRows + 32, kCols + 32, state.range(1));
  AxisTable down(source.shape.rows());
  AxisTable across(source.shape.cols());
  if (kind == kWindow) {
    down.keep(9, rows);
    across.keep(13, cols);
  } else if (kind == kPad) {
    down.keep(9, rows - 32);
    across.keep(13, cols - 32);
    down.pad(16, 16);
    across.pad(16, 16);
  } else {
    down.keep(9, rows / 2);
    across.keep(13, cols / 2);
    down.repeat(2);
    across.repeat(2);
  }
  Tensor out;
  for (auto _ : state) {
    gather(source, whole(source.shape), std::array{down, across}, kZero, out);
    benchmark::DoNotOptimize(out.data.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, out.byte_count());
}

void sizes_and_channels(benchmark::internal::Benchmark* b) {
  b->ArgNames({"size", "channels"})->ArgsProduct({{224, 2000000}, {1, 3, 4}});
}
BENCHMARK_CAPTURE(gather_of, window, kWindow)->Apply(sizes_and_channels);
BENCHMARK_CAPTURE(gather_of, pad, kPad)->Apply(sizes_and_channels);
BENCHMARK_CAPTURE(gather_of, upsample, kUpsample)->Apply(sizes_and_channels);

// ---- resample; beside OpenCV's: peers/resize.cpp

struct Resize {
  const char* name;
  std::int64_t rows, cols, to_rows, to_cols;
};
constexpr Resize kResizes[] = {{"6mp_to_quarter", 2000, 3000, 500, 750},
                               {"6mp_to_double", 2000, 3000, 4000, 6000},
                               {"500_to_224", 500, 375, 224, 224},
                               {"224_to_448", 224, 224, 448, 448}};

void resample_of(benchmark::State& state, const Resize& size, Interpolation by, DType from,
                 DType to, std::int64_t channels) {
  Tensor source;
  cast(picture(size.rows, size.cols, channels), from, source);
  Tensor out;
  resample(source, size.to_rows, size.to_cols, {by}, to,
           out);  // to exclude the cost of new memory
  for (auto _ : state) {
    resample(source, size.to_rows, size.to_cols, {by}, to, out);
    benchmark::DoNotOptimize(out.data.data());
    benchmark::ClobberMemory();
  }
}

void register_resamples() {
  using enum Interpolation;
  for (const Resize& size : kResizes) {
    for (const Interpolation by : {Bilinear, Bicubic, Area, Lanczos3}) {
      for (const auto& [from, to] : {std::pair{DType::UInt8, DType::UInt8},
                                     {DType::UInt8, DType::Float32},
                                     {DType::Float32, DType::Float32}}) {
        for (const std::int64_t channels : {1, 3, 4}) {
          const std::string name = std::string("resample/") + size.name + "/" +
                                   std::string(kInterpolations.at(static_cast<std::size_t>(by))) +
                                   "/" + std::string(name_of(from)) + "_to_" +
                                   std::string(name_of(to)) + "/" + std::to_string(channels);
          benchmark::RegisterBenchmark(name.c_str(), resample_of, size, by, from, to, channels)
              ->Unit(benchmark::kMillisecond);
        }
      }
    }
  }
}

// ---- draws

void philox_block(benchmark::State& state) {
  PhiloxBlock counter{1, 2, 3, 4};
  for (auto _ : state)
    benchmark::DoNotOptimize(counter = philox(counter, {5, 6}));
}
BENCHMARK(philox_block);

void draw_offset(benchmark::State& state) {
  const std::array<std::int64_t, 3> shape{kRows, kCols, 3};
  const std::array<std::int64_t, 3> size{224, 224, 3};
  SeedPair seed{42, 0};
  for (auto _ : state) {
    ++seed.b;
    benchmark::DoNotOptimize(stateless_random_crop(shape, size, seed));
  }
}
BENCHMARK(draw_offset);

void seed_of_image(benchmark::State& state) {
  ImageIdentity image{"folder/of/some/depth/photograph-001234.jpg", 7, {}, 3};
  for (auto _ : state)
    benchmark::DoNotOptimize(derive_seed({42, 0}, SeedFrom::Path, 1, image));
}
BENCHMARK(seed_of_image);

// ---- plan

const Chain& chain_of(const std::string& layers) {
  static std::map<std::string, Chain> chains;
  const auto found = chains.find(layers);
  if (found != chains.end()) return found->second;
  auto parsed = parse_chain(R"({"seed": 42, "layers": [)" + layers + "]}");
  if (Chain* chain = std::get_if<Chain>(&parsed)) return chains[layers] = std::move(*chain);
  std::cerr << "micro: " << std::get<Mistakes>(parsed).front().message << "\n";
  std::exit(1);
}

constexpr const char* kCrop =
    R"({"class_name": "RandomCrop", "config": {"height": 224, "width": 224}})";
constexpr const char* kExpand = R"({"class_name": "Cropping2D", "config": {"cropping": 8}},
  {"class_name": "ZeroPadding2D", "config": {"padding": 16}},
  {"class_name": "UpSampling2D", "config": {"size": 2}})";

void plan_of(benchmark::State& state, const char* layers) {
  const Chain& chain = chain_of(layers);
  ImageIdentity image{"folder/photograph-001234.jpg", 7, {}, 0};
  for (auto _ : state) {
    ++image.index;
    benchmark::DoNotOptimize(make_plan(chain, Shape::image(kRows, kCols, 3), DType::UInt8, image));
  }
}
BENCHMARK_CAPTURE(plan_of, random_crop, kCrop);
BENCHMARK_CAPTURE(plan_of, crop_pad_upsample, kExpand);

// ---- codecs

void encode_or_fail(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  if (auto done = codec_of(options.format).encoder->encode(pixels, options, out); !done)
    fail(done.error());
}

const Buffer& jpeg_2mp() {
  static const Buffer file = [] {
    Buffer made;
    EncodeOptions options;
    options.format = Format::Jpeg;
    options.quality = 90;
    encode_or_fail(picture(kRows, kCols, 3), options, made);
    return made;
  }();
  return file;
}

void jpeg_header(benchmark::State& state) {
  const Bytes file = jpeg_2mp().bytes();
  for (auto _ : state)
    benchmark::DoNotOptimize(read_info(file, DecodeOptions{}));
}
BENCHMARK(jpeg_header);

void decode_jpeg(benchmark::State& state, bool part) {
  const Bytes file = jpeg_2mp().bytes();
  const DecodeOptions options;
  const auto info = read_info(file, options);
  if (!info) fail(info.error());
  std::mt19937 random(1);
  Tensor out;
  for (auto _ : state) {
    Window window = whole(info->shape);
    if (part) {
      const auto top = static_cast<std::int64_t>(random() % (kRows - 223));
      const auto left = static_cast<std::int64_t>(random() % (kCols - 223));
      window = {2, {Interval{top, top + 224}, Interval{left, left + 224}}};
    }
    if (auto done = decode_window(file, *info, options, window, out); !done) fail(done.error());
    benchmark::DoNotOptimize(out.data.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(decode_jpeg, window_224_of_2mp, true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(decode_jpeg, all_of_2mp, false)->Unit(benchmark::kMicrosecond);

void encode(benchmark::State& state, Format format, int side) {
  const Tensor pixels = picture(side, side, 3);
  EncodeOptions options;
  options.format = format;
  if (format == Format::Jpeg) options.quality = 90;
  Buffer out;
  for (auto _ : state) {
    encode_or_fail(pixels, options, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_bytes(state, pixels.byte_count());
}
BENCHMARK_CAPTURE(encode, png_224, Format::Png, 224)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode, png_1024, Format::Png, 1024)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode, jpeg_224, Format::Jpeg, 224)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode, jpeg_1024, Format::Jpeg, 1024)->Unit(benchmark::kMicrosecond);

// ---- digests

void digest_sha256(benchmark::State& state) {
  const Bytes file = jpeg_2mp().bytes();
  for (auto _ : state)
    benchmark::DoNotOptimize(sha256(file));
  count_bytes(state, file.size());
}
BENCHMARK(digest_sha256);

void digest_xxh3(benchmark::State& state) {
  const Bytes file = jpeg_2mp().bytes();
  for (auto _ : state)
    benchmark::DoNotOptimize(pixel_digest(file));
  count_bytes(state, file.size());
}
BENCHMARK(digest_xxh3);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  register_resamples();
  benchmark::RunSpecifiedBenchmarks();
}
