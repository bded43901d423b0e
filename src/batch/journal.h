// SPDX-License-Identifier: Apache-2.0
// journal: what is finished while a run goes on: manifest lines in the order in which they came.
//
// In memory stands only where an input's lines are; the manifest is made by reading them in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dataset/files.h"

namespace deckle {

class Journal {
 public:
  /// A new journal for `inputs` inputs; an old one of that name is replaced. The first line is the
  /// manifest's header.
  static Result<Journal> create(const std::string& path, std::size_t inputs,
                                std::string_view header);

  /// Appends the lines (each with its newline) of one input; the last call for an input counts.
  /// Safe to call from several threads.
  Result<Done> append(std::size_t input, std::string_view lines);

  /// Writes the manifest, header first, then the inputs in their order, and makes it last; the
  /// journal is gone then. Inputs without lines are left out.
  Result<Done> finish(const std::string& manifest_path, std::string_view header);

 private:
  struct Lines {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };

  Journal(std::string path, File file, std::size_t inputs)
      : path_(std::move(path)), file_(std::move(file)), lines_(inputs) {}

  std::string path_;
  File file_;
  std::uint64_t size_ = 0;
  std::vector<Lines> lines_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

}  // namespace deckle
