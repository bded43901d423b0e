// SPDX-License-Identifier: Apache-2.0
// tiff_port: libtiff on bytes in memory, and what its messages mean.
// Shapes  none: no pixels here
// Fails   messages of libtiff are kept in the TiffPort, and never printed
// Source  libtiff's tiffio.h; its sources, for the messages
#pragma once

#include <tiffio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/sink.h"

namespace deckle {

/// Whether a message of libtiff means that pixels are lost or guessed.
enum class TiffWord : std::uint8_t {
  Harmless,
  HarmlessInStrips,  ///< harmless if a whole strip is decoded; row by row, rows are lost
  Lost,
};

/// What libtiff reads when it reports something.
enum class TiffPhase : std::uint8_t {
  Header,
  Strips,
  Rows,  ///< a strip that is read row by row
};

/// The meaning of a warning. An unknown warning is harmless in a header. Elsewhere it means lost
/// pixels.
[[nodiscard]] TiffWord meaning_of_warning(std::string_view warning, TiffPhase phase);

/// The messages of libtiff, and the memory that it reads or writes. The first important message is
/// kept: later ones follow from it.
struct TiffPort {
  Bytes file;
  Sink* out = nullptr;
  std::uint64_t at = 0;
  TiffPhase phase = TiffPhase::Header;
  std::array<char, 256> error{};
  std::array<char, 256> guess{};  ///< a warning about the header that means guessed pixels
};

using TiffHandle = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

/// Null if libtiff cannot open it: `port.error` has the reason.
[[nodiscard]] TiffHandle open_tiff(TiffPort& port, const char* mode);

[[nodiscard]] bool is_big_tiff(Bytes file);
/// A number of `size` bytes in the file's order; nothing if the file ends before it.
[[nodiscard]] std::optional<std::uint64_t> tiff_number(Bytes file, std::uint64_t at,
                                                       std::size_t size);
/// The offset of the entry of a tag in the directory at `directory`; nothing if there is none.
[[nodiscard]] std::optional<std::uint64_t> tiff_entry(Bytes file, std::uint64_t directory,
                                                      std::uint64_t tag);
/// The first value of a tag of the directory at `directory`, if it is an integer stored in its
/// entry; else nothing.
[[nodiscard]] std::optional<std::uint64_t> tiff_tag(Bytes file, std::uint64_t directory,
                                                    std::uint64_t tag);

/// " (message of libtiff)", or nothing.
[[nodiscard]] std::string because(const TiffPort& port);

}  // namespace deckle
