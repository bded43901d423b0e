// SPDX-License-Identifier: Apache-2.0
// guard: does the work between decoding and encoding N times with one small picture. guard.py
// counts its instructions. It prints the sum of the samples, because the compiler may then drop
// nothing.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <variant>

#include "chain/chain.h"
#include "chain/plan.h"

using namespace deckle;

namespace {

constexpr const char* kChain = R"({"seed": 42, "layers": [
  {"class_name": "Cropping2D", "config": {"cropping": 8}},
  {"class_name": "ZeroPadding2D", "config": {"padding": 16}},
  {"class_name": "UpSampling2D", "config": {"size": 2}},
  {"class_name": "RandomCrop", "config": {"height": 224, "width": 224}}]})";

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto parsed = parse_chain(kChain);
  const Chain* const chain = std::get_if<Chain>(&parsed);
  if (chain == nullptr) return 1;

  Tensor source;
  source.reset(Shape::image(240, 320, 3), DType::UInt8);
  std::memset(source.data.data(), 1, source.byte_count());
  const Window whole{2, {Interval{0, 240}, Interval{0, 320}}};
  OpScratch scratch;
  std::uint64_t sum = 0;
  for (long i = std::strtol(argv[1], nullptr, 10); i > 0; --i) {
    const auto plan =
        make_plan(*chain, source.shape, source.dtype, {std::to_string(i) + ".jpg", i, {}, 0});
    if (!plan) return 1;
    const Tensor& out = **run_plan(*plan, source, whole, scratch);
    sum += out.data.data()[out.byte_count() / 2];
  }
  std::cout << sum << "\n";
}
