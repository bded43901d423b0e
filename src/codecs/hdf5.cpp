// SPDX-License-Identifier: Apache-2.0
// hdf5: reads HDF5 files, by the plug-in.
// Shapes  any
// Fails   Truncated, Damaged, TooLarge, Unsupported (the plug-in, filters)
// Source  the HDF5 file format specification, for the signature
#include "codecs/hdf5.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "codecs/helper/hdf5_plugin.h"
#include "codecs/packed.h"
#include "core/text.h"

namespace deckle {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

Error refusal(const HelperAnswer& answer, const std::string& before = "") {
  const std::string said = before + printable(answer.text);
  if (answer.outcome == DecoderOutcome::Unsupported) return {ErrorCode::Unsupported, said};
  if (said.find("truncated") != std::string::npos)
    return {ErrorCode::Truncated, "truncated: " + said};
  return {ErrorCode::Damaged, "damaged: " + said};
}

}  // namespace

bool is_hdf5(Bytes head) {
  return head.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), head.begin());
}

Result<Hdf5File> Hdf5File::open(const std::string& path) {
  FileStamp stamp;
  auto file = open_to_read(path, &stamp);
  if (!file) return file.error();
  return open_in_helper(*std::move(file), std::nullopt, stamp.size);
}

Result<Hdf5File> Hdf5File::open(Bytes file) {
  return open_in_helper({}, file, file.size());
}

Result<Hdf5File> Hdf5File::open_in_helper(File file, std::optional<Bytes> memory,
                                          std::uint64_t file_bytes) {
  auto process = HelperProcess::start(kHdf5Plugin, plugin_folders(), std::move(file));
  if (!process) {
    const Error& error = process.error();
    if (error.code != ErrorCode::Unsupported) return error;
    return Error{error.code, "HDF5 needs " + error.message};
  }
  Hdf5File opened;
  opened.process_ = *std::move(process);
  opened.file_bytes_ = file_bytes;
  const auto answer = opened.process_->run({.operation = kHdf5List, .file = memory});
  if (!answer) return answer.error();
  if (answer->outcome != DecoderOutcome::Done) return refusal(*answer);
  Unpacker list(answer->text);
  while (!list.at_end()) {
    const auto entry = static_cast<Hdf5Entry>(list.number());
    std::string at(list.text());
    if (entry == Hdf5Entry::Dataset) {
      Hdf5Dataset dataset{std::move(at), {}};
      const std::uint64_t rank = list.number();
      constexpr auto kMost = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
      for (std::uint64_t i = 0; i < rank && !list.broken(); ++i)
        dataset.shape.push_back(static_cast<std::int64_t>(std::min(list.number(), kMost)));
      opened.datasets_.push_back(std::move(dataset));
    } else {
      Hdf5Texts attribute{std::move(at), std::string(list.text()), {}};
      const std::uint64_t count = list.number();
      for (std::uint64_t i = 0; i < count && !list.broken(); ++i)
        attribute.texts.emplace_back(list.text());
      opened.attributes_.push_back(std::move(attribute));
    }
  }
  if (list.broken()) return Error{ErrorCode::Damaged, "damaged: the decoder of HDF5 went wrong"};
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
  const std::string place = "\"" + printable(dataset.path) + "\": ";
  const std::uint64_t most = file_bytes_ * kMostHdf5Inflation;
  std::uint64_t count = 1;
  for (const std::int64_t extent : dataset.shape) {
    const auto n = static_cast<std::uint64_t>(extent);
    if (n != 0 && count > most / n) {
      return Error{ErrorCode::Damaged,
                   "damaged: " + place + "its shape, " + shape_text(dataset.shape) +
                       ", has more numbers than a file of " + byte_size(file_bytes_) + " can hold"};
    }
    count *= n;
  }
  std::vector<float> numbers(static_cast<std::size_t>(count));
  const auto answer = process_->run(
      {.operation = kHdf5Read,
       .arguments = as_bytes(dataset.path),
       .room = {reinterpret_cast<std::uint8_t*>(numbers.data()), numbers.size() * sizeof(float)}});
  if (!answer) return answer.error();
  if (answer->outcome != DecoderOutcome::Done) return refusal(*answer, place);
  return numbers;
}

}  // namespace deckle
