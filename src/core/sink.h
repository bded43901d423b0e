// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <new>

#include "core/bytes.h"

namespace deckle {

/// What an encoder writes to: memory or a file. Does not throw, because libraries written in C call
/// it.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// Writes at byte `at`, which is not behind the present end. False if that fails.
  virtual bool write(std::uint64_t at, Bytes data) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// The bytes so far, if they are in memory.
  [[nodiscard]] virtual Buffer* memory() { return nullptr; }

  bool append(Bytes data) { return write(size(), data); }
};

/// A sink in memory, empty at first.
class BufferSink final : public Sink {
 public:
  explicit BufferSink(Buffer& out) : out_(out) { out_.clear(); }

  bool write(std::uint64_t at, Bytes data) override;
  [[nodiscard]] std::uint64_t size() const override { return out_.size(); }
  [[nodiscard]] Buffer* memory() override { return &out_; }
  /// Whether a write failed because there was no memory.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  Buffer& out_;
  bool failed_ = false;
};

}  // namespace deckle
