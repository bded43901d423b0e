// SPDX-License-Identifier: Apache-2.0
#include "codecs/npy.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/reading.h"
#include "core/digest.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/golden.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

using Extents = std::vector<std::int64_t>;

// A file of format 1.0 with this dict.
File npy(std::string_view dict, std::string_view data = "") {
  File file = bytes_of("\x93NUMPY\1\0"sv);
  file.push_back(static_cast<std::uint8_t>(dict.size() & 0xFFU));
  file.push_back(static_cast<std::uint8_t>(dict.size() >> 8U));
  file += dict;
  file += data;
  return file;
}

std::string dict_of(std::string_view descr, std::string_view shape = "(2,)") {
  return "{'descr': " + std::string(descr) +
         ", 'fortran_order': False, 'shape': " + std::string(shape) + ", }\n";
}

Error refusal(const File& file) {
  const auto header = read_npy_header(file);
  return header ? Error{ErrorCode::Internal, "taken"} : header.error();
}

Error refusal_of_dict(std::string_view dict) {
  return refusal(npy(dict));
}

ArrayHeader header_of(const File& file) {
  const auto header = read_npy_header(file);
  INFO((header ? "" : header.error().message));
  REQUIRE(header);
  return *header;
}

File samples_in(const File& file) {
  Buffer out;
  REQUIRE(read_npy(file, header_of(file), out));
  return {out.data(), out.data() + out.size()};
}

File file_of(const std::string& text) {
  return bytes_of(text);
}

// Reads a copy of the file in a block of its own, and checks that the result is consistent.
void check_any(const File& file) {
  const File copy(file);
  const auto header = read_npy_header(copy);
  if (!header) {
    CHECK_FALSE(header.error().message.empty());
    CHECK(is_utf8(header.error().message));
    return;
  }
  REQUIRE(header->data_at <= copy.size());
  for (const std::int64_t length : header->shape)
    REQUIRE(length >= 0);
  Buffer out;
  const auto done = read_npy(copy, *header, out);
  if (done) {
    REQUIRE(out.size() == header->data_bytes());
    REQUIRE(out.size() <= copy.size());
  } else {
    CHECK(done.error().code == ErrorCode::Truncated);
  }
}

}  // namespace

TEST_CASE("every array that NumPy wrote is read: dtypes, orders, byte orders and versions",
          "[codecs][npy]") {
  const File all = file_of(golden_text("arrays/arrays.npy"));
  std::size_t at = 0;
  std::set<std::string> seen;
  for (const Json& expected : golden_json("arrays/arrays.json")) {
    // Data after the array are ignored.
    const File file(all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
    INFO("at byte " << at << ": " << expected.dump().substr(0, 200));
    const ArrayHeader header = header_of(file);
    CHECK(header.shape == expected["shape"].get<Extents>());
    CHECK(name_of(header.dtype) == expected["dtype"].get<std::string>());
    CHECK(header.fortran_order == expected["fortran_order"].get<bool>());
    CHECK(header.big_endian == expected["big_endian"].get<bool>());
    CHECK(hex(samples_in(file)) == expected["data"].get<std::string>());
    seen.insert(std::to_string(file[6]) + (header.fortran_order ? "F" : "C") +
                (header.big_endian ? ">" : "<") + std::string(name_of(header.dtype)));
    at += header.data_at + header.data_bytes();
  }
  CHECK(at == all.size());
  CHECK(seen.size() >= 12 * 4);
}

TEST_CASE("headers are NumPy's, to the byte", "[codecs][npy]") {
  std::set<std::size_t> lengths;
  for (const Json& expected : golden_json("arrays/headers.json")) {
    const DType dtype = *dtype_from_name(expected["dtype"].get<std::string>());
    if (expected.contains("ones")) {
      const Extents shape(expected["ones"].get<std::size_t>(), 1);
      const std::string header = npy_header(shape, dtype);
      CHECK(header[6] == expected["version"].get<int>());
      CHECK(hex(sha256(as_bytes(header))) == expected["sha256"].get<std::string>());
      continue;
    }
    const auto shape = expected["shape"].get<Extents>();
    const std::string header = npy_header(shape, dtype);
    INFO(expected.dump());
    CHECK(hex(as_bytes(header)) == expected["header"].get<std::string>());
    CHECK(header.size() % 64 == 0);
    lengths.insert(header.find_last_not_of(" \n") % 64);
    if (shape == Extents{2147483648, 2147483648})
      continue;  // as float32, 64 bits cannot count the bytes
    if (shape == Extents{1, 4611686018427387904} || shape == Extents{9223372036854775807}) continue;
    const ArrayHeader read = header_of(file_of(header));
    CHECK(read.shape == shape);
    CHECK(read.dtype == dtype);
    CHECK_FALSE(read.fortran_order);
    CHECK_FALSE(read.big_endian);
    CHECK(read.data_at == header.size());
  }
  CHECK(lengths.size() == 64);
}

TEST_CASE("an array that is written is read again, and is what NumPy wrote", "[codecs][npy]") {
  const File all = file_of(golden_text("arrays/arrays.npy"));
  std::size_t at = 0;
  int same_file = 0;
  for (const Json& expected : golden_json("arrays/arrays.json")) {
    const File rest(all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
    const ArrayHeader header = header_of(rest);
    const std::size_t size = header.data_at + header.data_bytes();
    at += size;
    Buffer out;
    REQUIRE(write_npy(header.shape, header.dtype, samples_in(rest), out));
    const File written(out.data(), out.data() + out.size());
    CHECK(hex(samples_in(written)) == expected["data"].get<std::string>());
    if (rest[6] == 1 && !header.fortran_order && !header.big_endian) {
      CHECK(written == first_bytes(rest, size));
      ++same_file;
    }
  }
  CHECK(same_file >= 12);
  Buffer out;
  const auto wrong = write_npy({2, 2}, DType::Int16, File(7), out);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error() == Error{ErrorCode::Internal, "an array of 8 bytes came with 7"});
}

TEST_CASE("Fortran order agrees with its naive twin for 2 to 8 axes", "[codecs][npy]") {
  std::mt19937 random(8);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 300; ++round) {
    Extents shape(2 + random() % 7);
    for (std::int64_t& length : shape)
      length = 1 + static_cast<std::int64_t>(random() % (shape.size() < 4 ? 90 : 4));
    const DType dtype = std::vector{DType::UInt8, DType::Int16, DType::Float32,
                                    DType::UInt64}[static_cast<std::size_t>(round) % 4];
    const std::size_t sample = size_of(dtype);
    ArrayHeader header{.shape = shape, .dtype = dtype, .fortran_order = true};
    File file(header.data_bytes());
    for (std::uint8_t& byte : file)
      byte = static_cast<std::uint8_t>(random());

    // The index in C order counts the last axis first; compute the offset of that sample in the
    // file.
    File expected;
    Extents index(shape.size(), 0);
    for (std::size_t i = 0; i < file.size() / sample; ++i) {
      std::size_t at = 0;
      for (std::size_t axis = shape.size(); axis-- > 0;)
        at = at * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(index[axis]);
      for (std::size_t b = 0; b < sample; ++b)
        expected.push_back(file[at * sample + b]);
      for (std::size_t axis = shape.size(); axis-- > 0;) {
        if (++index[axis] < shape[axis]) break;
        index[axis] = 0;
      }
    }
    Buffer out;
    REQUIRE(read_npy(file, header, out));
    INFO("round " << round);
    REQUIRE(File(out.data(), out.data() + out.size()) == expected);
  }
}

TEST_CASE("a header is read in every form that Python may write", "[codecs][npy]") {
  const auto same = [](std::string_view dict) {
    const ArrayHeader header = header_of(npy(dict));
    INFO(dict);
    CHECK(header.shape == Extents{3, 4});
    CHECK(header.dtype == DType::Int16);
    CHECK(header.fortran_order);
    CHECK_FALSE(header.big_endian);
  };
  same("{'descr': '<i2', 'fortran_order': True, 'shape': (3, 4), }");
  same("{\"shape\":(3,4),\"fortran_order\":True,\"descr\":\"<i2\"}");
  same("  { 'fortran_order' :\tTrue ,\n 'shape' : ( 3L , 4L , ) , 'descr' : u'=i2' } \n\n");
  same("{'shape': ((3), 4), 'descr': 'i2', 'fortran_order': (True)}");
  same("{'shape': (3, 4), 'descr': '|i2', 'fortran_order': True}");
  const auto shape = [](std::string_view text) {
    return header_of(npy(dict_of("'<f4'", text))).shape;
  };
  CHECK(shape("()") == Extents{});
  CHECK(shape("( )") == Extents{});
  CHECK(shape("(3,)") == Extents{3});
  CHECK(shape("(0, 5)") == Extents{0, 5});
  CHECK(shape("(1,2,3,4,5,6,7,8,9)") == Extents{1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("byte orders are those of NumPy's dtypes", "[codecs][npy]") {
  const auto read = [](std::string_view descr) { return header_of(npy(dict_of(descr))); };
  CHECK(read("'>i2'").big_endian);
  CHECK_FALSE(read("'<i2'").big_endian);
  CHECK_FALSE(read("'=f8'").big_endian);
  CHECK_FALSE(read("'>u1'").big_endian);
  CHECK_FALSE(read("'>b1'").big_endian);
  CHECK(read("'?'").dtype == DType::Bool);
  CHECK(read("'>f2'").dtype == DType::Float16);
  CHECK(samples_in(npy(dict_of("'>u2'"), "\1\2\3\4")) == File{2, 1, 4, 3});
  CHECK(samples_in(npy(dict_of("'>u8'", "()"), "12345678")) == bytes_of("87654321"));
}

TEST_CASE("a bool is 0 or 1, for any byte of the file", "[codecs][npy]") {
  CHECK(samples_in(npy(dict_of("'|b1'", "(5,)"), "\0\1\2\xff\0"sv)) == File{0, 1, 1, 1, 0});
}

TEST_CASE("a file that is not a .npy, or of an unknown version, is refused", "[codecs][npy]") {
  CHECK(refusal({}) == Error{ErrorCode::NotAnImage, "the file is empty"});
  CHECK(
      refusal(bytes_of("\x89PNG\r\n\x1a\n")) ==
      Error{ErrorCode::NotAnImage, "this is not a .npy file: it does not begin with 934e554d5059"});
  CHECK(refusal(bytes_of("NU")).code == ErrorCode::NotAnImage);
  const Error ends{ErrorCode::Truncated, "truncated: the file ends within its header"};
  CHECK(refusal(bytes_of("\x93NU")) == ends);
  CHECK(refusal(bytes_of("\x93NUMPY\1")) == ends);
  CHECK(refusal(bytes_of("\x93NUMPY\1\0\5"sv)) == ends);
  CHECK(refusal(bytes_of("\x93NUMPY\2\0\5\0"sv)) == ends);
  CHECK(refusal(bytes_of("\x93NUMPY\4\0\5\0"sv)) ==
        Error{ErrorCode::Unsupported, "version 4.0 of .npy is not read; 1.0, 2.0 and 3.0 are"});
  CHECK(refusal(bytes_of("\x93NUMPY\1\1\5\0"sv)).code == ErrorCode::Unsupported);
  CHECK(refusal(first_bytes(npy(dict_of("'<f4'")), 30)) ==
        Error{ErrorCode::Truncated, "truncated: the header has 20 of 58 bytes"});
  CHECK(refusal(bytes_of("\x93NUMPY\2\0\0\0\0\x7f{"sv)) ==
        Error{ErrorCode::TooLarge,
              "the header says that it has 2130706432 bytes; at most 1048576 are read"});
  CHECK(is_npy(bytes_of("\x93NUMPY")));
  CHECK_FALSE(is_npy(bytes_of("\x93NUMP")));
}

TEST_CASE("a header that is no dict of the three keys is refused with what it says",
          "[codecs][npy]") {
  const auto message = [](std::string_view dict) {
    const Error error = refusal_of_dict(dict);
    CHECK(error.code == ErrorCode::Damaged);
    constexpr std::string_view kBegin = "damaged: the header cannot be read (";
    CHECK(error.message.starts_with(kBegin));
    return error.message.substr(kBegin.size(), error.message.size() - kBegin.size() - 1);
  };
  CHECK(message("") == "no Python literal from byte 0 of 0 on, \"\"");
  CHECK(message("{'descr': __import__('os')}") ==
        "no Python literal from byte 10 of 27 on, \"__import__('os')}\"");
  CHECK(message("{'descr': '<f4'") == "no Python literal from byte 15 of 15 on, \"\"");
  CHECK(message(dict_of("'<f4'") + "x") == "no Python literal from byte 58 of 59 on, \"x\"");
  CHECK(message("('descr', '<f4')") == "not a Python dict");
  CHECK(message("{'descr': '<f4', 'shape': (2,)}") == "'fortran_order' is missing");
  CHECK(message("{}") == "'descr' is missing");
  CHECK(message("{'descr': '<f4', 'shape': (2,), 'fortran_order': False, 'x': 1}") ==
        "'x' is none of its keys, descr, fortran_order or shape");
  CHECK(message("{1: 2}") == "1 is none of its keys, descr, fortran_order or shape");
  CHECK(message("{'descr': '<f4', 'descr': '<f8'}") == "'descr' is given twice");
  CHECK(message("{'descr': '<f4', 'shape': (2,), 'fortran_order': 0}") ==
        "'fortran_order' is 0, not True or False");
  CHECK(message(dict_of("None")) == "'descr' is None, which is no dtype");
  CHECK(message(dict_of("''")) == "'descr' is '', which is no dtype");
  CHECK(message(dict_of("'<i3'")) == "'descr' is '<i3', which is no dtype");
  CHECK(message(dict_of("'<f4x'")) == "'descr' is '<f4x', which is no dtype");
  for (const std::string shape : {"[3, 4]", "3", "(3)", "None", "('3',)", "(True,)", "((3,),)"})
    CHECK(message(dict_of("'<f4'", shape)) ==
          "'shape' is " + shape + ", not a tuple of whole numbers");
  CHECK(message(dict_of("'<f4'", "(3, -1)")) == "'shape' is (3, -1), with a negative axis");
  for (const std::string_view shape : {"(3.0,)", "(03,)", "(3 4)", "(,)", "(3,,)", "(0x3,)",
                                       "(3e1,)", "(-,)", "(3_0,)", "(3LL,)", "(3"}) {
    INFO(shape);
    CHECK(message(dict_of("'<f4'", shape)).starts_with("no Python literal from byte "));
  }
  for (const std::string_view descr : {"'<f4", "'<f\\x34'", "'<f4\n'", "b'<f4'", "<f4", "\"<f4'"}) {
    INFO(descr);
    CHECK(message(dict_of(descr)).starts_with("no Python literal from byte "));
  }
  CHECK(message(std::string(100'000, '(').substr(0, 60'000)).starts_with("no Python literal"));
  // No control characters reach a terminal.
  CHECK(message(dict_of("'\x1b[31m'")) == "'descr' is '\\x1b[31m', which is no dtype");
}

TEST_CASE("arrays of something else than numbers are refused by its name", "[codecs][npy]") {
  const auto message = [](std::string_view descr) {
    const Error error = refusal_of_dict(dict_of(descr));
    CHECK(error.code == ErrorCode::Unsupported);
    return error.message;
  };
  const std::string numeric = "; save them with a numeric dtype";
  CHECK(message("'|O'") == "object arrays hold Python objects (dtype '|O')" + numeric);
  CHECK(message("[('x', '<f4'), ('y', '<f4', (2,))]") ==
        "structured arrays hold records of several fields (dtype [('x', '<f4'), ('y', '<f4', "
        "(2,))]); save each field as an array of its own");
  CHECK(message("('<f4', (2,))") ==
        "the samples are arrays themselves (dtype ('<f4', (2,)))" + numeric);
  CHECK(message("'<U7'") == "the samples are strings (dtype '<U7')" + numeric);
  CHECK(message("'|S3'") == "the samples are strings of bytes (dtype '|S3')" + numeric);
  CHECK(message("'<V2'") ==
        "the samples are raw bytes or records, as in structured arrays and for bfloat16 (dtype "
        "'<V2')" +
            numeric);
  CHECK(message("'<M8[ns]'") ==
        "the samples are dates (datetime64) (dtype '<M8[ns]'); save them as int64 or float64");
  CHECK(message("'<m8[s]'") ==
        "the samples are spans of time (timedelta64) (dtype '<m8[s]'); save them as int64 or "
        "float64");
  CHECK(message("'>c8'") ==
        "the samples are complex numbers (dtype '>c8'); save the real and the imaginary part");
  for (const std::string_view descr : {"'<f16'", "'<f12'"})
    CHECK(message(descr) == "the samples are of long double (dtype " + std::string(descr) +
                                "); save them as float64");
}

TEST_CASE("shapes that lie are refused before memory is taken", "[codecs][npy]") {
  const auto error = [](std::string_view shape) {
    return refusal_of_dict(dict_of("'<f8'", shape));
  };
  CHECK(error("(4294967296, 4294967296)") ==
        Error{ErrorCode::TooLarge,
              "the header says (4294967296, 4294967296) samples of float64: "
              "64 bits cannot count the bytes"});
  CHECK(error("(99999999999999999999,)").code == ErrorCode::TooLarge);
  CHECK(error("(1152921504606846976,)").code == ErrorCode::TooLarge);  // 2^60, 8 bytes each
  CHECK(error("(4611686018427387904, 4, 0)").code == ErrorCode::TooLarge);
  CHECK(error("(0, 4611686018427387904, 4)").code == ErrorCode::TooLarge);
  std::string ones = "(";
  for (int i = 0; i < 65; ++i)
    ones += "1,";
  CHECK(error(ones + ")") ==
        Error{ErrorCode::TooLarge, "the header says 65 axes; NumPy's arrays have at most 64"});

  const File file = npy(dict_of("'<f8'", "(1152921504606846975,)"), "12345678");
  Buffer out;
  const auto done = read_npy(file, header_of(file), out);
  REQUIRE_FALSE(done);
  CHECK(done.error() == Error{ErrorCode::Truncated,
                              "truncated: has 8 of 9223372036854775800 bytes "
                              "of samples"});
  CHECK(out.size() == 0);
}

TEST_CASE("truncated samples are refused, and data after the samples are ignored",
          "[codecs][npy]") {
  const std::string header = npy_header({2, 3}, DType::Int32);
  File file = file_of(header + "123456789012345678901234");
  for (std::size_t n = header.size(); n < file.size(); ++n) {
    Buffer out;
    const File cut = first_bytes(file, n);
    const auto done = read_npy(cut, header_of(cut), out);
    REQUIRE_FALSE(done);
    CHECK(done.error() ==
          Error{ErrorCode::Truncated,
                "truncated: has " + std::to_string(n - header.size()) + " of 24 bytes of samples"});
  }
  const File samples = samples_in(file);
  file += "more";
  CHECK(samples_in(file) == samples);
  Buffer out;
  CHECK_FALSE(read_npy({}, header_of(file), out));  // the header is of another file
  CHECK(samples_in(npy(dict_of("'<f4'", "(0, 7)"))).empty());
}

TEST_CASE("a header that is cut or changed anywhere gives an error or an array, never a crash",
          "[codecs][npy]") {
  std::vector<File> files;
  const File all = file_of(golden_text("arrays/arrays.npy"));
  for (std::size_t at = 0; at < all.size() && files.size() < 6;) {
    const File rest(all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
    const ArrayHeader header = header_of(rest);
    const std::size_t size = header.data_at + header.data_bytes();
    files.push_back(first_bytes(rest, size));
    at += size;
  }
  files.push_back(npy(dict_of("[('x', '<f4')]", "(2L, 3)")));
  const Stderr said;
  for (const File& file : files) {
    const std::size_t end = std::min<std::size_t>(file.size(), 140);
    for (std::size_t n = 0; n < end; ++n) {
      check_any(first_bytes(file, n));
      for (const unsigned with : {0x00U, 0x01U, 0x20U, 0x27U, 0x28U, 0x29U, 0x2CU, 0x2DU, 0x30U,
                                  0x39U, 0x4CU, 0x5BU, 0x5CU, 0x7BU, 0x7DU, 0x80U, 0xFFU}) {
        File changed(file);
        changed[n] = static_cast<std::uint8_t>(with);
        check_any(changed);
      }
      for (int bit = 0; bit < 8; ++bit) {
        File changed(file);
        changed[n] = static_cast<std::uint8_t>(changed[n] ^ 1U << bit);
        check_any(changed);
      }
      File dropped(file);
      dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(n));
      check_any(dropped);
    }
    with_flips(file, 2000, check_any);
  }
  CHECK(said.text().empty());
}
