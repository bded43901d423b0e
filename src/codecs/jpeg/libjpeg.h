// SPDX-License-Identifier: Apache-2.0
// libjpeg: the decoder and encoder of libjpeg-turbo as C++ objects. Nothing is printed, nothing
// leaks, and its messages become Errors.
// Source  libjpeg.txt, "Error handling", "Compressed data handling"
// libjpeg reports errors by callback, and leaves by longjmp, which skips destructors: code inside
// `guarded` must not own objects that have one.
#pragma once

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

// in this order: jpeglib.h needs cstdio, jerror.h needs jpeglib.h
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "codecs/codec.h"
#include "core/result.h"

namespace deckle {

/// The messages of libjpeg. Plain data, because longjmp skips destructors.
struct LibjpegReport {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  bool stop_at_damage;
  bool in_pixels;  ///< the header was read: later warnings are about picture data
  bool multiple_scans;
  bool ran_out;     ///< libjpeg asked for bytes after the end of the file
  int damage;       ///< code of the first warning about picture data, or 0
  bool before_end;  ///< that warning is about bytes before the end marker, after the picture data
  bool at_end;      ///< that warning says that the data ended
  unsigned damaged_row;
  int damaged_scan;
  int fatal;         ///< code of the error that ended libjpeg's work, or 0
  const Stop* stop;  ///< asked by libjpeg's progress monitor
  bool stopped;      ///< `stop` was set
  int never_seen;    ///< number, from 1, of a component that is in no scan, or 0
  std::array<char, JMSG_LENGTH_MAX> text;  ///< of the error, or of the warning with code `damage`
};

/// Runs `body`. False if libjpeg reported an error. Never inlined: the locals of the caller must
/// not be in the frame that longjmp returns to.
template <typename Body>
[[gnu::noinline]] bool guarded(LibjpegReport& report, Body&& body) {
  if (setjmp(report.jump) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg is C
  body();
  return true;
}

/// Decodes a file in memory.
class LibjpegDecoder {
 public:
  explicit LibjpegDecoder(Bytes file);
  ~LibjpegDecoder() { jpeg_destroy_decompress(&jpeg); }
  LibjpegDecoder(const LibjpegDecoder&) = delete;
  LibjpegDecoder& operator=(const LibjpegDecoder&) = delete;

  /// From now on libjpeg asks `stop`. If it is set, fatal_error() is Stopped. Null: never asked.
  void stop_by(const Stop* stop);

  /// Reads up to the first scan. If it fails, header_error() has the reason.
  [[nodiscard]] bool read_header();
  /// Reads the header, and checks whether the whole picture can be read.
  [[nodiscard]] Result<Done> open_whole();
  /// Whether the file has the end marker of this picture. The end marker of another picture after
  /// it does not count.
  [[nodiscard]] bool has_end_marker() const;
  /// A run of zero bytes in the picture data, because a part was lost or never written; empty if
  /// there is none.
  [[nodiscard]] Bytes find_hole() const;

  /// Why the header could not be read.
  [[nodiscard]] Error header_error() const;
  /// Why the pixels could not be read.
  [[nodiscard]] Error fatal_error() const;
  /// The Error for picture data that is not whole.
  [[nodiscard]] Error damage() const;
  /// Damage about which libjpeg does not warn.
  [[nodiscard]] std::optional<Error> silent_damage() const;

  jpeg_decompress_struct jpeg{};
  LibjpegReport report{};

 private:
  Bytes file_;
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  bool created_ = false;
};

/// Called inside `guarded`, after the last row.
void finish_pixels(jpeg_decompress_struct& jpeg);

/// Encodes to a sink.
class LibjpegEncoder {
 public:
  explicit LibjpegEncoder(Sink& out);
  ~LibjpegEncoder() { jpeg_destroy_compress(&jpeg); }
  LibjpegEncoder(const LibjpegEncoder&) = delete;
  LibjpegEncoder& operator=(const LibjpegEncoder&) = delete;

  /// Runs inside `guarded`.
  void create();
  [[nodiscard]] Error error() const;

  jpeg_compress_struct jpeg{};
  LibjpegReport report{};

 private:
  struct Destination {
    jpeg_destination_mgr base{};
    Sink* out = nullptr;
    std::array<JOCTET, 65536> chunk;  // not initialised: this would cost time for each image
  };
  static void empty_chunk(j_compress_ptr jpeg, std::size_t bytes);
  static Destination& destination_of(j_compress_ptr jpeg) {
    return *reinterpret_cast<Destination*>(jpeg->dest);
  }

  Destination destination_;
};

}  // namespace deckle
