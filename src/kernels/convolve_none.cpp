// SPDX-License-Identifier: Apache-2.0
// convolve_none: stands for convolve in a deckle that is built without oneDNN. Chains with layers
// that convolve are refused when they are read (chain/chain.cpp), and nothing here is run.
#include <stdexcept>
#include <utility>

#include "kernels/convolve.h"

namespace deckle {
namespace {

[[noreturn]] void refuse() {
  throw std::logic_error("a convolution in a deckle that was built without oneDNN");
}

}  // namespace

struct Convolution::Prepared {};

Convolution::Convolution(FilterBank bank) : bank_(std::move(bank)) {}

Convolution::~Convolution() = default;

void Convolution::run(const Tensor&, std::span<const ConvolvedAxis>, Tensor&) const {
  refuse();
}

void Convolution::run(const SampleView&, std::span<const ConvolvedAxis>, float*) const {
  refuse();
}

bool can_convolve() {
  return false;
}

std::string convolution_library() {
  return "none";
}

void activate(Activation, int, Tensor&) {
  refuse();
}

}  // namespace deckle
