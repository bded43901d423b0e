// SPDX-License-Identifier: Apache-2.0
// make_samples: draws the pictures of samples/pictures.
//
// Each picture is a function from a point to a colour, averaged over some points of every pixel.
// All pictures except the grey one have coloured marks in their corners (red: top left, green: top
// right, blue: bottom left, yellow: bottom right). They show what was cropped, padded or rotated.
//
//     make_samples FOLDER
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "codecs/formats.h"

namespace {

using deckle::DType;
using deckle::Format;
using deckle::Shape;
using deckle::Tensor;

constexpr double kPi = std::numbers::pi;

// ---- colours and coverage

struct Colour {
  double r = 0, g = 0, b = 0;
  double a = 1;
};

Colour mix(const Colour& from, const Colour& to, double t) {
  return {std::lerp(from.r, to.r, t), std::lerp(from.g, to.g, t), std::lerp(from.b, to.b, t),
          std::lerp(from.a, to.a, t)};
}

Colour grey(double v) {
  return {v, v, v};
}

/// 0 below `low`, 1 above `high`, smooth between.
double smooth_step(double low, double high, double v) {
  const double t = std::clamp((v - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

/// A number in [0, 1) for a pair of whole numbers, without a visible pattern.
double scatter(int x, int y) {
  std::uint32_t h =
      static_cast<std::uint32_t>(x) * 0x9E3779B1u ^ static_cast<std::uint32_t>(y) * 0x85EBCA77u;
  h ^= h >> 15;
  h *= 0x2C1B3C6Du;
  h ^= h >> 13;
  return (h & 0xFFFFFFu) / 16777216.0;
}

bool in_box(double x, double y, double left, double top, double right, double bottom) {
  return x >= left && x < right && y >= top && y < bottom;
}

/// Triangle with a level base at `bottom` and its tip above the middle.
bool in_gable(double x, double y, double centre, double half_width, double top, double bottom) {
  return y >= top && y < bottom && std::abs(x - centre) < half_width * (y - top) / (bottom - top);
}

/// The corner marks, drawn over `under`.
Colour with_corners(const Colour& under, double x, double y, double cols, double rows,
                    double size) {
  if (in_box(x, y, 0, 0, size, size)) return {0.86, 0.12, 0.15};
  if (in_box(x, y, cols - size, 0, cols, size)) return {0.10, 0.62, 0.25};
  if (in_box(x, y, 0, rows - size, size, rows)) return {0.12, 0.30, 0.80};
  if (in_box(x, y, cols - size, rows - size, cols, rows)) return {0.98, 0.80, 0.10};
  return under;
}

// ---- scenes

/// Hills under an evening sky, with firs and a house. 320 x 480.
Colour landscape(double x, double y) {
  Colour c = mix({0.29, 0.52, 0.84}, {0.99, 0.86, 0.66}, smooth_step(0, 210, y));
  const double from_sun = std::hypot(x - 352, y - 96);
  c = mix(c, {1.0, 0.95, 0.76}, 0.75 * std::exp(-from_sun / 45));
  if (from_sun < 26) c = {1.0, 0.97, 0.85};

  struct Ridge {
    double base, height, wave, phase;
    Colour colour;
  };
  constexpr std::array<Ridge, 4> kRidges{{{172, 34, 92, 0.6, {0.58, 0.65, 0.80}},
                                          {204, 26, 71, 2.1, {0.42, 0.55, 0.64}},
                                          {236, 20, 118, 4.0, {0.32, 0.53, 0.42}},
                                          {276, 14, 150, 1.2, {0.25, 0.45, 0.22}}}};
  const auto top_of = [](const Ridge& ridge, double at) {
    return ridge.base - ridge.height * (std::sin(at / ridge.wave * 2 + ridge.phase) +
                                        0.35 * std::sin(at / ridge.wave * 5.3 + 3 * ridge.phase));
  };
  for (const Ridge& ridge : kRidges) {
    const double top = top_of(ridge, x);
    if (y > top) c = mix(ridge.colour, {0.93, 0.90, 0.72}, 0.35 * std::exp(-(y - top) / 18));
  }

  for (int i = 0; i < 9; ++i) {
    const double centre = 40 + 52 * i + 20 * scatter(i, 1);
    if (std::abs(centre - 138) < 36) continue;  // the place of the house
    const double foot = top_of(kRidges[3], centre) + 8 + 14 * scatter(i, 2);
    const double height = 44 + 22 * scatter(i, 3);
    for (int tier = 0; tier < 3; ++tier) {
      const double tip = foot - height + tier * height * 0.22;
      if (in_gable(x, y, centre, 8 + 4 * tier, tip, tip + height * 0.45)) {
        c = x < centre ? Colour{0.11, 0.30, 0.20} : Colour{0.07, 0.22, 0.16};
      }
    }
    if (in_box(x, y, centre - 2, foot - height * 0.12, centre + 2, foot)) c = {0.32, 0.22, 0.14};
  }

  if (in_box(x, y, 112, 232, 164, 272))
    c = x < 146 ? Colour{0.96, 0.93, 0.86} : Colour{0.84, 0.79, 0.71};
  if (in_box(x, y, 122, 248, 133, 272)) c = {0.42, 0.26, 0.16};
  if (in_box(x, y, 144, 244, 156, 256)) c = {1.0, 0.86, 0.42};
  if (in_gable(x, y, 138, 34, 206, 233)) c = {0.72, 0.22, 0.17};
  return with_corners(c, x, y, 480, 320, 12);
}

/// A striped hot-air balloon. 360 x 240.
Colour balloon(double x, double y) {
  Colour c = mix({0.25, 0.53, 0.86}, {0.82, 0.92, 0.98}, y / 360);
  struct Puff {
    double x, y, radius;
  };
  constexpr std::array<Puff, 8> kPuffs{{{36, 300, 20},
                                        {60, 290, 26},
                                        {88, 302, 18},
                                        {20, 310, 14},
                                        {182, 62, 14},
                                        {200, 54, 18},
                                        {219, 62, 13},
                                        {168, 68, 9}}};
  for (const Puff& puff : kPuffs) {
    const double d = std::hypot((x - puff.x) / 1.3, y - puff.y) / puff.radius;
    c = mix(c, {0.99, 0.99, 1.0}, 0.85 * (1 - smooth_step(0.6, 1.1, d)));
  }

  constexpr double kCentreX = 120, kCentreY = 132, kRadius = 78, kMouthY = 240;
  constexpr double kShoulderY = kCentreY + 42;  // below, the envelope narrows in a straight line
  const double shoulder = std::sqrt(kRadius * kRadius - 42.0 * 42.0);
  double half_width = 0;
  if (y > kCentreY - kRadius && y <= kShoulderY) {
    half_width = std::sqrt(std::max(0.0, kRadius * kRadius - (y - kCentreY) * (y - kCentreY)));
  } else if (y > kShoulderY && y < kMouthY) {
    half_width = std::lerp(shoulder, 13.0, (y - kShoulderY) / (kMouthY - kShoulderY));
  }
  const double across = x - kCentreX;
  if (std::abs(across) < half_width) {
    constexpr std::array<Colour, 4> kGores{
        {{0.90, 0.22, 0.20}, {0.99, 0.78, 0.20}, {0.16, 0.55, 0.52}, {0.97, 0.95, 0.88}}};
    const double angle = std::asin(across / half_width);  // the stripes on a round body
    const auto gore = static_cast<std::size_t>((angle / kPi + 0.5) * 8) % kGores.size();
    c = mix(kGores[gore], {0.10, 0.05, 0.20}, 0.42 * smooth_step(-0.5, 1.6, angle));
  }
  if (y >= kMouthY && y < 264) {
    const double spread = std::lerp(12.0, 15.0, (y - kMouthY) / 24);
    if (std::abs(std::abs(across) - spread) < 0.9) c = {0.25, 0.20, 0.18};
  }
  if (in_box(x, y, 103, 264, 137, 288)) {
    const bool weave = (static_cast<int>(x / 4) + static_cast<int>(y / 4)) % 2 == 0;
    c = y < 268 ? Colour{0.38, 0.23, 0.12}
        : weave ? Colour{0.68, 0.46, 0.25}
                : Colour{0.58, 0.38, 0.20};
  }
  return with_corners(c, x, y, 240, 360, 10);
}

/// The moon and some stars. 260 x 300, one channel.
Colour moon(double x, double y) {
  const int star_x = static_cast<int>(x / 10);
  const int star_y = static_cast<int>(y / 10);
  double v = 0.05 + 0.05 * y / 260;
  if (scatter(star_x, star_y) > 0.88) {
    const double dx = x - 10 * (star_x + 0.3 + 0.4 * scatter(star_x, star_y + 500));
    const double dy = y - 10 * (star_y + 0.3 + 0.4 * scatter(star_x + 500, star_y));
    v += 0.9 * std::exp(-(dx * dx + dy * dy) / 0.8);
  }
  constexpr double kRadius = 96;
  const double u = (x - 150) / kRadius;
  const double w = (y - 130) / kRadius;
  const double r2 = u * u + w * w;
  if (r2 >= 1) return grey(v);

  double ground =
      0.86 - 0.16 * smooth_step(-0.2, 0.5, std::sin(3.1 * u + 1.2) * std::cos(2.7 * w - 0.4));
  struct Crater {
    double u, w, radius;
  };
  constexpr std::array<Crater, 9> kCraters{{{-0.35, -0.30, 0.17},
                                            {0.28, -0.48, 0.12},
                                            {0.10, 0.12, 0.22},
                                            {-0.48, 0.30, 0.13},
                                            {0.46, 0.36, 0.10},
                                            {-0.05, 0.62, 0.14},
                                            {-0.70, -0.05, 0.08},
                                            {0.05, -0.75, 0.07},
                                            {0.62, -0.12, 0.09}}};
  for (const Crater& crater : kCraters) {
    const double d = std::hypot(u - crater.u, w - crater.w) / crater.radius;
    ground -= 0.22 * (1 - smooth_step(0.75, 0.95, d));
    ground += 0.14 * std::exp(-(d - 1) * (d - 1) / 0.02) *
              ((crater.u - u) + (crater.w - w) > 0 ? -0.3 : 1);
  }
  const double light = std::max(0.0, -0.55 * u - 0.45 * w + 0.70 * std::sqrt(1 - r2));
  return grey(0.06 + ground * light);
}

/// Three panes of coloured glass over nothing. 220 x 220, with alpha.
Colour panes(double x, double y) {
  constexpr std::array<Colour, 3> kGlass{
      {{0.90, 0.20, 0.25, 0.65}, {0.15, 0.60, 0.35, 0.65}, {0.15, 0.35, 0.85, 0.65}}};
  Colour c{0, 0, 0, 0};
  for (std::size_t i = 0; i < kGlass.size(); ++i) {
    const double angle = -kPi / 2 + static_cast<double>(i) * 2 * kPi / 3;
    const double d = std::hypot(x - 110 - 42 * std::cos(angle), y - 116 - 42 * std::sin(angle));
    if (d >= 64) continue;
    Colour glass = kGlass[i];
    if (d > 59) glass.a = 0.95;
    const double alpha = glass.a + c.a * (1 - glass.a);
    const double share = glass.a / alpha;
    c = mix(c, glass, share);
    c.a = alpha;
  }
  return with_corners(c, x, y, 220, 220, 10);
}

/// A ball on smooth ramps that need more than 8 bits. 160 x 240.
Colour ball(double x, double y) {
  Colour c{0.10 + 0.10 * x / 240, 0.16 + 0.12 * y / 160, 0.30};
  c = mix(c, {0.05, 0.07, 0.14},
          0.6 * (1 - smooth_step(0.5, 1.1, std::hypot((x - 132) / 62, (y - 126) / 13))));
  constexpr double kRadius = 50;
  const double u = (x - 120) / kRadius;
  const double w = (y - 76) / kRadius;
  const double r2 = u * u + w * w;
  if (r2 < 1) {
    const double z = std::sqrt(1 - r2);
    const double light = std::max(0.0, -0.45 * u - 0.55 * w + 0.70 * z);
    c = mix({0.10, 0.03, 0.05}, {0.95, 0.45, 0.20}, light);
    c = mix(c, grey(1), std::pow(std::max(0.0, -0.38 * u - 0.46 * w + 0.80 * z), 40));
  }
  return with_corners(c, x, y, 240, 160, 8);
}

/// Digits, U and P as 3 x 5 dots, a row in three bits.
std::array<int, 5> glyph(char c) {
  switch (c) {
    case '0':
      return {7, 5, 5, 5, 7};
    case '1':
      return {2, 6, 2, 2, 7};
    case '2':
      return {7, 1, 7, 4, 7};
    case '3':
      return {7, 1, 7, 1, 7};
    case '4':
      return {5, 5, 7, 1, 1};
    case '5':
      return {7, 4, 7, 1, 7};
    case '6':
      return {7, 4, 7, 5, 7};
    case '7':
      return {7, 1, 2, 2, 2};
    case 'U':
      return {5, 5, 5, 5, 7};
    case 'P':
      return {7, 5, 7, 4, 4};
    default:
      return {0, 0, 0, 0, 0};
  }
}

bool in_text(std::string_view text, double x, double y, double left, double top, double dot) {
  const auto column = static_cast<int>(std::floor((x - left) / dot));
  const auto line = static_cast<int>(std::floor((y - top) / dot));
  if (column < 0 || line < 0 || line >= 5 || column % 4 == 3) return false;
  const auto letter = static_cast<std::size_t>(column / 4);
  if (letter >= text.size()) return false;
  return ((glyph(text[letter])[static_cast<std::size_t>(line)] >> (2 - column % 4)) & 1) != 0;
}

/// Squares of 40 pixels that show their row and column, and an arrow that points up. 320 x 240.
Colour board(double x, double y) {
  const int column = std::clamp(static_cast<int>(x / 40), 0, 5);
  const int line = std::clamp(static_cast<int>(y / 40), 0, 7);
  Colour c = mix(mix({0.98, 0.80, 0.72}, {0.74, 0.86, 0.98}, column / 5.0),
                 mix({0.99, 0.95, 0.70}, {0.78, 0.93, 0.76}, column / 5.0), line / 7.0);
  if ((column + line) % 2 == 0) c = mix(c, grey(1), 0.5);
  const std::string number{static_cast<char>('0' + line), static_cast<char>('0' + column)};
  if (in_text(number, x, y, 40 * column + 13, 40 * line + 15, 2)) c = {0.35, 0.36, 0.42};

  const bool head = in_gable(x, y, 120, 50, 64, 128);
  const bool shaft = in_box(x, y, 102, 128, 138, 252);
  if (head || shaft) c = {0.16, 0.24, 0.40};
  if (in_text("UP", x, y, 106, 190, 4)) c = grey(1);
  return with_corners(c, x, y, 240, 320, 12);
}

/// Draws a daisy over `under`.
Colour daisy(const Colour& under, double x, double y, double centre_x, double centre_y,
             double radius, int petals, const Colour& petal) {
  const double d = std::hypot(x - centre_x, y - centre_y) / radius;
  if (d > 1) return under;
  if (d < 0.27) return mix({0.99, 0.82, 0.20}, {0.85, 0.52, 0.10}, d / 0.27);
  const double angle = std::atan2(y - centre_y, x - centre_x) * petals / 2;
  const double edge = 0.30 + 0.70 * std::sqrt(std::abs(std::cos(angle)));
  if (d > edge) return under;
  return mix(mix(petal, {0.45, 0.30, 0.45}, 0.35), petal, smooth_step(0.2, 0.7, d / edge));
}

Colour grass(double x, double y, double rows) {
  const double blade = scatter(static_cast<int>(x / 3 + 2 * std::sin(y / 9)), 7);
  return mix(mix({0.55, 0.74, 0.36}, {0.16, 0.42, 0.18}, y / rows), {0.30, 0.58, 0.22},
             0.5 * blade);
}

/// One daisy. 80 x 100.
Colour single_flower(double x, double y) {
  Colour c = mix({0.80, 0.92, 0.97}, {0.62, 0.82, 0.60}, smooth_step(10, 80, y));
  if (std::abs(x - 50 - 3 * std::sin(y / 14)) < 1.6 && y > 34) c = {0.20, 0.48, 0.20};
  const double leaf = std::hypot((x - 62) + (y - 62) * 0.6, (y - 62) * 1.9);
  if (leaf < 10) c = {0.26, 0.56, 0.24};
  c = daisy(c, x, y, 50, 32, 26, 13, {0.99, 0.98, 0.96});
  return with_corners(c, x, y, 100, 80, 5);
}

/// A meadow. 160 x 640.
Colour meadow(double x, double y) {
  constexpr std::array<Colour, 4> kPetals{
      {{0.98, 0.97, 0.95}, {0.95, 0.55, 0.66}, {0.68, 0.56, 0.90}, {0.99, 0.72, 0.36}}};
  Colour c = grass(x, y, 160);
  for (int i = 0; i < 14; ++i) {  // the lower ones are nearer: drawn later and larger
    const double depth = i / 13.0;
    const double centre_x = std::fmod(40 + 247.0 * i + 30 * scatter(i, 9), 600.0) + 20;
    const double centre_y = 26 + 104 * depth;
    const double radius = 13 + 19 * depth;
    if (std::abs(x - centre_x) < 1.2 + depth && y > centre_y) c = {0.14, 0.36, 0.14};
    c = daisy(c, x, y, centre_x, centre_y, radius, 9 + i % 5,
              kPetals[static_cast<std::size_t>(i) % 4]);
  }
  return with_corners(c, x, y, 640, 160, 10);
}

// ---- the files of the scenes

using Scene = Colour (*)(double x, double y);

template <typename T>
void store(Tensor& picture, std::int64_t r, std::int64_t c, const Colour& colour) {
  const std::array<double, 4> values{colour.r, colour.g, colour.b, colour.a};
  const double white = deckle::info(picture.dtype).white;
  std::uint8_t* to = picture.row(r) + static_cast<std::size_t>(c) * picture.pixel_bytes();
  for (std::size_t k = 0; k < static_cast<std::size_t>(picture.shape.channels); ++k) {
    const auto sample = static_cast<T>(std::lround(std::clamp(values.at(k), 0.0, 1.0) * white));
    std::memcpy(to + k * sizeof(T), &sample, sizeof(T));
  }
}

Tensor draw(Scene scene, const Shape& shape, DType dtype) {
  constexpr int kPoints = 4;  // each way
  Tensor picture;
  picture.reset(shape, dtype);
  for (std::int64_t r = 0; r < shape.rows(); ++r) {
    for (std::int64_t c = 0; c < shape.cols(); ++c) {
      Colour sum{0, 0, 0, 0};
      for (int i = 0; i < kPoints * kPoints; ++i) {
        const double x = static_cast<double>(c) + (i % kPoints + 0.5) / kPoints;
        const double y = static_cast<double>(r) +
                         (i / kPoints + 0.5) / kPoints;  // NOLINT(bugprone-integer-division)
        const Colour point = scene(x, y);
        sum.r += point.r * point.a;
        sum.g += point.g * point.a;
        sum.b += point.b * point.a;
        sum.a += point.a;
      }
      Colour mean{0, 0, 0, sum.a / (kPoints * kPoints)};
      if (sum.a > 0) mean = {sum.r / sum.a, sum.g / sum.a, sum.b / sum.a, mean.a};
      if (dtype == DType::UInt16) {
        store<std::uint16_t>(picture, r, c, mean);
      } else {
        store<std::uint8_t>(picture, r, c, mean);
      }
    }
  }
  return picture;
}

/// The picture rotated to the left by 90 degrees, as a camera that is held on its side stores it.
Tensor turned_left(const Tensor& upright) {
  Tensor stored;
  stored.reset(Shape::image(upright.shape.cols(), upright.shape.rows(), upright.shape.channels),
               upright.dtype);
  const std::size_t pixel = upright.pixel_bytes();
  for (std::int64_t r = 0; r < stored.shape.rows(); ++r) {
    for (std::int64_t c = 0; c < stored.shape.cols(); ++c) {
      const auto from_col = static_cast<std::size_t>(upright.shape.cols() - 1 - r);
      std::memcpy(stored.row(r) + static_cast<std::size_t>(c) * pixel,
                  upright.row(c) + from_col * pixel, pixel);
    }
  }
  return stored;
}

deckle::Buffer encoded(const Tensor& picture, const deckle::EncodeOptions& options) {
  deckle::Buffer file;
  const auto done = deckle::codec_of(options.format).encoder->encode(picture, options, file);
  if (!done.has_value()) throw std::runtime_error(done.error().message);
  return file;
}

/// The JPEG file with an EXIF segment after its first two bytes, which contains only the
/// orientation.
deckle::Buffer with_orientation(const deckle::Buffer& jpeg, std::uint8_t orientation) {
  const std::array<std::uint8_t, 36> exif{
      0xFF, 0xE1,        0,   34,               // APP1 and its length
      'E',  'x',         'i', 'f', 0, 0,        //
      'M',  'M',         0,   42,  0, 0, 0, 8,  // big-endian TIFF; the first directory is at 8
      0,    1,                                  // it has one entry:
      0x01, 0x12,        0,   3,   0, 0, 0, 1,  // orientation, one 16-bit number
      0,    orientation, 0,   0,                //
      0,    0,           0,   0};               // no other directory
  deckle::Buffer file;
  file.append(jpeg.bytes().first(2));
  file.append(exif);
  file.append(jpeg.bytes().subspan(2));
  return file;
}

void write(const std::filesystem::path& path, const deckle::Buffer& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
  std::cout << path.string() << "  " << bytes.size() << " bytes\n";
}

void make_samples(const std::filesystem::path& folder) {
  const deckle::EncodeOptions jpeg{
      .format = Format::Jpeg, .quality = 90, .compression = std::nullopt};
  const deckle::EncodeOptions png{.format = Format::Png, .quality = std::nullopt, .compression = 9};
  std::filesystem::create_directories(folder / "flowers");

  write(folder / "landscape.jpg",
        encoded(draw(landscape, Shape::image(320, 480, 3), DType::UInt8), jpeg));
  write(folder / "portrait.png",
        encoded(draw(balloon, Shape::image(360, 240, 3), DType::UInt8), png));
  write(folder / "grey.jpg", encoded(draw(moon, Shape::image(260, 300, 1), DType::UInt8), jpeg));
  write(folder / "alpha.png", encoded(draw(panes, Shape::image(220, 220, 4), DType::UInt8), png));
  write(folder / "deep.png", encoded(draw(ball, Shape::image(160, 240, 3), DType::UInt16), png));
  write(folder / "turned.jpg",
        with_orientation(
            encoded(turned_left(draw(board, Shape::image(320, 240, 3), DType::UInt8)), jpeg), 6));
  write(folder / "flowers" / "small.png",
        encoded(draw(single_flower, Shape::image(80, 100, 3), DType::UInt8), png));
  write(folder / "flowers" / "wide.jpg",
        encoded(draw(meadow, Shape::image(160, 640, 3), DType::UInt8), jpeg));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_samples FOLDER\n";
    return 2;
  }
  try {
    make_samples(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << "make_samples: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
