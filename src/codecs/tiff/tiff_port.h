// SPDX-License-Identifier: Apache-2.0
// tiff_port: libtiff on bytes in memory, and what its messages mean.
// Shapes  none: no pixels here
// Fails   what libtiff says is kept in the Port, and never printed
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

/// Whether a message of libtiff says that pixels are lost or guessed.
enum class TiffWord : std::uint8_t {
  Harmless,
  HarmlessInStrips,  ///< where a strip is decoded at once; row by row, rows are lost
  Lost,
};

/// What is being read when libtiff says something.
enum class TiffPhase : std::uint8_t {
  Header,
  Strips,
  Rows,  ///< a strip row by row
};

/// What a warning means. Of one that is in no table: nothing in a header, lost pixels elsewhere.
[[nodiscard]] TiffWord meaning_of_warning(std::string_view warning, TiffPhase phase);

/// What libtiff said, and the memory that it reads or writes. The first message that counts is
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

/// Null where libtiff cannot: `port.error` says why.
[[nodiscard]] TiffHandle open_tiff(TiffPort& port, const char* mode);

[[nodiscard]] bool is_big_tiff(Bytes file);
/// A number of `size` bytes in the file's order; nothing where the file ends before it.
[[nodiscard]] std::optional<std::uint64_t> tiff_number(Bytes file, std::uint64_t at,
                                                       std::size_t size);
/// Where the entry of a tag of the directory at `directory` begins; nothing where there is none.
[[nodiscard]] std::optional<std::uint64_t> tiff_entry(Bytes file, std::uint64_t directory,
                                                      std::uint64_t tag);
/// The first value of a tag of the directory at `directory`, where it is a whole number in its
/// entry; nothing where there is none.
[[nodiscard]] std::optional<std::uint64_t> tiff_tag(Bytes file, std::uint64_t directory,
                                                    std::uint64_t tag);

/// " (what libtiff said)", or nothing.
[[nodiscard]] std::string because(const TiffPort& port);

}  // namespace deckle
