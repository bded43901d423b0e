// SPDX-License-Identifier: Apache-2.0
// libjpeg: libjpeg-turbo's decoder and encoder as objects: nothing is printed, nothing leaks, and
// what it says becomes an Error.
// Source  libjpeg.txt, "Error handling", "Compressed data handling"
// libjpeg reports by calling back and comes out by longjmp: between `guarded` and libjpeg stands no
// object with a destructor.
#pragma once

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

// cstdio before jpeglib.h, that before jerror.h: they need one another
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "codecs/codec.h"
#include "core/result.h"

namespace deckle {

/// What libjpeg said. Plain data: longjmp passes over it.
struct LibjpegReport {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  bool stop_at_damage;
  bool in_pixels;  ///< the header has been read: warnings are now about picture data
  bool multiple_scans;
  bool ran_out;     ///< libjpeg asked for bytes behind the end of the file
  int damage;       ///< code of the first warning about picture data, or 0
  bool before_end;  ///< ... and it was only of bytes between the picture data and the end marker
  bool at_end;      ///< ... and it was that the data ended
  unsigned damaged_row;
  int damaged_scan;
  int fatal;         ///< code of the error that ended it, or 0
  const Stop* stop;  ///< asked by libjpeg's progress monitor
  bool stopped;      ///< and it said so
  int never_seen;    ///< number, from 1, of a component that no scan holds, or 0
  std::array<char, JMSG_LENGTH_MAX> text;  ///< of the error, or of the first such warning
};

/// Runs `body`; false where libjpeg gave up. Never inlined: the locals of its caller must not live
/// in the frame that longjmp comes back to.
template <typename Body>
[[gnu::noinline]] bool guarded(LibjpegReport& report, Body&& body) {
  if (setjmp(report.jump) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg is C
  body();
  return true;
}

/// A decoder of a file that lies in memory.
class LibjpegDecoder {
 public:
  explicit LibjpegDecoder(Bytes file);
  ~LibjpegDecoder() { jpeg_destroy_decompress(&jpeg); }
  LibjpegDecoder(const LibjpegDecoder&) = delete;
  LibjpegDecoder& operator=(const LibjpegDecoder&) = delete;

  /// From here on, until it says so: fatal_error() is Stopped then. Null: nothing is asked.
  void stop_by(const Stop* stop);

  /// Up to the first scan; where it fails, header_error() tells why.
  [[nodiscard]] bool read_header();
  /// The header, and whether the pixels can be read whole.
  [[nodiscard]] Result<Done> open_whole();
  /// Whether the picture's own end marker is there, not that of another picture behind it.
  [[nodiscard]] bool has_end_marker() const;
  /// Zero bytes where a part of the picture data was never written or is lost; empty where there
  /// are none.
  [[nodiscard]] Bytes find_hole() const;

  /// What ended the reading of a header.
  [[nodiscard]] Error header_error() const;
  /// What ended the reading of pixels.
  [[nodiscard]] Error fatal_error() const;
  /// The sentence about picture data that is not whole.
  [[nodiscard]] Error damage() const;
  /// What libjpeg let pass without a warning.
  [[nodiscard]] std::optional<Error> silent_damage() const;

  jpeg_decompress_struct jpeg{};
  LibjpegReport report{};

 private:
  Bytes file_;
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  bool created_ = false;
};

/// Behind the last row; stands inside `guarded`.
void finish_pixels(jpeg_decompress_struct& jpeg);

/// An encoder into a sink.
class LibjpegEncoder {
 public:
  explicit LibjpegEncoder(Sink& out);
  ~LibjpegEncoder() { jpeg_destroy_compress(&jpeg); }
  LibjpegEncoder(const LibjpegEncoder&) = delete;
  LibjpegEncoder& operator=(const LibjpegEncoder&) = delete;

  /// Stands inside `guarded`.
  void create();
  [[nodiscard]] Error error() const;

  jpeg_compress_struct jpeg{};
  LibjpegReport report{};

 private:
  struct Destination {
    jpeg_destination_mgr base{};
    Sink* out = nullptr;
    std::array<JOCTET, 65536> chunk;  // not cleared, once an image
  };
  static void empty_chunk(j_compress_ptr jpeg, std::size_t bytes);
  static Destination& destination_of(j_compress_ptr jpeg) {
    return *reinterpret_cast<Destination*>(jpeg->dest);
  }

  Destination destination_;
};

}  // namespace deckle
