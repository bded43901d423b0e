// SPDX-License-Identifier: Apache-2.0
// onednn: only what differs between oneDNN 2.6 and 3. Only convolve.cpp includes it.
// Source  the manuals of oneDNN 2.6 and 3.7, "Transition from v2.x to v3.x"
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

namespace deckle::onednn {

/// How the kernel moves, one number for each axis, as oneDNN counts: dilation 0 is none.
struct Geometry {
  dnnl::memory::dims strides;
  dnnl::memory::dims dilations;
  dnnl::memory::dims before;
  dnnl::memory::dims after;
};

/// `Forward`: convolution_forward or deconvolution_forward. A bias without dimensions means no
/// bias.
template <typename Forward>
typename Forward::primitive_desc forward(dnnl::algorithm algorithm, const dnnl::memory::desc& from,
                                         const dnnl::memory::desc& kernel,
                                         const dnnl::memory::desc& bias,
                                         const dnnl::memory::desc& to, const Geometry& g,
                                         const dnnl::primitive_attr& attributes,
                                         const dnnl::engine& engine) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind,     algorithm,   from,     kernel,  bias,
          to,     g.strides, g.dilations, g.before, g.after, attributes};
#else
  const typename Forward::desc desc(kKind, algorithm, from, kernel, bias, to, g.strides,
                                    g.dilations, g.before, g.after);
  return {desc, attributes, engine};
#endif
}

inline void append_relu(dnnl::post_ops& operations) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#else
  operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#endif
}

enum class Processors : std::uint8_t { X86, Arm64, Others };

#if defined(__x86_64__)
inline constexpr Processors kProcessors = Processors::X86;
#elif defined(__aarch64__)
inline constexpr Processors kProcessors = Processors::Arm64;
#else
inline constexpr Processors kProcessors = Processors::Others;
#endif

/// The name of a kind of processor. The meaning of oneDNN's numbers depends on the family; the
/// numbers of ARM are not in its headers.
inline std::string processor_name(Processors family, dnnl::cpu_isa kind) {
  using Kind = dnnl::cpu_isa;
  const auto number = static_cast<unsigned>(kind);
  if (number == 0) return "no vectors";
  if (family == Processors::X86) {
    constexpr auto kAvx512 = static_cast<unsigned>(Kind::avx512_core);
    // All kinds of AVX-512 have the same kernels for floats.
    if ((number & kAvx512) == kAvx512) return "AVX512";
    if (kind == Kind::sse41) return "SSE4.1";
    if (kind == Kind::avx) return "AVX";
    if (kind == Kind::avx2 || kind == Kind::avx2_vnni) return "AVX2";
#if DNNL_VERSION_MAJOR >= 3
    if (kind == Kind::avx2_vnni_2) return "AVX2";
#endif
  }
  if (family == Processors::Arm64) {
    if (number == 0x1) return "ASIMD";
    if (number == 0x3) return "SVE128";
    if (number == 0x7) return "SVE256";
    if (number == 0xF) return "SVE384";
    if (number == 0x1F || number == 0x27) return "SVE512";  // the number in 2.6, and in 3
  }
  return "processor kind " + std::to_string(number);
}

}  // namespace deckle::onednn
