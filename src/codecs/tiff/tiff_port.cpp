// SPDX-License-Identifier: Apache-2.0
#include "codecs/tiff/tiff_port.h"

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>

#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

struct Meaning {
  std::string_view part;  // of the message
  TiffWord word;
  std::string_view why;
};

// For warnings. Errors of libtiff always count, even if it continues.
constexpr std::array kMeanings{
    // the header
    Meaning{"Photometric tag is missing"sv, TiffWord::Lost, "colours are guessed"sv},
    // the file is old or unusual; no pixel is missing
    Meaning{"Old-style LZW codes"sv, TiffWord::Harmless, "another order of bits, known"sv},
    Meaning{"and troublesome old-style JPEG"sv, TiffWord::Harmless, "advice to its writer"sv},
    Meaning{"Assuming 8-bit colormap"sv, TiffWord::Harmless, "no entry is above 255"sv},
    Meaning{"encoded with progressive mode"sv, TiffWord::Harmless, "advice to its writer"sv},
    Meaning{"Nonstandard tile"sv, TiffWord::Harmless, "a size that is no multiple of 16"sv},
    Meaning{"Unexpected version number"sv, TiffWord::Harmless, "LERC reads its older versions"sv},
    Meaning{"fax Group 3 data without EOL"sv, TiffWord::Harmless, "rows still have their length"sv},
    // the header and the JPEG data disagree, and the data are right
    Meaning{"Auto-corrected former TIFF subsampling"sv, TiffWord::Harmless, "the data say it"sv},
    Meaning{"assuming subsampling inside JPEG data"sv, TiffWord::Harmless, "the data say it"sv},
    Meaning{"Subsampling tag not appropriate"sv, TiffWord::Harmless, "the data say it"sv},
    Meaning{"are not allowed in TIFF"sv, TiffWord::Harmless, "the data say it"sv},
    Meaning{"auto-correct"sv, TiffWord::Harmless, "nothing was corrected"sv},
    Meaning{"Unknown Adobe color transform code"sv, TiffWord::Harmless, "TIFF's tag decides"sv},
    Meaning{"unknown JFIF revision number"sv, TiffWord::Harmless, "not a matter of pixels"sv},
    Meaning{"Invalid SOS parameters for sequential"sv, TiffWord::Harmless, "they are not used"sv},
    // a strip holds more than its rows
    Meaning{"exceeds expected dimensions"sv, TiffWord::Harmless,
            "the rows that count come first"sv},
    Meaning{"bytes to avoid buffer overrun"sv, TiffWord::HarmlessInStrips, "after the last row"sv},
    // pixels are missing, and filled with something
    Meaning{"Premature EOL"sv, TiffWord::Lost, "the rest of a row is white"sv},
    Meaning{"Line length mismatch"sv, TiffWord::Lost, "a row is cut"sv},
    Meaning{"Premature EOF"sv, TiffWord::Lost, "rows are missing"sv},
    Meaning{"not terminated with EOI"sv, TiffWord::Lost, "rows are missing"sv},
    Meaning{"due to lack of data"sv, TiffWord::Lost, "rows are missing"sv},
    Meaning{"Only decoded"sv, TiffWord::Lost, "rows are missing"sv},
    Meaning{"Improper JPEG strip/tile size"sv, TiffWord::Lost, "rows or columns are missing"sv},
    Meaning{"fractional scanline"sv, TiffWord::Lost, "part of a row is missing"sv},
    Meaning{"Corrupt JPEG data"sv, TiffWord::Lost, "libjpeg continues with what it finds"sv},
    Meaning{"Premature end of JPEG"sv, TiffWord::Lost, "the rest is grey"sv},
    Meaning{"progression sequence"sv, TiffWord::Lost, "coefficients may be missing"sv},
};

void put(std::array<char, 256>& to, const char* format, std::va_list values) {
  std::vsnprintf(to.data(), to.size(), format, values);
  // some messages end with a full stop
  std::size_t n = std::strlen(to.data());
  while (n > 0 && (to[n - 1] == '.' || to[n - 1] == '\n'))
    to[--n] = '\0';
}

int on_error(TIFF* /*tiff*/, void* user, const char* /*module*/, const char* format,
             std::va_list values) {
  auto& port = *static_cast<TiffPort*>(user);
  if (port.error[0] == '\0') put(port.error, format, values);
  return 1;  // handled: libtiff's global handler prints nothing
}

int on_warning(TIFF* /*tiff*/, void* user, const char* /*module*/, const char* format,
               std::va_list values) {
  auto& port = *static_cast<TiffPort*>(user);
  std::array<char, 256> text{};
  put(text, format, values);
  if (meaning_of_warning(text.data(), port.phase) != TiffWord::Lost) return 1;
  auto& kept = port.phase == TiffPhase::Header ? port.guess : port.error;
  if (kept[0] == '\0') kept = text;
  return 1;
}

// The bytes that libtiff can read while it writes: all of them if it writes to memory; none if it
// writes to a file, because pages are then written in order.
Bytes bytes_of(const TiffPort& port) {
  if (port.out == nullptr) return port.file;
  const Buffer* const memory = port.out->memory();
  return memory != nullptr ? memory->bytes() : Bytes{};
}

std::uint64_t size_of_file(const TiffPort& port) {
  return port.out != nullptr ? port.out->size() : port.file.size();
}

tmsize_t read_port(thandle_t handle, void* to, tmsize_t size) {
  auto& port = *static_cast<TiffPort*>(handle);
  const Bytes bytes = bytes_of(port);
  if (size <= 0 || port.at >= bytes.size()) return 0;
  const std::size_t n = std::min(static_cast<std::size_t>(size), bytes.size() - port.at);
  std::memcpy(to, bytes.data() + port.at, n);
  port.at += n;
  return static_cast<tmsize_t>(n);
}

tmsize_t write_port(thandle_t handle, void* from, tmsize_t size) {
  auto& port = *static_cast<TiffPort*>(handle);
  if (port.out == nullptr || size <= 0) return 0;
  static constexpr std::array<std::uint8_t, 256> kZeros{};
  while (port.out->size() < port.at) {  // libtiff moved beyond the end
    const std::uint64_t gap = port.at - port.out->size();
    if (!port.out->append({kZeros.data(), std::min<std::size_t>(kZeros.size(), gap)})) return 0;
  }
  const auto count = static_cast<std::size_t>(size);
  if (!port.out->write(port.at, {static_cast<const std::uint8_t*>(from), count})) return 0;
  port.at += count;
  return size;
}

toff_t seek_port(thandle_t handle, toff_t offset, int whence) {
  auto& port = *static_cast<TiffPort*>(handle);
  if (whence == SEEK_SET) port.at = offset;
  if (whence == SEEK_CUR) port.at += offset;
  if (whence == SEEK_END) port.at = size_of_file(port) + offset;
  return port.at;
}

int close_port(thandle_t /*handle*/) {
  return 0;
}

toff_t size_port(thandle_t handle) {
  return size_of_file(*static_cast<TiffPort*>(handle));
}

int map_port(thandle_t handle, void** base, toff_t* size) {
  const auto& port = *static_cast<TiffPort*>(handle);
  if (port.out != nullptr) return 0;
  *base = const_cast<std::uint8_t*>(
      port.file.data());  // NOLINT: libtiff does not write to it, but its types are not const
  *size = port.file.size();
  return 1;
}

void unmap_port(thandle_t /*handle*/, void* /*base*/, toff_t /*size*/) {}

}  // namespace

TiffWord meaning_of_warning(std::string_view warning, TiffPhase phase) {
  const auto* const found = std::find_if(
      kMeanings.begin(), kMeanings.end(),
      [&](const Meaning& meaning) { return warning.find(meaning.part) != std::string_view::npos; });
  if (found == kMeanings.end())
    return phase == TiffPhase::Header ? TiffWord::Harmless : TiffWord::Lost;
  if (found->word != TiffWord::HarmlessInStrips) return found->word;
  return phase == TiffPhase::Rows ? TiffWord::Lost : TiffWord::Harmless;
}

TiffHandle open_tiff(TiffPort& port, const char* mode) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{1}
                                   << 30;  // limit for allocations that a wrong tag may cause
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
      TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree);
  if (options == nullptr) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostAtOnce);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &port);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &port);
  return {TIFFClientOpenExt("tiff", mode, &port, read_port, write_port, seek_port, close_port,
                            size_port, map_port, unmap_port, options.get()),
          &TIFFClose};
}

bool is_big_tiff(Bytes file) {
  return file[2] == 0x2B || file[3] == 0x2B;
}

std::optional<std::uint64_t> tiff_number(Bytes file, std::uint64_t at, std::size_t size) {
  if (at > file.size() || file.size() - at < size) return std::nullopt;
  const std::uint8_t* const p = file.data() + at;
  return file[0] == 'M' ? read_big(p, size) : read_little(p, size);
}

std::optional<std::uint64_t> tiff_entry(Bytes file, std::uint64_t directory, std::uint64_t tag) {
  const bool big = is_big_tiff(file);
  const auto entries = tiff_number(file, directory, big ? 8 : 2);
  for (std::uint64_t i = 0; entries && i < std::min<std::uint64_t>(*entries, 0xFFFF); ++i) {
    const std::uint64_t at = directory + (big ? 8 + 20 * i : 2 + 12 * i);
    if (tiff_number(file, at, 2) == tag) return at;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> tiff_tag(Bytes file, std::uint64_t directory, std::uint64_t tag) {
  constexpr std::array<std::size_t, 5> kBytes{0, 1, 0, 2, 4};  // of BYTE, SHORT and LONG
  const auto at = tiff_entry(file, directory, tag);
  const auto type = at ? tiff_number(file, *at + 2, 2) : at;
  if (!type || *type >= kBytes.size() || kBytes.at(*type) == 0) return std::nullopt;
  return tiff_number(file, *at + (is_big_tiff(file) ? 12 : 8), kBytes.at(*type));
}

std::string because(const TiffPort& port) {
  return port.error[0] == '\0' ? std::string() : " (" + std::string(port.error.data()) + ")";
}

}  // namespace deckle
