// SPDX-License-Identifier: Apache-2.0
#include "codecs/colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace deckle {
namespace {

constexpr std::array<std::int64_t, 4> kChannels{0, 1, 3, 4};  // of ColorMode
constexpr std::array<std::string_view, 4> kModes{"keep", "grayscale", "rgb", "rgba"};

std::int64_t channels_of(ColorMode mode) {
  return kChannels.at(static_cast<std::size_t>(mode));
}

bool has_alpha(std::int64_t channels) {
  return channels % 2 == 0;
}

template <typename T>
constexpr T kWhite = std::is_integral_v<T> ? std::numeric_limits<T>::max() : T{1};

// Pillow's weights for integers.
template <typename T>
T grey_of(T red, T green, T blue) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>((std::uint64_t{red} * 19595 + std::uint64_t{green} * 38470 +
                           std::uint64_t{blue} * 7471 + 0x8000) >>
                          16U);
  } else {
    return static_cast<T>(0.299 * double{red} + 0.587 * double{green} + 0.114 * double{blue});
  }
}

// A colour with alpha, composited over an opaque colour.
template <typename T>
T put_on(T behind, T colour, T alpha) {
  if constexpr (std::is_integral_v<T>) {
    constexpr std::uint64_t kAll = kWhite<T>;
    return static_cast<T>((colour * std::uint64_t{alpha} + behind * (kAll - alpha) + kAll / 2) /
                          kAll);
  } else {
    return static_cast<T>(colour * alpha + behind * (1 - alpha));
  }
}

template <typename T>
void change(const std::uint8_t* from, std::size_t from_channels, std::uint8_t* to,
            std::size_t to_channels, std::size_t pixels,
            const std::optional<std::array<int, 3>>& background) {
  std::array<T, 3> behind{};
  for (std::size_t c = 0; background && c < behind.size(); ++c) {
    const double value = background->at(c) / 255.0 * static_cast<double>(kWhite<T>);
    behind.at(c) = static_cast<T>(std::is_integral_v<T> ? std::round(value) : value);
  }
  const T grey_behind = grey_of(behind[0], behind[1], behind[2]);
  const bool grey = from_channels < 3;
  const bool alpha = from_channels % 2 == 0;
  const bool flattens = alpha && background && to_channels % 2 != 0;
  const std::size_t in = from_channels * sizeof(T);
  const std::size_t out = to_channels * sizeof(T);
  for (std::size_t i = 0; i < pixels; ++i, from += in, to += out) {
    std::array<T, 4> p{};
    std::memcpy(p.data(), from, in);
    const T seen = alpha ? p.at(from_channels - 1) : kWhite<T>;
    std::array<T, 4> made{};
    if (grey && to_channels == 1) {
      made[0] = flattens ? put_on(grey_behind, p[0], seen) : p[0];
    } else {
      if (grey) p = {p[0], p[0], p[0], seen};
      for (std::size_t c = 0; flattens && c < 3; ++c)
        p.at(c) = put_on(behind.at(c), p.at(c), seen);
      made = {p[0], p[1], p[2], seen};
      if (to_channels == 1) made[0] = grey_of(p[0], p[1], p[2]);
    }
    std::memcpy(to, made.data(), out);
  }
}

bool is_usual(const ImageInfo& info) {
  return !info.bands || *info.bands == usual_bands(info.shape.channels);
}

// Arrays have no colours: their channels must already be those of the color_mode.
Result<Done> check_array(const ImageInfo& info, ColorMode mode) {
  if (info.shape.channels == channels_of(mode)) return Done{};
  return Error{ErrorCode::Shape,
               "an array of " + std::to_string(info.shape.channels) + " channels; color_mode " +
                   std::string(kModes.at(static_cast<std::size_t>(mode))) + " has " +
                   std::to_string(channels_of(mode)) + ", and only pictures are converted"};
}

bool converts(const ImageInfo& info, const DecodeOptions& options) {
  return options.to_srgb && !info.icc.empty() && !info.indexed && !is_srgb(info.icc);
}

}  // namespace

Result<Done> see(ImageInfo& info, const DecodeOptions& options) {
  constexpr std::size_t kMostOf8Bits = 256;
  if (options.index && (!info.palette.empty() || info.white != 0)) {
    info.indexed = true;
    if (!info.palette.empty()) {
      info.shape.channels = 1;
      info.dtype = info.palette.size() > kMostOf8Bits ? DType::UInt16 : DType::UInt8;
    }
  }
  const IccSpace space = info.icc.empty() ? IccSpace::None : icc_space(info.icc);
  // With indices, the profile describes the colours of the palette.
  const bool grey = info.shape.channels < 3 && !(info.indexed && !info.palette.empty());
  info.seen.shape = options.apply_orientation ? info.upright_shape() : info.shape;
  info.seen.bands = info.bands;
  info.seen.icc = space == (grey ? IccSpace::Grey : IccSpace::Rgb) && is_usual(info);
  info.seen.icc_unfit = !info.icc.empty() && !info.seen.icc;
  if (converts(info, options)) {
    if (auto can = ToSrgb::of(info.icc, info.shape.channels, info.dtype); !can) {
      return Error{can.error().code,
                   can.error().message + R"(; "icc": "keep" takes its samples as they are)"};
    }
    info.seen.icc = false;
  }
  if (options.color_mode == ColorMode::Keep || info.indexed) return Done{};
  if (info.format == Format::Npy) return check_array(info, options.color_mode);
  const std::string_view mode = kModes.at(static_cast<std::size_t>(options.color_mode));
  if (!is_usual(info)) {
    return Error{ErrorCode::Depth, "its channels are " + to_string(*info.bands) +
                                       ", which cannot become " + std::string(mode)};
  }
  constexpr std::array kTypes{DType::UInt8, DType::UInt16, DType::Float32, DType::Float64};
  const std::int64_t channels = channels_of(options.color_mode);
  if (channels != info.shape.channels &&
      std::find(kTypes.begin(), kTypes.end(), info.dtype) == kTypes.end()) {
    return Error{ErrorCode::Depth, "samples of " + std::string(name_of(info.dtype)) +
                                       " cannot become " + std::string(mode)};
  }
  info.seen.icc = info.seen.icc && (info.shape.channels < 3) == (channels < 3);
  info.seen.shape.channels = channels;
  info.seen.bands.reset();
  return Done{};
}

Result<ColourChange> ColourChange::of(const ImageInfo& info, const DecodeOptions& options) {
  ColourChange change;
  change.dtype_ = info.dtype;
  change.from_ = info.shape.channels;
  change.to_ = info.seen.shape.channels;
  change.changes_channels_ = change.from_ != change.to_;
  if (has_alpha(change.from_) && !has_alpha(change.to_)) change.background_ = options.background;
  if (converts(info, options)) {
    auto made = ToSrgb::of(info.icc, change.from_, change.dtype_);
    if (!made) return made.error();
    change.to_srgb_ = *std::move(made);
  }
  return change;
}

void ColourChange::run(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) const {
  if (to_srgb_ && !changes_channels_) return to_srgb_->run(from, to, pixels);
  const auto in = static_cast<std::size_t>(from_);
  const auto out = static_cast<std::size_t>(to_);
  const auto change_some = [&](const std::uint8_t* some, std::uint8_t* made, std::size_t count) {
    with_image_type(dtype_, [&]<typename T>(T) {
      if constexpr (std::is_unsigned_v<T> || std::is_floating_point_v<T>)
        change<T>(some, in, made, out, count, background_);
    });
  };
  if (!to_srgb_) return change_some(from, to, pixels);
  constexpr std::size_t kAtOnce = 4096;
  const std::size_t bytes = size_of(dtype_);
  Buffer converted;
  converted.resize(kAtOnce * in * bytes);
  while (pixels > 0) {
    const std::size_t some = std::min(pixels, kAtOnce);
    to_srgb_->run(from, converted.data(), some);
    change_some(converted.data(), to, some);
    from += some * in * bytes;
    to += some * out * bytes;
    pixels -= some;
  }
}

void ColourChange::run(Tensor& samples) const {
  if (empty()) return;
  const auto pixels = static_cast<std::size_t>(samples.shape.pixels() * samples.batch);
  if (!changes_channels_) return to_srgb_->run(samples.data.data(), samples.data.data(), pixels);
  thread_local Tensor made;  // kept from picture to picture
  Shape shape = samples.shape;
  shape.channels = to_;
  made.reset(shape, samples.dtype, samples.batch);
  run(samples.data.data(), made.data.data(), pixels);
  std::swap(samples, made);
  constexpr std::size_t kKeepBytes = std::size_t{128} << 20U;
  made.data.shrink(kKeepBytes);
}

}  // namespace deckle
