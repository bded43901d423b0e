// SPDX-License-Identifier: Apache-2.0
#include "kernels/convolve.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "kernels/onednn.h"
#include "support/catch.h"
#include "support/samples.h"

using namespace deckle;
using test::sample;

namespace {

// The naive twin, which can be verified by eye: the sum that ConvolvedAxis describes, in double,
// and the sum of the absolute values, which is the measure for errors.
struct Sums {
  std::vector<double> value;
  std::vector<double> size;
};

Sums naive(const Tensor& in, const FilterBank& bank, const std::vector<ConvolvedAxis>& given) {
  // One and two axes become three: the last ones are 1 long.
  std::vector<ConvolvedAxis> axes = given;
  axes.resize(3);
  std::array<std::int64_t, 3> n{1, 1, 1};
  for (int a = 0; a < in.shape.rank; ++a)
    n.at(static_cast<std::size_t>(a)) = in.shape[a];
  const std::int64_t in_each = bank.in / bank.groups;
  const std::int64_t out_each = bank.out / bank.groups;
  const auto index = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  const auto out_index = [&](std::int64_t b, std::int64_t x, std::int64_t y, std::int64_t z,
                             std::int64_t f) {
    return index((((b * axes[0].out + x) * axes[1].out + y) * axes[2].out + z) * bank.out + f);
  };
  Sums sums;
  sums.value.resize(out_index(in.batch, 0, 0, 0, 0));
  for (std::size_t i = 0; i < sums.value.size(); ++i)
    sums.value[i] = bank.bias.empty() ? 0.0 : bank.bias[i % index(bank.out)];
  for (const double value : sums.value)
    sums.size.push_back(std::abs(value) + 1e-6);
  // Every pair of places that an entry of the kernel connects. `wide` is on the larger side.
  for (std::int64_t b = 0; b < in.batch; ++b) {
    std::array<std::int64_t, 3> narrow_n{};
    std::array<std::int64_t, 3> wide_n{};
    for (std::size_t a = 0; a < 3; ++a) {
      narrow_n.at(a) = bank.transposed ? n.at(a) : axes[a].out;
      wide_n.at(a) = bank.transposed ? axes[a].out : n.at(a);
    }
    std::array<std::int64_t, 3> p{};
    for (p[0] = 0; p[0] < narrow_n[0]; ++p[0]) {
      for (p[1] = 0; p[1] < narrow_n[1]; ++p[1]) {
        for (p[2] = 0; p[2] < narrow_n[2]; ++p[2]) {
          std::array<std::int64_t, 3> q{};
          for (q[0] = 0; q[0] < bank.size[0]; ++q[0]) {
            for (q[1] = 0; q[1] < bank.size[1]; ++q[1]) {
              for (q[2] = 0; q[2] < bank.size[2]; ++q[2]) {
                std::array<std::int64_t, 3> w{};
                bool inside = true;
                for (std::size_t a = 0; a < 3; ++a) {
                  w.at(a) = p.at(a) * axes[a].stride + q.at(a) * axes[a].dilation - axes[a].before;
                  inside = inside && w.at(a) >= 0 && w.at(a) < wide_n.at(a);
                }
                if (!inside) continue;
                const auto& from = bank.transposed ? p : w;
                const auto& to = bank.transposed ? w : p;
                const std::int64_t entry = (q[0] * bank.size[1] + q[1]) * bank.size[2] + q[2];
                for (std::int64_t f = 0; f < bank.out; ++f) {
                  for (std::int64_t c = 0; c < in_each; ++c) {
                    const std::int64_t channel = f / out_each * in_each + c;
                    const double x = sample(
                        in,
                        index((((b * n[0] + from[0]) * n[1] + from[1]) * n[2] + from[2]) * bank.in +
                              channel));
                    const double k = bank.kernel.at(
                        bank.transposed ? index((entry * bank.out + f) * bank.in + c)
                                        : index((entry * in_each + c) * bank.out + f));
                    const std::size_t at = out_index(b, to[0], to[1], to[2], f);
                    sums.value[at] += x * k;
                    sums.size[at] += std::abs(x * k);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  return sums;
}

struct Case {
  FilterBank bank;
  std::vector<ConvolvedAxis> axes;
  Tensor in;
};

// Random weights for `count` taps, a bias or none, and a batch of one or two.
void fill_randomly(Case& item, const Shape& shape, std::int64_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> weight(-1, 1);
  std::uniform_int_distribution<std::int64_t> coin(0, 1);
  FilterBank& bank = item.bank;
  for (std::int64_t i = 0; i < count; ++i)
    bank.kernel.push_back(weight(random));
  for (std::int64_t f = 0; f < bank.out && coin(random) == 0; ++f)
    bank.bias.resize(static_cast<std::size_t>(bank.out), weight(random));
  item.in.reset(shape, DType::Float32, 1 + coin(random));
  auto* samples = reinterpret_cast<float*>(item.in.data.data());
  for (std::size_t i = 0; i < test::sample_count(item.in); ++i)
    samples[i] = weight(random) * 100;
}

Case random_case(std::mt19937& random) {
  const auto upto = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  Case item;
  FilterBank& bank = item.bank;
  bank.rank = static_cast<int>(upto(1, 3));
  bank.transposed = upto(0, 3) == 0;
  const std::int64_t kind = upto(0, 3);
  bank.groups = bank.transposed || kind < 2 ? 1 : upto(1, 5);
  bank.in = bank.groups * (kind == 3 ? 1 : upto(1, 5));
  bank.out = bank.groups * upto(1, kind == 1 ? 40 : 4);
  Shape shape;
  shape.rank = bank.rank;
  shape.channels = bank.in;
  std::int64_t count = bank.in / bank.groups * bank.out;
  for (int a = 0; a < bank.rank; ++a) {
    const std::int64_t size = upto(1, 4);
    bank.size.at(static_cast<std::size_t>(a)) = size;
    count *= size;
    ConvolvedAxis axis{upto(1, 3), upto(1, 3), 0, 0};
    const std::int64_t reach = (size - 1) * axis.dilation + 1;
    std::int64_t n = upto(1, 12);
    if (bank.transposed) {
      n = upto(1, 6);
      if (upto(0, 1) == 0) {  // same
        axis.out = (n - 1) * axis.stride + 1 + upto(0, axis.stride - 1);
        axis.before = std::max<std::int64_t>((n - 1) * axis.stride + reach - axis.out, 0) / 2;
      } else {
        axis.out = (n - 1) * axis.stride + reach + upto(0, axis.stride - 1);
      }
    } else {
      switch (upto(0, 3)) {
        case 0:  // valid
          n = std::max(n, reach);
          axis.out = (n - reach) / axis.stride + 1;
          break;
        case 1:  // same
          axis.out = (n + axis.stride - 1) / axis.stride;
          axis.before = std::max<std::int64_t>((axis.out - 1) * axis.stride + reach - n, 0) / 2;
          break;
        case 2:  // causal
          axis.out = (n + axis.stride - 1) / axis.stride;
          axis.before = reach - 1;
          break;
        default:  // full
          axis.out = (n + reach - 1 + axis.stride - 1) / axis.stride;
          axis.before = reach - 1;
      }
    }
    shape[a] = n;
    item.axes.push_back(axis);
  }
  fill_randomly(item, shape, count, random);
  return item;
}

// Small images with kernels that may be larger, and any padding with which every window still meets
// the image.
Case padded_case(std::mt19937& random) {
  const auto upto = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  Case item;
  FilterBank& bank = item.bank;
  bank.rank = static_cast<int>(upto(1, 3));
  bank.transposed = upto(0, 3) == 0;
  bank.each_channel = !bank.transposed && upto(0, 3) == 0;
  bank.groups = bank.transposed || bank.each_channel || upto(0, 1) == 0 ? 1 : upto(2, 3);
  bank.in = bank.each_channel ? 1 : bank.groups * upto(1, 2);
  bank.out = bank.each_channel ? 1 : bank.groups * upto(1, 2);
  if (upto(0, 2) == 0) bank.activation = Activation::Relu;
  Shape shape;
  shape.rank = bank.rank;
  shape.channels = bank.each_channel ? upto(1, 3) : bank.in;
  std::int64_t count = bank.in / bank.groups * bank.out;
  for (int a = 0; a < bank.rank; ++a) {
    const std::int64_t size = upto(1, 5);
    bank.size.at(static_cast<std::size_t>(a)) = size;
    count *= size;
    const std::int64_t dilation = upto(1, 3);
    const std::int64_t stride = upto(1, 3);
    const std::int64_t reach = (size - 1) * dilation + 1;
    const std::int64_t n = upto(1, 5);
    const std::int64_t before = upto(0, reach - 1);
    const std::int64_t most =
        bank.transposed ? (n - 1) * stride + reach - before : (n - 1 + before) / stride + 1;
    item.axes.push_back({stride, dilation, before, upto(1, most)});
    shape[a] = n;
  }
  fill_randomly(item, shape, count, random);
  return item;
}

// The filter of one channel, written for `channels` channels.
FilterBank written_out(const FilterBank& one, std::int64_t channels) {
  FilterBank bank = one;
  bank.each_channel = false;
  bank.in = bank.out = bank.groups = channels;
  bank.kernel.clear();
  for (const float value : one.kernel)
    bank.kernel.insert(bank.kernel.end(), static_cast<std::size_t>(channels), value);
  if (!one.bias.empty()) bank.bias.assign(static_cast<std::size_t>(channels), one.bias[0]);
  return bank;
}

// The largest error, relative to the size of the sums.
double worst_error(const Convolution& convolution, const Case& item) {
  Tensor out;
  convolution.run(item.in, item.axes, out);
  const FilterBank& bank = convolution.bank();
  const Sums want = naive(
      item.in, bank.each_channel ? written_out(bank, item.in.shape.channels) : bank, item.axes);
  REQUIRE(test::sample_count(out) == want.value.size());
  double most = 0;
  for (std::size_t k = 0; k < want.value.size(); ++k) {
    const bool cut = bank.activation == Activation::Relu && want.value[k] < 0;
    most = std::max(most, std::abs(sample(out, k) - (cut ? 0 : want.value[k])) / want.size[k]);
  }
  return most;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape && std::memcmp(a.data.data(), b.data.data(), a.byte_count()) == 0;
}

}  // namespace

TEST_CASE("a convolution is the sum that its axes state", "[kernels][convolve]") {
  std::mt19937 random(20260718);
  double worst = 0;
  for (int i = 0; i < 1500; ++i) {
    const Case item = random_case(random);
    INFO("case " << i << ", " << to_string(item.in.shape)
                 << (item.bank.transposed ? ", transposed" : "") << ", groups " << item.bank.groups
                 << ", out " << item.bank.out);
    const double most = worst_error(Convolution(item.bank), item);
    REQUIRE(most < 2e-6);
    worst = std::max(worst, most);
  }
  CHECK(worst > 0);  // float32 sums have errors; 0 would mean that nothing was compared
}

TEST_CASE("a convolution of small images under much padding is the same sum",
          "[kernels][convolve]") {
  std::mt19937 random(20261129);
  double worst = 0;
  for (int i = 0; i < 4000; ++i) {
    const Case item = padded_case(random);
    INFO("case " << i << ", " << to_string(item.in.shape)
                 << (item.bank.transposed ? ", transposed" : "") << ", groups " << item.bank.groups
                 << ", out " << item.bank.out);
    const double most = worst_error(Convolution(item.bank), item);
    REQUIRE(most < 2e-6);
    worst = std::max(worst, most);
  }
  CHECK(worst > 0);
}

TEST_CASE("one convolution of images of many sizes keeps their kernels apart",
          "[kernels][convolve]") {
  std::mt19937 random(8);
  for (int i = 0; i < 60; ++i) {
    Case item = padded_case(random);
    const Convolution convolution(item.bank);
    const std::vector<ConvolvedAxis> axes = item.axes;
    for (int size = 0; size < 20; ++size) {
      Shape shape = item.in.shape;
      for (int a = 0; a < shape.rank; ++a) {
        shape[a] = std::uniform_int_distribution<std::int64_t>(1, 7)(random);
        // With a smaller image fewer windows meet it.
        ConvolvedAxis& axis = item.axes[static_cast<std::size_t>(a)];
        axis = axes[static_cast<std::size_t>(a)];
        const std::int64_t most =
            item.bank.transposed ? axis.out : (shape[a] - 1 + axis.before) / axis.stride + 1;
        axis.out = std::min(axis.out, most);
        if (item.bank.transposed) {
          const std::int64_t reach =
              (item.bank.size.at(static_cast<std::size_t>(a)) - 1) * axis.dilation + 1;
          axis.out = std::min(axis.out, (shape[a] - 1) * axis.stride + reach - axis.before);
        }
      }
      item.in = test::noise(shape, DType::Float32, random);
      INFO("case " << i << ", " << to_string(shape));
      REQUIRE(worst_error(convolution, item) < 2e-6);
    }
  }
}

TEST_CASE("a kernel of which only the last column meets the image", "[kernels][convolve]") {
  // oneDNN 3.7.2 for AVX-512 has wrong sums here when it sees both columns.
  Case item;
  item.bank.size = {1, 2, 1};
  item.bank.kernel = {-0.75F, 0.5F};
  item.in = test::tensor_of(Shape::image(5, 1, 1), DType::Float32, {49, -50, 3, 70, -8});
  item.axes = {{2, 1, 0, 3}, {2, 1, 1, 1}};
  Tensor out;
  Convolution(item.bank).run(item.in, item.axes, out);
  CHECK(test::samples(out) == std::vector<double>{24.5, 1.5, -4});
}

TEST_CASE("taps at both ends that never meet the image are dropped", "[kernels][convolve]") {
  const auto plain = [](ConvolvedAxis axis, std::int64_t size, std::int64_t in) {
    return used_taps(axis, size, in, false);
  };
  const auto transposed = [](ConvolvedAxis axis, std::int64_t size, std::int64_t in) {
    return used_taps(axis, size, in, true);
  };
  // stride, dilation, before, out
  CHECK(plain({1, 1, 1, 10}, 3, 10) == TapRange{0, 3});
  CHECK(plain({2, 1, 1, 1}, 2, 1) == TapRange{1, 2});
  CHECK(plain({1, 1, 2, 1}, 5, 1) == TapRange{2, 3});
  CHECK(plain({1, 1, 2, 2}, 5, 2) == TapRange{1, 4});
  CHECK(plain({1, 1, 0, 4}, 9, 4) == TapRange{0, 4});  // all behind the image
  CHECK(plain({1, 1, 8, 4}, 9, 4) == TapRange{5, 9});  // all in front of it
  CHECK(plain({1, 3, 1, 1}, 3, 5) == TapRange{1, 2});  // taps at -1, 2 and 5
  CHECK(plain({1, 3, 1, 1}, 2, 1) == TapRange{0, 0});  // at -1 and 2: the image is between them
  CHECK(plain({3, 1, 2, 2}, 3, 1) == TapRange{2, 3});  // the second window lies behind
  CHECK(plain({3, 1, 2, 2}, 3, 2) == TapRange{0, 3});  // and here its first tap meets
  CHECK(transposed({2, 1, 0, 4}, 2, 2) == TapRange{0, 2});
  CHECK(transposed({2, 1, 1, 1}, 3, 1) == TapRange{1, 2});
  CHECK(transposed({1, 1, 0, 1}, 3, 1) == TapRange{0, 1});

  // The same by trying every place.
  std::int64_t cases = 0;
  for (const bool turned : {false, true}) {
    for (std::int64_t size = 1; size <= 4; ++size) {
      for (std::int64_t in = 1; in <= 4; ++in) {
        for (std::int64_t stride = 1; stride <= 3; ++stride) {
          for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
            for (std::int64_t before = 0; before <= 9; ++before) {
              for (std::int64_t out = 1; out <= 5; ++out, ++cases) {
                TapRange want{0, 0};
                for (std::int64_t tap = 0; tap < size; ++tap) {
                  bool meets = false;
                  for (std::int64_t p = 0; p < (turned ? in : out); ++p) {
                    const std::int64_t at = p * stride + tap * dilation - before;
                    meets = meets || (at >= 0 && at < (turned ? out : in));
                  }
                  if (!meets) continue;
                  if (want.end == 0) want.first = tap;
                  want.end = tap + 1;
                }
                CAPTURE(turned, size, in, stride, dilation, before, out);
                REQUIRE(used_taps({stride, dilation, before, out}, size, in, turned) == want);
              }
            }
          }
        }
      }
    }
  }
  CHECK(cases == 2 * 4 * 4 * 3 * 3 * 10 * 5);
}

TEST_CASE("the name of the convolution kernels has library, version and instruction set",
          "[kernels][convolve]") {
  // Numbers that only some versions of oneDNN have.
  const auto name = [](onednn::Processors family, unsigned number) {
    return onednn::processor_name(family, static_cast<dnnl::cpu_isa>(number));
  };
  using onednn::Processors;
  CHECK(name(Processors::X86, 0) == "no vectors");
  CHECK(name(Processors::X86, 0x1) == "SSE4.1");
  CHECK(name(Processors::X86, 0x3) == "AVX");
  CHECK(name(Processors::X86, 0x7) == "AVX2");
  for (const unsigned number : {0x27U, 0x67U, 0xE7U, 0x1EFU, 0x3E7U, 0xFEFU, 0x1FEFU})
    CHECK(name(Processors::X86, number) == "AVX512");
  CHECK(name(Processors::X86, 0x50000) == "processor kind 327680");
  CHECK(name(Processors::Arm64, 0x1) == "ASIMD");
  CHECK(name(Processors::Arm64, 0x7) == "SVE256");
  CHECK(name(Processors::Arm64, 0x1F) == "SVE512");
  CHECK(name(Processors::Arm64, 0x27) == "SVE512");
  CHECK(name(Processors::Arm64, 0x47) == "processor kind 71");
  CHECK(name(Processors::Others, 0) == "no vectors");
  CHECK(name(Processors::Others, 0x27) == "processor kind 39");

  const std::string library = convolution_library();
  CHECK(library.starts_with("oneDNN "));
  if (onednn::kProcessors == Processors::Arm64) CHECK(library.find("AVX") == std::string::npos);
}

TEST_CASE("a convolution's bytes do not depend on the number of threads", "[kernels][convolve]") {
  std::mt19937 random(1);
  FilterBank bank;
  bank.size = {3, 3, 1};
  bank.in = 24;
  bank.out = 40;
  std::uniform_real_distribution<float> weight(-1, 1);
  for (int i = 0; i < 3 * 3 * 24 * 40; ++i)
    bank.kernel.push_back(weight(random));
  const Convolution convolution(bank);
  const std::vector<ConvolvedAxis> axes(2, ConvolvedAxis{1, 1, 1, 50});
  const Tensor in = test::noise(Shape::image(50, 50, 24), DType::Float32, random);
  Tensor alone;
  convolution.run(in, axes, alone);
  const int before = omp_get_max_threads();
  omp_set_num_threads(4);
  Tensor with_four;
  std::vector<Tensor> by_each(4);
  std::vector<std::thread> threads;
  for (Tensor& out : by_each)
    threads.emplace_back([&] { convolution.run(in, axes, out); });
  convolution.run(in, axes, with_four);
  for (std::thread& thread : threads)
    thread.join();
  CHECK(omp_get_max_threads() == 4);  // not changed
  omp_set_num_threads(before);
  CHECK(same_bytes(with_four, alone));
  for (const Tensor& out : by_each)
    CHECK(same_bytes(out, alone));
}

TEST_CASE("a filter of each channel is the same filter for every one", "[kernels][convolve]") {
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    Case item = random_case(random);
    FilterBank& bank = item.bank;
    if (bank.transposed) continue;
    if (i % 2 == 0) {  // upright: no neighbours on the last axis
      const auto last = static_cast<std::size_t>(bank.rank) - 1;
      bank.size.at(last) = 1;
      item.axes[last] = {1, 1, 0, item.in.shape[bank.rank - 1]};
    }
    std::size_t count = 1;
    for (int a = 0; a < bank.rank; ++a)
      count *= static_cast<std::size_t>(bank.size.at(static_cast<std::size_t>(a)));
    FilterBank one = bank;
    one.each_channel = true;
    one.in = one.out = one.groups = 1;
    one.kernel.resize(count);
    if (!one.bias.empty()) one.bias.resize(1);
    REQUIRE(worst_error(Convolution(one), item) < 2e-6);
  }
}

TEST_CASE("a convolution takes samples of any type", "[kernels][convolve]") {
  FilterBank bank;
  bank.kernel = {2};
  const Convolution convolution(bank);
  const std::vector<ConvolvedAxis> axes{{1, 1, 0, 1}, {1, 1, 0, 3}};
  for (const DType dtype : test::kAllTypes) {
    Tensor out;
    convolution.run(test::tensor_of(Shape::image(1, 3, 1), dtype, {0, 1, 1}), axes, out);
    CHECK(out.dtype == DType::Float32);
    CHECK(test::samples(out) == std::vector<double>{0, 2, 2});
  }
}

TEST_CASE("activations are Keras' functions", "[kernels][convolve]") {
  const std::vector<double> x{-4, -2.5, -1, 0, 0.5, 2, 7};
  const auto check = [&](Activation activation, auto f) {
    Tensor tensor =
        test::tensor_of(Shape::image(1, static_cast<std::int64_t>(x.size()), 1), DType::Float32, x);
    activate(activation, -1, tensor);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(static_cast<int>(activation), x[i]);
      CHECK(sample(tensor, i) == Approx(f(x[i])).epsilon(1e-6).margin(1e-7));
    }
  };
  const auto clip = [](double v) { return std::min(std::max(v, 0.0), 1.0); };
  check(Activation::Linear, [](double v) { return v; });
  check(Activation::Relu, [](double v) { return v > 0 ? v : 0; });
  check(Activation::Relu6, [](double v) { return std::min(v > 0 ? v : 0, 6.0); });
  check(Activation::Elu, [](double v) { return v > 0 ? v : std::exp(v) - 1; });
  check(Activation::Selu, [](double v) {
    return 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * (std::exp(v) - 1));
  });
  check(Activation::Softplus, [](double v) { return std::log(1 + std::exp(v)); });
  check(Activation::Softsign, [](double v) { return v / (1 + std::abs(v)); });
  check(Activation::Tanh, [](double v) { return std::tanh(v); });
  check(Activation::Sigmoid, [](double v) { return 1 / (1 + std::exp(-v)); });
  check(Activation::HardSigmoid, [&](double v) { return clip(0.2 * v + 0.5); });
  check(Activation::HardSigmoid3, [&](double v) { return clip(v / 6 + 0.5); });
  check(Activation::Exponential, [](double v) { return std::exp(v); });
  check(Activation::Swish, [](double v) { return v / (1 + std::exp(-v)); });
  check(Activation::Gelu, [](double v) { return v * 0.5 * std::erfc(-v / std::sqrt(2.0)); });
  check(Activation::GeluTanh, [](double v) {
    return 0.5 * v * (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * std::pow(v, 3))));
  });
}

TEST_CASE("softmax sums to 1 along the given axis", "[kernels][convolve]") {
  std::mt19937 random(3);
  for (const int axis : {-1, 0, 1}) {
    Tensor tensor = test::noise(Shape::image(4, 5, 3), DType::Float32, random);
    activate(Activation::Softmax, axis, tensor);
    const std::array<std::int64_t, 3> n{4, 5, 3};
    const auto along = static_cast<std::size_t>(axis < 0 ? 2 : axis);
    std::array<std::int64_t, 3> i{};
    for (i[0] = 0; i[0] < (along == 0 ? 1 : n[0]); ++i[0]) {
      for (i[1] = 0; i[1] < (along == 1 ? 1 : n[1]); ++i[1]) {
        for (i[2] = 0; i[2] < (along == 2 ? 1 : n[2]); ++i[2]) {
          double sum = 0;
          std::array<std::int64_t, 3> place = i;
          for (place.at(along) = 0; place.at(along) < n.at(along); ++place.at(along))
            sum += sample(tensor, place[0], place[1], place[2]);
          CHECK(sum == Approx(1).epsilon(1e-6));
        }
      }
    }
  }
}
