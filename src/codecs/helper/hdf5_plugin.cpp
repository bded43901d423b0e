// SPDX-License-Identifier: Apache-2.0
// hdf5_plugin: reads HDF5 files. It is the only source file of libdeckle_hdf5.so, and the only one
// that uses HDF5.
// Shapes  any number of axes; numbers of every type become float32, also bfloat16 of Keras 3
// Fails   Damaged with HDF5's innermost reason; Unsupported for parts that make HDF5 read other
//         files or run other code: links that are not hard links, external storage, virtual
//         datasets, filters that Keras does not use; no function throws
// Source  HDF5 1.10's reference manual; H5LTopen_file_image, for files in memory without a copy
#define H5_USE_110_API  // the callbacks of HDF5 1.10, whichever version is installed
#include "codecs/helper/hdf5_plugin.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codecs/helper/decoder_plugin.h"
#include "codecs/packed.h"

namespace {

using deckle::DecoderOutcome;
using deckle::Hdf5Entry;

// The attributes of Keras are names and the JSON of a model. Larger attributes are not read.
constexpr hsize_t kMostTextBytes = hsize_t{1} << 28U;

// Owns an identifier of HDF5.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): for HDF5's calls

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

herr_t take_reason(unsigned depth, const H5E_error2_t* error, void* text) {
  if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

// The innermost error on HDF5's stack.
std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "HDF5 gives no reason" : text;
}

struct Refusal {
  DecoderOutcome outcome = DecoderOutcome::Damaged;
  std::string why;
};

struct Visit {
  deckle::Packer found;
  std::size_t objects = 0;
  std::string path;
  std::optional<Refusal> refused;
};

// A refusal that names a path of the file and what is wrong with it.
Refusal refuse(const std::string& path, const std::string& what) {
  return {DecoderOutcome::Unsupported,
          "\"" + path + "\" is " + what + "; deckle reads only what the file itself contains"};
}

// Counts links, attributes and objects. False if there are too many.
bool count_one(Visit& visit) {
  if (++visit.objects <= deckle::kMostHdf5Objects) return true;
  visit.refused = {DecoderOutcome::Unsupported, "it contains more than " +
                                                    std::to_string(deckle::kMostHdf5Objects) +
                                                    " objects, more than any file of Keras"};
  return false;
}

// Reads the texts of an attribute. False if it contains something else.
bool read_texts(hid_t attribute, std::vector<std::string>& texts) {
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (type < 0 || space < 0 || count < 0) return false;
  if (count == 0) return true;  // NumPy stores an empty list of texts as an empty list of numbers
  if (H5Tget_class(type) != H5T_STRING) return false;
  const auto n = static_cast<std::size_t>(count);
  const std::size_t size = H5Tget_size(type);
  if (size == 0 || n > kMostTextBytes / size) return false;
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(n, nullptr);
    if (H5Aread(attribute, type, pointers.data()) < 0) return false;
    for (const char* pointer : pointers)
      texts.emplace_back(pointer == nullptr ? "" : pointer);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
    return true;
  }
  std::string all(n * size, '\0');
  if (H5Aread(attribute, type, all.data()) < 0) return false;
  for (std::size_t i = 0; i < n; ++i) {
    std::string text = all.substr(i * size, size);
    text.resize(text.find_last_not_of('\0') + 1);
    if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) text.resize(text.find_last_not_of(' ') + 1);
    texts.push_back(std::move(text));
  }
  return true;
}

herr_t visit_attribute(hid_t object, const char* name, const H5A_info_t* /*info*/, void* data) {
  auto& visit = *static_cast<Visit*>(data);
  try {
    if (!count_one(visit)) return -1;
    const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    std::vector<std::string> texts;
    if (attribute < 0 || !read_texts(attribute, texts)) {
      H5Eclear2(H5E_DEFAULT);  // not a wanted attribute, or it is missing then
      return 0;
    }
    visit.found.number(static_cast<std::uint64_t>(Hdf5Entry::Texts));
    visit.found.text(visit.path);
    visit.found.text(name);
    visit.found.number(texts.size());
    for (const std::string& text : texts)
      visit.found.text(text);
  } catch (const std::exception& e) {
    visit.refused = {DecoderOutcome::NoMemory, e.what()};
    return -1;
  }
  return 0;
}

// A refusal if a dataset stores its numbers outside of the file; else nothing.
std::optional<Refusal> kept_elsewhere(hid_t dataset, const std::string& path) {
  const Handle how(H5Dget_create_plist(dataset), H5Pclose);
  if (how < 0) return Refusal{DecoderOutcome::Damaged, reason()};
  if (H5Pget_external_count(how) > 0) {
    char name[256] = "";
    off_t offset = 0;
    hsize_t bytes = 0;
    H5Pget_external(how, 0, sizeof name - 1, name, &offset, &bytes);
    return refuse(path, "kept in another file (external storage: \"" + std::string(name) + "\")");
  }
  if (H5Pget_layout(how) == H5D_VIRTUAL)
    return refuse(path, "a virtual dataset, which is put together from other files");
  return std::nullopt;
}

herr_t visit_object(hid_t root, const char* name, const H5O_info_t* info, void* data) {
  auto& visit = *static_cast<Visit*>(data);
  try {
    if (!count_one(visit)) return -1;
    visit.path = std::string(name) == "." ? "" : name;
    const Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
    if (object < 0) return -1;
    if (info->type == H5O_TYPE_DATASET) {
      visit.refused = kept_elsewhere(object, visit.path);
      if (visit.refused) return -1;
      const Handle space(H5Dget_space(object), H5Sclose);
      const int rank = H5Sget_simple_extent_ndims(space);
      if (rank < 0) return -1;
      std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
      H5Sget_simple_extent_dims(space, extents.data(), nullptr);
      visit.found.number(static_cast<std::uint64_t>(Hdf5Entry::Dataset));
      visit.found.text(visit.path);
      visit.found.number(extents.size());
      for (const hsize_t extent : extents)
        visit.found.number(extent);
    }
    hsize_t at = 0;
    return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &at, visit_attribute, data);
  } catch (const std::exception& e) {
    visit.refused = {DecoderOutcome::NoMemory, e.what()};
    return -1;
  }
}

// Checks links before anything is opened: a link may point to another file.
herr_t visit_link(hid_t /*root*/, const char* name, const H5L_info_t* info, void* data) {
  auto& visit = *static_cast<Visit*>(data);
  try {
    if (!count_one(visit)) return -1;
    if (info->type == H5L_TYPE_HARD) return 0;
    visit.refused =
        refuse(name, info->type == H5L_TYPE_SOFT       ? "a soft link"
                     : info->type == H5L_TYPE_EXTERNAL ? "a link to another file"
                                                       : "a link of a user-defined kind");
  } catch (const std::exception& e) {
    visit.refused = {DecoderOutcome::NoMemory, e.what()};
  }
  return -1;
}

// What is wrong with the filters of a dataset. Only the filters that Keras writes are allowed.
// `deflated` becomes true if the data are compressed.
std::optional<Refusal> check_filters(hid_t how, bool& deflated) {
  const int count = H5Pget_nfilters(how);
  if (count < 0) return Refusal{DecoderOutcome::Damaged, reason()};
  std::vector<H5Z_filter_t> seen;
  for (int i = 0; i < count; ++i) {
    char name[64] = "";
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(how, static_cast<unsigned>(i), &flags, &values,
                                               nullptr, sizeof name, name, &config);
    constexpr std::array kKnown{H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32};
    if (std::find(kKnown.begin(), kKnown.end(), filter) == kKnown.end()) {
      return Refusal{DecoderOutcome::Unsupported,
                     "compressed by \"" +
                         (name[0] == '\0' ? std::to_string(filter) : std::string(name)) +
                         "\", which is not read; gzip, shuffle and fletcher32 are"};
    }
    if (std::find(seen.begin(), seen.end(), filter) != seen.end())
      return Refusal{DecoderOutcome::Damaged, "a filter is applied twice"};
    seen.push_back(filter);
    deflated = deflated || filter == H5Z_FILTER_DEFLATE;
  }
  return std::nullopt;
}

// Compares the shape with the stored data. HDF5 gives numbers that were never written as zeros,
// and 1.10 reads beyond data that are stored in the header.
std::optional<Refusal> check_bytes(hid_t dataset, bool deflated, std::uint64_t needed,
                                   std::uint64_t file_bytes) {
  const std::uint64_t stored = H5Dget_storage_size(dataset);
  if (stored > file_bytes) {
    return Refusal{DecoderOutcome::Damaged, "it says that it has " + std::to_string(stored) +
                                                " bytes, and the file has " +
                                                std::to_string(file_bytes)};
  }
  if (needed <= stored * (deflated ? deckle::kMostHdf5Inflation : 1)) return std::nullopt;
  return Refusal{DecoderOutcome::Damaged, "it has fewer bytes (" + std::to_string(stored) +
                                              ") than its shape says (" + std::to_string(needed) +
                                              ")"};
}

// Reads the numbers of a dataset. Returns what failed, or nothing.
std::optional<Refusal> read_numbers(hid_t file, const std::string& path,
                                    const DeckleDecoderJob& job) {
  const auto damaged = [](std::string why) {
    return Refusal{DecoderOutcome::Damaged, std::move(why)};
  };
  auto* const numbers = reinterpret_cast<float*>(job.room);
  const std::size_t count = job.room_bytes / sizeof(float);
  const Handle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (dataset < 0) return damaged(reason());
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const Handle how(H5Dget_create_plist(dataset), H5Pclose);
  if (space < 0 || type < 0 || how < 0) return damaged(reason());
  if (H5Sget_simple_extent_npoints(space) != static_cast<hssize_t>(count))
    return damaged("it has fewer numbers than its shape says");
  bool deflated = false;
  if (auto refused = check_filters(how, deflated)) return refused;
  const H5T_class_t kind = H5Tget_class(type);
  const bool halves = kind == H5T_OPAQUE && H5Tget_size(type) == sizeof(std::uint16_t);
  if (kind != H5T_FLOAT && kind != H5T_INTEGER && kind != H5T_ENUM && !halves)
    return damaged("it holds no numbers");
  const std::size_t size = H5Tget_size(type);
  if (size == 0 || size > 16) return damaged("its numbers have " + std::to_string(size) + " bytes");
  if (auto refused = check_bytes(dataset, deflated, std::uint64_t{count} * size, job.file_bytes))
    return refused;
  if (!halves) {
    const bool read =
        H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0;
    return read ? std::nullopt : std::optional(damaged(reason()));
  }
  std::vector<std::string> texts;
  if (H5Aexists(dataset, "dtype") > 0) {
    const Handle attribute(H5Aopen(dataset, "dtype", H5P_DEFAULT), H5Aclose);
    if (attribute < 0 || !read_texts(attribute, texts)) texts.clear();
  }
  if (texts != std::vector<std::string>{"bfloat16"}) return damaged("it holds no numbers");
  std::vector<std::uint16_t> values(count);
  if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    return damaged(reason());
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = std::bit_cast<float>(static_cast<std::uint32_t>(values[i]) << 16U);
  return std::nullopt;
}

// By default, HDF5 copies a file in memory. With these callbacks it uses the memory itself, and
// only reads it.
struct Image {
  void* bytes;
  std::size_t size;
};

void* image_malloc(std::size_t size, H5FD_file_image_op_t /*op*/, void* image) {
  const auto* const whole = static_cast<const Image*>(image);
  return size == whole->size ? whole->bytes : nullptr;
}
void* image_memcpy(void* to, const void* /*from*/, std::size_t /*size*/,
                   H5FD_file_image_op_t /*op*/, void* /*image*/) {
  return to;
}
void* image_realloc(void* /*from*/, std::size_t /*size*/, H5FD_file_image_op_t /*op*/,
                    void* /*image*/) {
  return nullptr;
}
herr_t image_free(void* /*bytes*/, H5FD_file_image_op_t /*op*/, void* /*image*/) {
  return 0;
}
void* same_image(void* image) {
  return image;
}
herr_t keep_image(void* /*image*/) {
  return 0;
}

// Opens the file. If this fails, the result is below 0 and `why` is the reason.
hid_t open_image(Image& image, std::string& why) {
  const Handle how(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5FD_file_image_callbacks_t callbacks{image_malloc, image_memcpy, image_realloc, image_free,
                                        same_image,   keep_image,   &image};
  hid_t file = -1;
  if (how >= 0 && H5Pset_fapl_core(how, std::size_t{1} << 16U, false) >= 0 &&
      H5Pset_file_image_callbacks(how, &callbacks) >= 0 &&
      H5Pset_file_image(how, image.bytes, image.size) >= 0)
    file = H5Fopen("memory", H5F_ACC_RDONLY, how);
  if (file < 0) why = reason();  // closing clears the reason
  return file;
}

std::optional<Refusal> list(hid_t file, Visit& visit) {
  if (H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, visit_link, &visit) >= 0 &&
      H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit_object, &visit, H5O_INFO_BASIC) >= 0)
    return std::nullopt;
  return visit.refused ? visit.refused : Refusal{DecoderOutcome::Damaged, reason()};
}

std::optional<Refusal> run(const DeckleDecoderJob& job) {
  static Image image{};
  static hid_t file = -1;
  if (file < 0) {
    image = {const_cast<std::uint8_t*>(job.file), job.file_bytes};
    std::string why;
    file = open_image(image, why);
    if (file < 0) return Refusal{DecoderOutcome::Damaged, why};
  }
  if (job.operation == deckle::kHdf5Read) {
    const std::string path(reinterpret_cast<const char*>(job.arguments), job.argument_bytes);
    return read_numbers(file, path, job);
  }
  Visit visit;
  if (auto refused = list(file, visit)) return refused;
  job.answer(job.self, visit.found.packed().data(), visit.found.packed().size());
  return std::nullopt;
}

}  // namespace

int deckle_decoder_interface() {
  return deckle::kDecoderInterface;
}

const char* deckle_decoder_version() {
  static const std::string kVersion = [] {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    H5get_libversion(&major, &minor, &release);
    return "HDF5 " + std::to_string(major) + "." + std::to_string(minor) + "." +
           std::to_string(release);
  }();
  return kVersion.c_str();
}

void deckle_decoder_prepare() {
  H5open();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);  // HDF5 would load other filters, which are code, from a folder
}

deckle::DecoderOutcome deckle_decoder_run(const DeckleDecoderJob* job) {
  try {
    const auto refused = run(*job);
    if (!refused) return DecoderOutcome::Done;
    job->answer(job->self, refused->why.data(), refused->why.size());
    return refused->outcome;
  } catch (const std::bad_alloc&) {
    return DecoderOutcome::NoMemory;
  } catch (const std::exception&) {
    return DecoderOutcome::Damaged;
  }
}
