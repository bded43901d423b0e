// SPDX-License-Identifier: Apache-2.0
// npz: the members of a .npz, stored or deflated, zip64 or not.
// Fails   Unreadable, NotAnImage, Truncated, Damaged (wrong checksums, sizes or names),
//         Unsupported, TooLarge before memory is allocated
// Source  libzip's manual; PKWARE's APPNOTE for the largest ratio of deflate
#include "codecs/npz.h"

#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>

#include "codecs/ratios.h"
#include "core/text.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kExtension = ".npy";

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

std::string quoted(std::string_view name) {
  return "\"" + shortened(printable(name), 100) + "\"";
}

// Error codes that older versions of libzip lack.
constexpr int kDataLength = 33;    // ZIP_ER_DATA_LENGTH, since 1.10
constexpr int kTruncatedZip = 35;  // ZIP_ER_TRUNCATED_ZIP, since 1.11

// The Error for a failure of libzip, in our words: the words of libzip differ between versions.
Error error_of(zip_error_t* error, const std::string& where) {
  const int system = zip_error_system_type(error) == ZIP_ET_SYS ? zip_error_code_system(error) : 0;
  const auto with_system = [&](const char* text) {
    return where + text + (system == 0 ? "" : ": " + std::string(std::strerror(system)));
  };
  switch (zip_error_code_zip(error)) {
    case ZIP_ER_OPEN:
    case ZIP_ER_NOENT:
      return {ErrorCode::Unreadable, with_system("cannot be opened"), system};
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
    case ZIP_ER_TELL:
      return {ErrorCode::Unreadable, with_system("cannot be read"), system};
    case ZIP_ER_MEMORY:
      return {ErrorCode::TooLarge, where + "not enough memory"};
    case ZIP_ER_MULTIDISK:
      return {ErrorCode::Unsupported, where + "the archive is one part of several"};
    case ZIP_ER_COMPNOTSUPP:
      return {ErrorCode::Unsupported, where + "its compression is not supported"};
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD:
      return {ErrorCode::Unsupported, where + "it is encrypted; save it without a password"};
    case ZIP_ER_OPNOTSUPP:
      return {ErrorCode::Unsupported, where + "an archive has to be a file, not a stream"};
    case ZIP_ER_EOF:
      return {ErrorCode::Truncated, "truncated: " + where + "the data ends too early"};
    case ZIP_ER_CRC:
      return {ErrorCode::Damaged, "damaged: " + where + "CRC error"};
    case ZIP_ER_ZLIB:
    case ZIP_ER_COMPRESSED_DATA:
      return {ErrorCode::Damaged, "damaged: " + where + "the compressed data is not valid"};
    case ZIP_ER_INCONS:
    case ZIP_ER_NOZIP:
    case kDataLength:
      return {ErrorCode::Damaged,
              "damaged: " + where + "the archive's directory and its members disagree"};
    default:
      return {ErrorCode::Damaged,
              "damaged: " + where + "libzip's error " + std::to_string(zip_error_code_zip(error))};
  }
}

bool leads_out(std::string_view name) {
  if (name.starts_with('/') || name.starts_with('\\') || name.substr(1, 1) == ":") return true;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find_first_of("/\\"sv, at), name.size());
    if (name.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

struct Entry {
  std::string name;  // with .npy
  zip_uint64_t index = 0;
  std::uint64_t bytes = 0;
};

struct Archive {
  std::unique_ptr<zip_t, CloseArchive> zip;
  std::vector<Entry> entries;
  std::unordered_map<std::string_view, std::size_t> places;  // places of names in `entries`
};

// Reading would find impossible sizes too, but only after memory is allocated.
std::optional<Error> check_entry(const zip_stat_t& entry) {
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((entry.valid & kNeeded) != kNeeded)
    return Error{ErrorCode::Damaged, "damaged: the archive's directory is not whole"};
  const std::string name = quoted(entry.name);
  if (leads_out(entry.name)) {
    return Error{ErrorCode::Damaged,
                 "damaged: the member " + name + " has a name that points out of the archive"};
  }
  if (entry.encryption_method != ZIP_EM_NONE) {
    return Error{ErrorCode::Unsupported,
                 "the member " + name + " is encrypted; save it without a password"};
  }
  if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE) {
    return Error{ErrorCode::Unsupported,
                 "the member " + name + " is compressed by method " +
                     std::to_string(entry.comp_method) +
                     "; 0 (stored) and 8 (deflate) are read, which numpy.savez and "
                     "savez_compressed write"};
  }
  const bool stored = entry.comp_method == ZIP_CM_STORE;
  if (stored ? entry.size != entry.comp_size
             : most_unpacked(Coding::Deflate, entry.comp_size + 1) <= entry.size) {
    return Error{ErrorCode::Damaged, "damaged: the member " + name + " cannot have " +
                                         std::to_string(entry.size) + " bytes in " +
                                         std::to_string(entry.comp_size) + " of the archive"};
  }
  return std::nullopt;
}

// Reads the members of an open archive. Fails at the first impossible member.
std::optional<Error> take_entries(Archive& archive) {
  const zip_int64_t count = zip_get_num_entries(archive.zip.get(), 0);
  if (static_cast<std::uint64_t>(count) > kMostNpzMembers) {
    return Error{ErrorCode::TooLarge, "the archive has " +
                                          grouped(static_cast<std::uint64_t>(count)) +
                                          " members; at most " + grouped(kMostNpzMembers) +
                                          " are read, which is fixed: save it as several archives"};
  }
  archive.entries.reserve(static_cast<std::size_t>(count));
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t entry;
    const auto index = static_cast<zip_uint64_t>(i);
    if (zip_stat_index(archive.zip.get(), index, 0, &entry) != 0)
      return error_of(zip_get_error(archive.zip.get()), "");
    if (auto wrong = check_entry(entry)) return wrong;
    archive.entries.push_back({entry.name, index, entry.size});
    archive.places.emplace(archive.entries.back().name, archive.entries.size() - 1);
  }
  return std::nullopt;
}

// Why an archive that libzip calls inconsistent cannot be read. Versions of libzip call different
// archives inconsistent. The mistakes that are found here get the same message with all versions.
Error inconsistent(const std::string& file, const Error& otherwise) {
  Archive archive;
  archive.zip.reset(zip_open(file.c_str(), ZIP_RDONLY, nullptr));
  if (!archive.zip) return otherwise;
  return take_entries(archive).value_or(otherwise);
}

Result<Archive> open_archive(const std::string& file) {
  std::array<char, 4> head{};
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int error = errno;
    return Error{ErrorCode::Unreadable, "cannot be opened: " + std::string(std::strerror(error)),
                 error};
  }
  stream.read(head.data(), head.size());
  const std::string_view begins(head.data(), static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) return Error{ErrorCode::Unreadable, "cannot be read", errno};
  if (begins.empty()) return Error{ErrorCode::NotAnImage, "the file is empty"};

  int code = 0;
  Archive archive;
  archive.zip.reset(zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive.zip) {
    if (code == ZIP_ER_NOZIP || code == kTruncatedZip) {
      if (begins == "PK\3\4"sv) {
        return Error{ErrorCode::Truncated,
                     "truncated: the archive's directory, at its end, is missing"};
      }
      return Error{ErrorCode::NotAnImage, "this is not a .npz file, which is a zip archive"};
    }
    if (code == ZIP_ER_EXISTS)
      return Error{ErrorCode::Damaged, "damaged: two members have one name"};
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const Error ours = error_of(&error, "");
    zip_error_fini(&error);
    return code == ZIP_ER_INCONS ? inconsistent(file, ours) : ours;
  }
  if (auto wrong = take_entries(archive)) return *std::move(wrong);
  return archive;
}

// Identifies an unchanged file.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

constexpr std::int64_t kSecond = 1000000000;

std::optional<FileIdentity> identity_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  const auto ns = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * kSecond + std::int64_t{time.tv_nsec};
  };
  return FileIdentity{status.st_dev, status.st_ino, status.st_size, ns(status.st_mtim),
                      ns(status.st_ctim)};
}

// Whether the file is old enough: a later change will give it another time stamp. Time stamps of
// files may be coarse.
bool is_old(const FileIdentity& identity) {
  constexpr std::int64_t kCoarse = 2 * kSecond;
  const std::int64_t now = std::int64_t{std::time(nullptr)} * kSecond;
  return std::max(identity.modified_ns, identity.changed_ns) < now - kCoarse;
}

// The archive that this thread read last. libzip's archives are for one thread.
struct LastArchive {
  std::string file;
  std::optional<FileIdentity> identity;  // nothing: the archive must not be used again
  Archive archive;
};

LastArchive& last_archive() {
  thread_local LastArchive last;
  return last;
}

// The open archive, valid until this thread opens another one. Opening takes time in proportion to
// the number of members.
Result<const Archive*> archive_of(const std::string& file) {
  LastArchive& last = last_archive();
  const auto identity = identity_of(file);
  if (identity && last.identity == identity && last.file == file) return &last.archive;
  last = {};
  Result<Archive> opened = open_archive(file);
  if (!opened) return opened.error();
  last.archive = *std::move(opened);
  last.file = file;
  if (identity && is_old(*identity) && identity_of(file) == identity) last.identity = identity;
  return &last.archive;
}

const Entry* find_entry(const Archive& archive, std::string_view name) {
  const auto found = archive.places.find(name);
  return found == archive.places.end() ? nullptr : &archive.entries[found->second];
}

NpzListing listing_of(const Archive& archive) {
  NpzListing listing;
  for (const Entry& entry : archive.entries) {
    if (entry.name.ends_with(kExtension)) {
      listing.arrays.push_back(
          {entry.name.substr(0, entry.name.size() - kExtension.size()), entry.bytes});
    } else {
      listing.others.push_back(entry.name);
    }
  }
  return listing;
}

Error no_such_array(const Archive& archive, std::string_view name) {
  const NpzListing listing = listing_of(archive);
  std::vector<std::string_view> names;
  for (const NpzMember& array : listing.arrays)
    names.push_back(array.name);
  const std::string has = names.empty() ? "it has none" : "it has " + shortened(one_of(names), 200);
  return {ErrorCode::Unreadable,
          "there is no array " + quoted(name) + "; " + printable(has) + did_you_mean(name, names)};
}

// `what` begins messages: "the array "x"".
Result<Done> read_entry(zip_t* zip, const Entry& entry, const std::string& what, Buffer& out,
                        std::uint64_t max_bytes, const CheckHead& check) {
  constexpr std::uint64_t kLittle = std::uint64_t{1} << 20U;
  if (entry.bytes > max_bytes) {
    return Error{ErrorCode::TooLarge, what + " has " + std::to_string(entry.bytes) +
                                          " bytes; the limit is " + std::to_string(max_bytes)};
  }
  const std::string where = what + ": ";
  const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(zip, entry.index, 0));
  if (!member) return error_of(zip_get_error(zip), where);

  std::size_t have = 0;
  const auto read_up_to = [&](std::uint8_t* to, std::size_t end) -> Result<Done> {
    while (have < end) {
      const zip_int64_t got = zip_fread(member.get(), to + have, end - have);
      if (got < 0) return error_of(zip_file_get_error(member.get()), where);
      if (got == 0) {
        return Error{ErrorCode::Truncated, "truncated: " + where + "has " + std::to_string(have) +
                                               " of " + std::to_string(entry.bytes) + " bytes"};
      }
      have += static_cast<std::size_t>(got);
    }
    return Done{};
  };
  std::array<std::uint8_t, 4096> head;
  if (check && entry.bytes > kLittle) {
    if (auto read = read_up_to(head.data(), head.size()); !read) return read;
    if (auto right = check(head); !right) return right;
  }
  try {
    out.resize(entry.bytes);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::TooLarge,
                 where + "not enough memory for its " + std::to_string(entry.bytes) + " bytes"};
  }
  std::copy_n(head.begin(), have, out.data());
  if (auto read = read_up_to(out.data(), out.size()); !read) return read;
  // libzip compares the checksum only at the end of the data: one more byte must be read.
  char more = 0;
  const zip_int64_t got = zip_fread(member.get(), &more, 1);
  if (got < 0) return error_of(zip_file_get_error(member.get()), where);
  if (got > 0) {
    return Error{ErrorCode::Damaged, "damaged: " + where + "has more than the " +
                                         std::to_string(out.size()) +
                                         " bytes that the archive's directory names"};
  }
  return Done{};
}

}  // namespace

Result<NpzListing> list_npz(const std::string& file) {
  const Result<const Archive*> archive = archive_of(file);
  if (!archive) return archive.error();
  return listing_of(**archive);
}

Result<Done> read_npz(const std::string& file, std::string_view name, Buffer& out,
                      std::uint64_t max_bytes, const CheckHead& check) {
  const Result<const Archive*> archive = archive_of(file);
  if (!archive) return archive.error();
  const Entry* entry = find_entry(**archive, std::string(name) + std::string(kExtension));
  if (entry == nullptr) return no_such_array(**archive, name);
  return read_entry((*archive)->zip.get(), *entry, "the array " + quoted(name), out, max_bytes,
                    check);
}

Result<Done> read_zip_member(const std::string& file, std::string_view name, Buffer& out,
                             std::uint64_t max_bytes) {
  const Result<const Archive*> archive = archive_of(file);
  if (!archive) return archive.error();
  const Entry* entry = find_entry(**archive, name);
  if (entry == nullptr)
    return Error{ErrorCode::Unreadable, "there is no " + quoted(name) + " in the archive"};
  return read_entry((*archive)->zip.get(), *entry, quoted(name), out, max_bytes, {});
}

}  // namespace deckle
