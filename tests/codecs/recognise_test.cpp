// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string_view>

#include "codecs/formats.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

Error refusal(std::string_view head) {
  const Result<const Codec*> codec = recognise(as_bytes(head));
  return codec ? Error{ErrorCode::Internal, "taken as " + std::string((*codec)->name)}
               : codec.error();
}

}  // namespace

TEST_CASE("each format that is written is recognised by its content", "[codecs][recognise]") {
  for (const Codec& codec : codecs()) {
    if (!codec.encoder) continue;
    const File file = encoded(picture(8, 9, 3), {.format = codec.format});
    const Result<const Codec*> found = recognise(file);
    REQUIRE(found);
    CHECK((*found)->name == codec.name);
  }
}

TEST_CASE("codecs are found by name and by each extension", "[codecs][recognise]") {
  for (const Codec& codec : codecs()) {
    CHECK(codec_by_name(codec.name) == &codec);
    for (const std::string_view extension : codec.extensions)
      CHECK(codec_by_name(extension) == &codec);
    CHECK(&codec_of(codec.format) == &codec);
    REQUIRE((codec.version == nullptr) == (codec.decoder != nullptr));
    if (codec.version != nullptr) CHECK(!codec.version({}).empty());
  }
  CHECK(codec_by_name("gif") == nullptr);
  CHECK(codec_by_name("") == nullptr);
}

TEST_CASE("a format that is known but not read is named", "[codecs][recognise]") {
  CHECK(refusal("GIF89a").message == "GIF is not read");
  CHECK(refusal("\0\0\0\x20"
                "ftypavif"sv)
            .message == "AVIF is not read");
  CHECK(refusal("\0\0\0\x20"
                "ftypheic"sv)
            .message == "HEIC is not read");
  CHECK(refusal("\xff\x0a...."sv).message == "JPEG XL is not read");
  CHECK(refusal("\0\0\0\x0cJXL \r\n\x87\n"sv).message == "JPEG XL is not read");
  CHECK(refusal("<?xml version='1.0'?>\n<svg xmlns=''>").message == "SVG is not read");
  CHECK(refusal("P7\nWIDTH 4\n").message == "PAM is not read");
  CHECK(refusal(std::string(128, '\0') + "DICM").message == "DICOM is not read");
  CHECK(refusal("\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0"sv).message ==
        "ICO is not read");
  for (const std::string_view head : {"GIF87a"sv, "8BPS"sv, "%PDF-1.7"sv, "qoif"sv}) {
    CHECK(refusal(head).code == ErrorCode::Unsupported);
  }
}

TEST_CASE("the message about a file that is not a picture says what it is", "[codecs][recognise]") {
  CHECK(refusal("").message == "the file is empty");
  CHECK(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:00").message ==
        "this is a git-lfs pointer, not the picture: run git lfs pull");
  CHECK(refusal("\x1f\x8b\x08").message == "this is gzip: unpack it first");
  CHECK(refusal("PK\x03\x04").message == "this is a zip archive: unpack it first");
  CHECK(refusal(" \n<!DOCTYPE html><html>").message ==
        "this is an HTML page, not a picture (a failed download?)");
  CHECK(refusal("<?xml version='1.0'?><a/>").message == "this is XML, not a picture");
  CHECK(refusal("Dear reader,\n").message == "this is text, not a picture");
  CHECK(refusal("BMW is not a bitmap").message == "this is text, not a picture");
  CHECK(refusal("P4 is not always a bitmap").message == "this is text, not a picture");
  CHECK(refusal("\x01\x02\x03\x80"sv).message == "the content is of no known image format");
  CHECK(refusal("\0\0\0\0\0\0"sv).message == "the file begins with zero bytes only");
  for (const std::string_view head : {""sv, "PK\x03\x04"sv, "text"sv, "\x01\x02"sv}) {
    CHECK(refusal(head).code == ErrorCode::NotAnImage);
  }
}

TEST_CASE("random bytes and every beginning of every format are answered, never crashed on",
          "[codecs][recognise]") {
  for (const Codec& codec : codecs()) {
    if (!codec.encoder) continue;
    const File file = encoded(picture(8, 9, 3), {.format = codec.format});
    for (std::size_t n = 0; n < std::min<std::size_t>(file.size(), 80); ++n) {
      const File part = first_bytes(file, n);
      CHECK_FALSE(message_of(part).empty());
    }
  }
}

TEST_CASE("orientations 5 to 8 exchange rows and columns", "[codecs][recognise]") {
  ImageInfo info;
  info.shape = Shape::image(2, 3, 4);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    info.orientation = orientation;
    CHECK(info.upright_shape() ==
          (orientation < 5 ? Shape::image(2, 3, 4) : Shape::image(3, 2, 4)));
  }
}

TEST_CASE("every odd file is read or refused by name, and every bad one as its catalogue expects",
          "[codecs][recognise][data]") {
  const std::filesystem::path folder = data_folder();
  if (folder.empty()) {
    WARN("SKIPPED: DECKLE_TEST_DATA does not name the folder of test pictures");
    return;
  }
  const Stderr said;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "odd")) {
    if (!entry.is_regular_file() || entry.path().extension() == ".tsv") continue;
    Tensor out;
    const Result<Damage> damage = read(load(entry.path()), out);
    INFO(entry.path().filename());
    if (damage) {
      CHECK(damage->empty());
    } else {
      CHECK(damage.error().code == ErrorCode::Unsupported);
    }
  }
  std::ifstream catalogue(folder / "bad" / "CATALOGUE.tsv");
  std::string line;
  std::getline(catalogue, line);
  while (std::getline(catalogue, line)) {
    const std::string name = line.substr(0, line.find('\t'));
    const std::size_t at = line.find("expect=");
    const std::string expect = at == std::string::npos ? "reject" : line.substr(at + 7, 6);
    Tensor out;
    const Result<Damage> damage = read(load(folder / "bad" / name), out);
    INFO(name << ": " << (damage ? damage->missing : damage.error().message));
    if (expect == "reject" || expect == "limit;" || expect == "limit") CHECK_FALSE(damage);
    if (expect == "accept") CHECK(damage);
  }
  CHECK(said.text().empty());
}

TEST_CASE("no image format takes samples of the types that only arrays have", "[codecs]") {
  for (const Codec& codec : codecs()) {
    if (!codec.encoder || codec.format == Format::Npy) continue;
    for (const DType dtype : {DType::Bool, DType::Int64, DType::UInt64, DType::Float16}) {
      INFO(codec.name << " " << name_of(dtype));
      const auto can = codec.encoder->check(Shape::image(4, 4, 3), dtype);
      REQUIRE_FALSE(can);
      CHECK(can.error().code == ErrorCode::Depth);
    }
  }
}
