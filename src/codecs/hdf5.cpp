// SPDX-License-Identifier: Apache-2.0
// hdf5: files of HDF5, through the plug-in.
// Shapes  any
// Fails   Truncated, Damaged, TooLarge, Unsupported (the plug-in, filters)
// Source  the HDF5 file format specification, for the signature
#include "codecs/hdf5.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/text.h"

namespace deckle {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

struct Functions {
  decltype(&deckle_hdf5_open) open = nullptr;
  decltype(&deckle_hdf5_visit) visit = nullptr;
  decltype(&deckle_hdf5_read) read = nullptr;
  decltype(&deckle_hdf5_close) close = nullptr;
};

Result<Functions> load() {
  constexpr std::array kNames{"deckle_hdf5_open", "deckle_hdf5_visit", "deckle_hdf5_read",
                              "deckle_hdf5_close"};
  const auto library = open_plugin(kHdf5Plugin, plugin_folders(), kNames);
  if (!library) return Error{library.error().code, "HDF5 needs " + library.error().message};
  const auto symbol = [&](std::size_t i) { return dlsym(*library, kNames.at(i)); };
  return Functions{reinterpret_cast<decltype(Functions::open)>(symbol(0)),
                   reinterpret_cast<decltype(Functions::visit)>(symbol(1)),
                   reinterpret_cast<decltype(Functions::read)>(symbol(2)),
                   reinterpret_cast<decltype(Functions::close)>(symbol(3))};
}

const Result<Functions>& functions() {
  static const Result<Functions> kLoaded = load();
  return kLoaded;
}

struct Why {
  std::array<char, 1024> text{};
  DeckleHdf5Why out{text.data(), text.size()};

  [[nodiscard]] Error error(const std::string& before = "") const {
    const std::string said = printable(text.data());
    if (said.find("truncated") != std::string::npos)
      return {ErrorCode::Truncated, "truncated: " + before + said};
    return {ErrorCode::Damaged, "damaged: " + before + said};
  }
};

}  // namespace

bool is_hdf5(Bytes head) {
  return head.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), head.begin());
}

Result<Hdf5File> Hdf5File::open(const std::string& path) {
  return open_either(path.c_str(), {});
}

Result<Hdf5File> Hdf5File::open(Bytes file) {
  return open_either(nullptr, file);
}

Result<Hdf5File> Hdf5File::open_either(const char* path, Bytes file) {
  const Result<Functions>& hdf5 = functions();
  if (!hdf5) return hdf5.error();
  const Why why;
  Hdf5File opened;
  opened.file_.reset(hdf5->open(path, file.data(), file.size(), &why.out),
                     [close = hdf5->close](DeckleHdf5File* f) {
                       if (f != nullptr) close(f);
                     });
  if (!opened.file_) return why.error();
  const DeckleHdf5Visitor visitor{
      &opened,
      [](void* self, const char* at, const char* name, const char* const* texts, std::size_t n) {
        static_cast<Hdf5File*>(self)->attributes_.push_back({at, name, {texts, texts + n}});
      },
      [](void* self, const char* at, const std::uint64_t* extents, std::size_t rank) {
        Hdf5Dataset dataset{at, {}};
        constexpr auto kMost = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
        for (std::size_t i = 0; i < rank; ++i)
          dataset.shape.push_back(static_cast<std::int64_t>(std::min(extents[i], kMost)));
        static_cast<Hdf5File*>(self)->datasets_.push_back(std::move(dataset));
      }};
  if (hdf5->visit(opened.file_.get(), &visitor, &why.out) == 0) return why.error();
  return opened;
}

const std::vector<std::string>* Hdf5File::texts(std::string_view path,
                                                std::string_view name) const {
  for (const Hdf5Texts& attribute : attributes_) {
    if (attribute.path == path && attribute.name == name) return &attribute.texts;
  }
  return nullptr;
}

Result<std::vector<float>> Hdf5File::read(const Hdf5Dataset& dataset) const {
  std::size_t count = 1;
  for (const std::int64_t extent : dataset.shape) {
    const auto n = static_cast<std::size_t>(extent);
    if (n != 0 && count > std::numeric_limits<std::size_t>::max() / sizeof(float) / n)
      return Error{ErrorCode::TooLarge, "more numbers than memory has addresses"};
    count *= n;
  }
  std::vector<float> numbers(count);
  const Why why;
  if (functions()->read(file_.get(), dataset.path.c_str(), numbers.data(), count, &why.out) == 0)
    return why.error("\"" + printable(dataset.path) + "\": ");
  return numbers;
}

}  // namespace deckle
