// SPDX-License-Identifier: Apache-2.0
#include "codecs/npz.h"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/npy.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/folders.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string golden(const std::string& name) {
  return test::golden_folder() + "/arrays/" + name;
}

std::vector<std::string> names_in(const std::string& path) {
  const auto listing = list_npz(path);
  INFO((listing ? "" : listing.error().message));
  REQUIRE(listing);
  std::vector<std::string> names;
  for (const NpzMember& member : listing->arrays)
    names.push_back(member.name);
  return names;
}

test::File member_of(const std::string& path, std::string_view name) {
  Buffer out;
  const auto done = read_npz(path, name, out);
  INFO(path << " " << name << ": " << (done ? "" : done.error().message));
  REQUIRE(done);
  return {out.data(), out.data() + out.size()};
}

// Writes to a new file: overwriting makes some file systems wait for the disk.
std::string put(const Folder& folder, const test::File& file) {
  std::filesystem::remove(folder / "x.npz");
  folder.put("x.npz", file);
  return folder / "x.npz";
}

// The error for array "a" of an archive with these bytes.
Error refusal(const Folder& folder, const test::File& file, std::string_view name = "a") {
  Buffer out;
  const auto done = read_npz(put(folder, file), name, out);
  return done ? Error{ErrorCode::Internal, "taken"} : done.error();
}

// ---- archives that no tool writes

void put_little(test::File& file, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8U)
    file.push_back(static_cast<std::uint8_t>(value & 0xFFU));
}

std::uint32_t crc32_of(std::string_view data) {
  std::uint32_t crc = ~0U;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

struct Member {
  std::string name = "a.npy";
  std::string data = "some bytes";  // as stored in the archive
  unsigned method = 0;
  unsigned flags = 0;
  std::uint32_t says = 0;  // claimed number of bytes; 0: the real one
  std::uint32_t crc = 0;   // 0: the right one
};

test::File archive_of(const std::vector<Member>& members) {
  test::File file;
  test::File directory;
  for (const Member& m : members) {
    const std::size_t at = file.size();
    test::File common;
    put_little(common, 20, 2);  // the version that is needed to read it
    put_little(common, m.flags, 2);
    put_little(common, m.method, 2);
    put_little(common, 0x00210000, 4);  // the first of January 1980
    put_little(common, m.crc != 0 ? m.crc : crc32_of(m.data), 4);
    put_little(common, m.data.size(), 4);
    put_little(common, m.says != 0 ? m.says : m.data.size(), 4);
    put_little(common, m.name.size(), 2);
    put_little(common, 0, 2);
    file += "PK\3\4"sv;
    file.insert(file.end(), common.begin(), common.end());
    file += m.name;
    file += m.data;
    directory += "PK\1\2\x14\0"sv;
    directory.insert(directory.end(), common.begin(), common.end());
    put_little(directory, 0, 10);
    put_little(directory, at, 4);
    directory += m.name;
  }
  const std::size_t at = file.size();
  file.insert(file.end(), directory.begin(), directory.end());
  file += "PK\5\6\0\0\0\0"sv;
  put_little(file, members.size(), 2);
  put_little(file, members.size(), 2);
  put_little(file, directory.size(), 4);
  put_little(file, at, 4);
  put_little(file, 0, 2);
  return file;
}

}  // namespace

TEST_CASE("an archive that was written again is read again", "[codecs][npz]") {
  const Folder folder;
  const std::string path = folder / "x.npz";
  for (const std::string data : {"the first", "the third"}) {  // the same size and the same file
    folder.put("x.npz", archive_of({{.name = "a.npy", .data = data}}));
    for (int again = 0; again < 2; ++again) {
      const test::File member = member_of(path, "a");
      CHECK(std::string(member.begin(), member.end()) == data);
    }
  }
  std::filesystem::remove(path);
  CHECK(list_npz(path).error().code == ErrorCode::Unreadable);
}

TEST_CASE("a large member is refused by its beginning", "[codecs][npz]") {
  const Folder folder;
  const std::string large(2000000, 'x');
  folder.put("x.npz", archive_of({{.name = "a.npy", .data = large}, {.name = "b.npy"}}));
  std::size_t seen = 0;
  const CheckHead refuse = [&](Bytes head) -> Result<Done> {
    seen = head.size();
    return Error{ErrorCode::TooLarge, "no"};
  };
  Buffer out;
  CHECK(read_npz(folder / "x.npz", "a", out, kMostNpzBytes, refuse).error().message == "no");
  CHECK(seen == 4096);
  CHECK(out.size() == 0);
  CHECK(read_npz(folder / "x.npz", "b", out, kMostNpzBytes, refuse));
  const CheckHead accept = [](Bytes) -> Result<Done> { return Done{}; };
  REQUIRE(read_npz(folder / "x.npz", "a", out, kMostNpzBytes, accept));
  CHECK(std::string(out.data(), out.data() + out.size()) == large);
}

TEST_CASE("archives that numpy.savez and savez_compressed wrote are listed in their order",
          "[codecs][npz]") {
  for (const std::string name : {"stored.npz", "compressed.npz"}) {
    CHECK(names_in(golden(name)) == std::vector<std::string>{"a", "layer/kernel:0", "größe"});
    const auto listing = list_npz(golden(name));
    CHECK(listing->others.empty());
    CHECK(listing->arrays[1].bytes == 128 + 600 * 8);
  }
  CHECK(names_in(golden("empty.npz")).empty());
  CHECK(names_in(golden("zip64.npz")) == std::vector<std::string>{"a"});
  CHECK(names_in(golden("pipe.npz")) == std::vector<std::string>{"a"});
}

TEST_CASE("members that are no arrays are skipped, and listed", "[codecs][npz]") {
  const auto listing = list_npz(golden("others.npz"));
  REQUIRE(listing);
  CHECK(names_in(golden("others.npz")) == std::vector<std::string>{"a"});
  CHECK(listing->others == std::vector<std::string>{"folder/", "readme.txt"});
}

TEST_CASE("arrays are read from archives, stored or compressed, zip64 or written to a pipe",
          "[codecs][npz]") {
  for (const std::string name : {"stored.npz", "compressed.npz"}) {
    const test::File kernel = member_of(golden(name), "layer/kernel:0");
    const auto header = read_npy_header(kernel);
    REQUIRE(header);
    CHECK(header->shape == std::vector<std::int64_t>{600});
    CHECK(header->dtype == DType::Int64);
    Buffer samples;
    REQUIRE(read_npy(kernel, *header, samples));
    for (std::size_t i = 0; i < 600; ++i)
      REQUIRE(samples.data()[8 * i] + 256U * samples.data()[8 * i + 1] == i);

    const auto fortran = read_npy_header(member_of(golden(name), "größe"));
    REQUIRE(fortran);
    CHECK(fortran->fortran_order);
  }
  const test::File a = member_of(golden("stored.npz"), "a");
  CHECK(is_npy(a));
  for (const std::string name : {"compressed.npz", "zip64.npz", "pipe.npz", "others.npz"})
    CHECK(member_of(golden(name), "a") == a);
}

TEST_CASE("a missing array is named", "[codecs][npz]") {
  Buffer out;
  const auto error = [&](const std::string& file, std::string_view name) {
    const auto done = read_npz(golden(file), name, out);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::Unreadable);
    return done.error().message;
  };
  CHECK(error("stored.npz", "layer/kernel") ==
        "there is no array \"layer/kernel\"; it has a, layer/kernel:0 or größe; did you mean "
        "\"layer/kernel:0\"?");
  CHECK(error("empty.npz", "a") == "there is no array \"a\"; it has none");
  CHECK(error("others.npz", "readme.txt") == "there is no array \"readme.txt\"; it has a");
}

TEST_CASE("a file that is missing or not an archive is refused", "[codecs][npz]") {
  const Folder folder;
  const auto missing = list_npz(folder / "none.npz");
  REQUIRE_FALSE(missing);
  CHECK(missing.error() ==
        Error{ErrorCode::Unreadable, "cannot be opened: No such file or directory", ENOENT});
  CHECK_FALSE(list_npz(folder.path()));
  CHECK(refusal(folder, {}) == Error{ErrorCode::NotAnImage, "the file is empty"});
  CHECK(refusal(folder, bytes_of("\x93NUMPY and more")) ==
        Error{ErrorCode::NotAnImage, "this is not a .npz file, which is a zip archive"});
  CHECK(refusal(folder, bytes_of("P")).code == ErrorCode::NotAnImage);
}

TEST_CASE("an archive that is cut anywhere is refused", "[codecs][npz]") {
  const Folder folder;
  for (const std::string name : {"zip64.npz", "pipe.npz", "compressed.npz"}) {
    const test::File file = load(golden(name));
    for (std::size_t n = 1; n < file.size(); ++n) {
      const Error error = refusal(folder, first_bytes(file, n));
      INFO(name << ", " << n << " of " << file.size() << ": " << error.message);
      REQUIRE(error.code != ErrorCode::Internal);
    }
    CHECK(
        refusal(folder, first_bytes(file, file.size() / 2)) ==
        Error{ErrorCode::Truncated, "truncated: the archive's directory, at its end, is missing"});
  }
}

TEST_CASE("the archives of these tests are good where they should be", "[codecs][npz]") {
  const Folder folder;
  folder.put("x.npz", archive_of({{}, {.name = "b/..c.npy", .data = "more"}}));
  CHECK(names_in(folder / "x.npz") == std::vector<std::string>{"a", "b/..c"});
  CHECK(member_of(folder / "x.npz", "a") == bytes_of("some bytes"));
  CHECK(member_of(folder / "x.npz", "b/..c") == bytes_of("more"));
}

TEST_CASE("a checksum that is wrong is found", "[codecs][npz]") {
  const Folder folder;
  const Error error = refusal(folder, archive_of({{.crc = 7}}));
  CHECK(error == Error{ErrorCode::Damaged, "damaged: the array \"a\": CRC error"});

  // Any bit of the data, of each way to store it.
  for (const std::string name : {"stored.npz", "compressed.npz"}) {
    const test::File file = load(golden(name));
    const std::size_t begin =
        find(file, "a.npy") + 5 + 20;  // after the name and the sizes of zip64
    for (std::size_t at = begin; at < begin + 100; ++at) {
      test::File changed(file);
      changed[at] ^= 0x10;
      INFO(name << " " << at);
      CHECK(refusal(folder, changed).code == ErrorCode::Damaged);
      CHECK(refusal(folder, changed, "größe").message == "taken");
    }
  }
}

TEST_CASE("two members of one name are refused, and names that lead out of the archive",
          "[codecs][npz]") {
  const Folder folder;
  const auto refused = [&](const std::string& name) {
    return refusal(folder, archive_of({{}, {.name = name}}));
  };
  CHECK(refused("a.npy") == Error{ErrorCode::Damaged, "damaged: two members have one name"});
  // The same letter in the two alphabets that archives have.
  CHECK(refusal(folder, archive_of({{.name = "\x82.npy"}, {.name = "é.npy", .flags = 0x800}})) ==
        Error{ErrorCode::Damaged, "damaged: two members have one name"});
  for (const std::string name :
       {"/a.npy", "../a.npy", "b/../../a.npy", "b/..", "..", "b\\..\\a.npy", "\\a.npy", "C:a.npy"})
    CHECK(refused(name) ==
          Error{ErrorCode::Damaged,
                "damaged: the member \"" + name + "\" has a name that points out of the archive"});
  // No control characters reach a terminal.
  CHECK(refusal(folder, archive_of({{.name = "\u009b31m/../a", .flags = 0x800}})).message ==
        "damaged: the member \"\\xc2\\x9b31m/../a\" has a name that points out of the archive");
}

TEST_CASE("members that are encrypted or compressed in another way are refused", "[codecs][npz]") {
  const Folder folder;
  CHECK(refusal(folder, archive_of({{.flags = 1}})) ==
        Error{ErrorCode::Unsupported,
              "the member \"a.npy\" is encrypted; save it without a password"});
  CHECK(refusal(folder, archive_of({{.method = 12}})) ==
        Error{ErrorCode::Unsupported,
              "the member \"a.npy\" is compressed by method 12; 0 (stored) and 8 (deflate) are "
              "read, which numpy.savez and savez_compressed write"});
}

TEST_CASE("sizes that lie are refused before memory is taken", "[codecs][npz]") {
  const Folder folder;
  CHECK(refusal(folder, archive_of({{.says = 4'000'000'000}})) ==
        Error{ErrorCode::Damaged,
              "damaged: the member \"a.npy\" cannot have 4000000000 bytes in 10 of the archive"});
  CHECK(refusal(folder, archive_of({{.method = 8, .says = 4'000'000'000}})).message ==
        "damaged: the member \"a.npy\" cannot have 4000000000 bytes in 10 of the archive");

  // Deflate's empty block of no more than a few bytes: "abc", stored.
  const std::string abc =
      "\1\3\0\xfc\xff"
      "abc"s;
  const std::uint32_t crc = crc32_of("abc");
  const auto deflated = [&](std::uint32_t says) {
    return archive_of({{.data = abc, .method = 8, .says = says, .crc = crc}});
  };
  CHECK(refusal(folder, deflated(3)).message == "taken");
  CHECK(refusal(folder, deflated(2)).code == ErrorCode::Damaged);
  CHECK(refusal(folder, deflated(8000)).code != ErrorCode::Internal);

  Buffer out;
  folder.put("x.npz", deflated(3));
  CHECK(read_npz(folder / "x.npz", "a", out, 3));
  const auto large = read_npz(folder / "x.npz", "a", out, 2);
  REQUIRE_FALSE(large);
  CHECK(large.error() == Error{ErrorCode::TooLarge, "the array \"a\" has 3 bytes; the limit is 2"});
}

TEST_CASE("changed bytes never crash npz or print anything", "[codecs][npz]") {
  const Folder folder;
  const Stderr said;
  for (const std::string name : {"others.npz", "pipe.npz", "zip64.npz", "compressed.npz"}) {
    const test::File file = load(golden(name));
    const auto check_any = [&](const test::File& changed) {
      put(folder, changed);
      const auto listing = list_npz(folder / "x.npz");
      if (!listing) {
        CHECK_FALSE(listing.error().message.empty());
        return;
      }
      for (const NpzMember& member : listing->arrays) {
        Buffer out;
        const auto done = read_npz(folder / "x.npz", member.name, out, 1 << 20);
        if (done) CHECK(out.size() == member.bytes);
      }
    };
    // Each byte of the directory and before the first member; random bytes elsewhere.
    for (std::size_t at = 0; at < file.size(); at += at < 60 || at + 300 > file.size() ? 1 : 50) {
      for (const unsigned with : {0x00U, 0x01U, 0x7FU, 0xFFU}) {
        test::File changed(file);
        changed[at] = static_cast<std::uint8_t>(with);
        check_any(changed);
      }
    }
    with_flips(file, 300, check_any);
  }
  CHECK(said.text().empty());
}
