// SPDX-License-Identifier: Apache-2.0
// hdf5_plugin: files of HDF5, read only. All of libdeckle_hdf5.so, and the only file that knows
// HDF5.
// Shapes  any number of axes; numbers of every type become float32, bfloat16 of Keras 3 too
// Fails   with HDF5's innermost reason, which it would print; no exception leaves this file
// Source  HDF5 1.10's reference manual
#define H5_USE_110_API  // callbacks as HDF5 1.10 has them, whichever version is installed
#include "codecs/hdf5_plugin.h"

#include <hdf5.h>

#include <bit>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

struct DeckleHdf5File {
  hid_t id;
};

namespace {

// Attributes are names and a model's JSON: what is larger is none of Keras'.
constexpr hsize_t kMostTextBytes = hsize_t{1} << 28U;

// An identifier of HDF5, and what gives it back.
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

// The innermost of the errors that HDF5 piled up.
std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "HDF5 gives no reason" : text;
}

void say(const DeckleHdf5Why* why, const std::string& text) {
  std::snprintf(why->text, why->bytes, "%s", text.c_str());
}

struct Visit {
  const DeckleHdf5Visitor* visitor;
  std::string path;
  std::string wrong;
};

// An attribute's texts. False where it holds something else that is not empty.
bool read_texts(hid_t attribute, std::vector<std::string>& texts) {
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (type < 0 || space < 0 || count < 0) return false;
  if (count == 0) return true;  // NumPy's empty lists are lists of numbers
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
    const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    std::vector<std::string> texts;
    if (attribute < 0 || !read_texts(attribute, texts)) {
      H5Eclear2(H5E_DEFAULT);  // not one that is looked for, or missing then
      return 0;
    }
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const std::string& text : texts)
      pointers.push_back(text.c_str());
    visit.visitor->texts(visit.visitor->self, visit.path.c_str(), name, pointers.data(),
                         pointers.size());
  } catch (const std::exception& e) {
    visit.wrong = e.what();
    return -1;
  }
  return 0;
}

herr_t visit_object(hid_t root, const char* name, const H5O_info_t* info, void* data) {
  auto& visit = *static_cast<Visit*>(data);
  try {
    visit.path = std::string(name) == "." ? "" : name;
    const Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
    if (object < 0) return -1;
    if (info->type == H5O_TYPE_DATASET) {
      const Handle space(H5Dget_space(object), H5Sclose);
      const int rank = H5Sget_simple_extent_ndims(space);
      if (rank < 0) return -1;
      std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
      H5Sget_simple_extent_dims(space, extents.data(), nullptr);
      const std::vector<std::uint64_t> lengths(extents.begin(), extents.end());
      visit.visitor->dataset(visit.visitor->self, visit.path.c_str(), lengths.data(),
                             lengths.size());
    }
    hsize_t at = 0;
    return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &at, visit_attribute, data);
  } catch (const std::exception& e) {
    visit.wrong = e.what();
    return -1;
  }
}

// The filter of a dataset that this HDF5 does not have; "" where it has all.
std::string missing_filter(hid_t dataset) {
  const Handle how(H5Dget_create_plist(dataset), H5Pclose);
  const int count = how < 0 ? 0 : H5Pget_nfilters(how);
  for (int i = 0; i < count; ++i) {
    char name[64] = "";
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(how, static_cast<unsigned>(i), &flags, &values,
                                               nullptr, sizeof name, name, &config);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0)
      return name[0] == '\0' ? std::to_string(filter) : std::string(name);
  }
  return "";
}

// What failed; "" where nothing did.
std::string read_numbers(hid_t file, const char* path, float* numbers, std::size_t count) {
  const Handle dataset(H5Dopen2(file, path, H5P_DEFAULT), H5Dclose);
  if (dataset < 0) return reason();
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (space < 0 || type < 0) return reason();
  if (H5Sget_simple_extent_npoints(space) != static_cast<hssize_t>(count))
    return "it does not hold as many numbers as its shape says";
  if (const std::string filter = missing_filter(dataset); !filter.empty())
    return "compressed by \"" + filter + "\", which this HDF5 cannot read; gzip it can";
  // Numbers that stand in the header itself: HDF5 1.10 believes the shape and reads behind them.
  const Handle how(H5Dget_create_plist(dataset), H5Pclose);
  if (how < 0) return reason();
  if (H5Pget_layout(how) == H5D_COMPACT && H5Dget_storage_size(dataset) < count * H5Tget_size(type))
    return "it holds fewer bytes than its shape says";
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_FLOAT || kind == H5T_INTEGER || kind == H5T_ENUM) {
    const bool read =
        H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0;
    return read ? "" : reason();
  }
  if (kind == H5T_OPAQUE && H5Tget_size(type) == 2 && H5Aexists(dataset, "dtype") > 0) {
    const Handle attribute(H5Aopen(dataset, "dtype", H5P_DEFAULT), H5Aclose);
    std::vector<std::string> texts;
    if (attribute >= 0 && read_texts(attribute, texts) && texts.size() == 1 &&
        texts[0] == "bfloat16") {
      std::vector<std::uint16_t> halves(count);
      if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, halves.data()) < 0) return reason();
      for (std::size_t i = 0; i < count; ++i)
        numbers[i] = std::bit_cast<float>(static_cast<std::uint32_t>(halves[i]) << 16U);
      return "";
    }
  }
  return "it holds no numbers";
}

}  // namespace

int deckle_hdf5_interface() {
  return deckle::kHdf5Interface;
}

DeckleHdf5File* deckle_hdf5_open(const char* path, const std::uint8_t* image, std::size_t bytes,
                                 const DeckleHdf5Why* why) {
  try {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const Handle how(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_file_locking(how, false, true);  // files of others, on shares without locks too
    if (path == nullptr) {
      H5Pset_fapl_core(how, std::size_t{1} << 16U, false);
      if (H5Pset_file_image(how, const_cast<std::uint8_t*>(image), bytes) < 0) {  // it is copied
        say(why, reason());
        return nullptr;
      }
    }
    const hid_t id = H5Fopen(path == nullptr ? "memory" : path, H5F_ACC_RDONLY, how);
    if (id < 0) {
      say(why, reason());
      return nullptr;
    }
    return new DeckleHdf5File{id};
  } catch (const std::exception& e) {
    say(why, e.what());
    return nullptr;
  }
}

int deckle_hdf5_visit(DeckleHdf5File* file, const DeckleHdf5Visitor* visitor,
                      const DeckleHdf5Why* why) {
  try {
    Visit visit{visitor, "", ""};
    if (H5Ovisit2(file->id, H5_INDEX_NAME, H5_ITER_INC, visit_object, &visit, H5O_INFO_BASIC) >= 0)
      return 1;
    say(why, visit.wrong.empty() ? reason() : visit.wrong);
  } catch (const std::exception& e) {
    say(why, e.what());
  }
  return 0;
}

int deckle_hdf5_read(DeckleHdf5File* file, const char* path, float* numbers, std::size_t count,
                     const DeckleHdf5Why* why) {
  try {
    const std::string wrong = read_numbers(file->id, path, numbers, count);
    if (wrong.empty()) return 1;
    say(why, wrong);
  } catch (const std::exception& e) {
    say(why, e.what());
  }
  return 0;
}

void deckle_hdf5_close(DeckleHdf5File* file) {
  H5Fclose(file->id);
  delete file;
}
