// SPDX-License-Identifier: Apache-2.0
#include "codecs/icc.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

using Profile = std::unique_ptr<void, decltype(&cmsCloseProfile)>;

// One context for each thread: the global context of Little CMS is shared by all threads, and
// prints.
struct Context {
  cmsContext id = cmsCreateContext(nullptr, nullptr);

  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { cmsDeleteContext(id); }
};

// A profile with the cached answers about it.
struct Known {
  std::vector<std::uint8_t> profile;
  bool is_srgb = false;
  struct Made {
    cmsUInt32Number format;
    std::shared_ptr<void> transform;
  };
  std::vector<Made> made;
};

// `known` is destroyed before the context, to which the profiles belong.
struct Kept {
  Context context;
  std::vector<Known> known;  ///< those used last: the files of a folder have few
};

Kept& kept() {
  thread_local Kept of_thread;
  return of_thread;
}

cmsContext context() {
  return kept().context.id;
}

Profile open(Bytes profile) {
  return {cmsOpenProfileFromMemTHR(context(), profile.data(),
                                   static_cast<cmsUInt32Number>(profile.size())),
          &cmsCloseProfile};
}

// sRGB, or grey with its tone curve.
Profile srgb(IccSpace space) {
  if (space == IccSpace::Rgb) return {cmsCreate_sRGBProfileTHR(context()), &cmsCloseProfile};
  const std::array<cmsFloat64Number, 5> curve{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* const tone = cmsBuildParametricToneCurve(context(), 4, curve.data());
  Profile grey{cmsCreateGrayProfileTHR(context(), cmsD50_xyY(), tone), &cmsCloseProfile};
  cmsFreeToneCurve(tone);
  return grey;
}

// The pixel type of Little CMS: float or not, colour channels, alpha, bytes.
cmsUInt32Number format_of(IccSpace space, std::int64_t channels, DType dtype) {
  const bool grey = space == IccSpace::Grey;
  const bool is_float = info(dtype).is_float;
  const auto bytes = static_cast<cmsUInt32Number>(size_of(dtype) % 8);  // 0 means 8 bytes
  const auto colours = static_cast<cmsUInt32Number>(grey ? PT_GRAY : PT_RGB);
  return COLORSPACE_SH(colours) | FLOAT_SH(is_float ? 1U : 0U) |
         EXTRA_SH(channels % 2 == 0 ? 1U : 0U) | CHANNELS_SH(grey ? 1U : 3U) | BYTES_SH(bytes);
}

std::shared_ptr<void> transform(const Profile& from, IccSpace space, std::int64_t channels,
                                DType dtype) {
  const Profile to = srgb(space);
  const cmsUInt32Number format = format_of(space, channels, dtype);
  const cmsUInt32Number said = cmsGetHeaderRenderingIntent(from.get());
  const cmsUInt32Number intent =
      said <= INTENT_ABSOLUTE_COLORIMETRIC ? said : cmsUInt32Number{INTENT_PERCEPTUAL};
  // The optimisations of Little CMS are exact enough only for 8-bit RGB: dark grey was wrong by 9
  // levels (measured).
  const bool quick = dtype == DType::UInt8 && space == IccSpace::Rgb;
  const cmsUInt32Number flags = cmsFLAGS_NOCACHE |
                                (quick ? cmsFLAGS_HIGHRESPRECALC : cmsFLAGS_NOOPTIMIZE) |
                                (channels % 2 == 0 ? cmsFLAGS_COPY_ALPHA : 0U);
  cmsHTRANSFORM const made =
      cmsCreateTransformTHR(context(), from.get(), format, to.get(), format, intent, flags);
  return made == nullptr ? nullptr : std::shared_ptr<void>(made, &cmsDeleteTransform);
}

// Whether a grid of colours stays the same, within 1 of 255.
bool equals_srgb(Bytes profile, IccSpace space) {
  const Profile from = open(profile);
  const std::int64_t channels = space == IccSpace::Grey ? 1 : 3;
  const auto made = from == nullptr ? nullptr : transform(from, space, channels, DType::UInt8);
  if (made == nullptr) return false;
  constexpr int kStep = 15;
  std::vector<std::uint8_t> before;
  for (int r = 0; r < 256; r += kStep) {
    for (int g = 0; channels == 3 && g < 256; g += kStep) {
      for (int b = 0; b < 256; b += kStep) {
        for (const int value : {r, g, b})
          before.push_back(static_cast<std::uint8_t>(value));
      }
    }
    if (channels == 1) before.push_back(static_cast<std::uint8_t>(r));
  }
  std::vector<std::uint8_t> after(before.size());
  cmsDoTransform(made.get(), before.data(), after.data(),
                 static_cast<cmsUInt32Number>(before.size() / static_cast<std::size_t>(channels)));
  return std::equal(before.begin(), before.end(), after.begin(),
                    [](int x, int y) { return std::abs(x - y) <= 1; });
}

Known& known(Bytes profile) {
  constexpr std::size_t kMost = 8;
  std::vector<Known>& all = kept().known;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Known& one) {
    return std::equal(one.profile.begin(), one.profile.end(), profile.begin(), profile.end());
  });
  if (found != all.end()) return *found;
  if (all.size() == kMost) all.erase(all.begin());
  const IccSpace space = icc_space(profile);
  const bool usable = space == IccSpace::Rgb || space == IccSpace::Grey;
  return all.emplace_back(
      Known{{profile.begin(), profile.end()}, usable && equals_srgb(profile, space), {}});
}

std::string_view word_of(IccSpace space) {
  constexpr std::array<std::string_view, 5> kWords{"nothing", "grey", "RGB", "CMYK",
                                                   "another colour space"};
  return kWords.at(static_cast<std::size_t>(space));
}

}  // namespace

IccSpace icc_space(Bytes profile) {
  constexpr std::size_t kHeader = 128;
  if (profile.size() < kHeader || read_big(profile.data(), 4) > profile.size() ||
      text_of(profile.subspan(36, 4)) != "acsp"sv)
    return IccSpace::None;
  const std::string_view space = text_of(profile.subspan(16, 4));
  if (space == "RGB "sv) return IccSpace::Rgb;
  if (space == "GRAY"sv) return IccSpace::Grey;
  return space == "CMYK"sv ? IccSpace::Cmyk : IccSpace::Other;
}

bool is_srgb(Bytes profile) {
  return known(profile).is_srgb;
}

Result<ToSrgb> ToSrgb::of(Bytes profile, std::int64_t channels, DType dtype) {
  const IccSpace space = icc_space(profile);
  const IccSpace samples = channels < 3 ? IccSpace::Grey : IccSpace::Rgb;
  if (space == IccSpace::None)
    return Error{ErrorCode::Unsupported, "its ICC profile cannot be read"};
  if (space != samples) {
    return Error{ErrorCode::Unsupported, "its ICC profile is for " + std::string(word_of(space)) +
                                             ", its samples are " + std::string(word_of(samples))};
  }
  constexpr std::array kTypes{DType::UInt8, DType::UInt16, DType::Float32, DType::Float64};
  if (std::find(kTypes.begin(), kTypes.end(), dtype) == kTypes.end()) {
    return Error{ErrorCode::Unsupported,
                 "colours of " + std::string(name_of(dtype)) + " are not converted by profiles"};
  }
  Known& one = known(profile);
  const cmsUInt32Number format = format_of(space, channels, dtype);
  for (const Known::Made& made : one.made) {
    if (made.format == format) return ToSrgb(made.transform);
  }
  const Profile from = open(profile);
  auto made = from == nullptr ? nullptr : transform(from, space, channels, dtype);
  if (made == nullptr)
    return Error{ErrorCode::Unsupported, "Little CMS cannot use its ICC profile"};
  one.made.push_back({format, made});
  return ToSrgb(std::move(made));
}

void ToSrgb::run(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) const {
  constexpr std::size_t kAtOnce = std::size_t{1} << 20U;
  const cmsHTRANSFORM made = transform_.get();
  const cmsUInt32Number format = cmsGetTransformInputFormat(made);
  const std::size_t bytes = (T_CHANNELS(format) + T_EXTRA(format)) *
                            (T_BYTES(format) == 0 ? sizeof(double) : T_BYTES(format));
  for (; pixels > 0; pixels -= std::min(pixels, kAtOnce)) {
    const std::size_t some = std::min(pixels, kAtOnce);
    cmsDoTransform(made, from, to, static_cast<cmsUInt32Number>(some));
    from += some * bytes;
    to += some * bytes;
  }
}

std::string icc_version() {
  const int version = cmsGetEncodedCMMversion();
  return "Little CMS " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace deckle
