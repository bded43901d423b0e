// SPDX-License-Identifier: Apache-2.0
// convolve_none: replaces convolve in a deckle that is built without oneDNN. parse_chain refuses
// chains with convolutions (chain/chain_parser.cpp), therefore nothing here runs.
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
