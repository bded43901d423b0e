// SPDX-License-Identifier: Apache-2.0
#include "codecs/hdf5.h"

#include <string>
#include <string_view>
#include <utility>

#include "support/catch.h"
#include "support/folders.h"
#include "support/paths.h"
#include "support/pictures.h"

using namespace deckle;

namespace {

const std::string kFolder = test::golden_folder() + "/keras_weights/";

std::string bytes_of(const std::string& name) {
  return test::text_of(kFolder + name);
}

// All contents of the file, or why it cannot be read.
Result<std::size_t> read_all_of(std::string_view file) {
  const auto opened = Hdf5File::open(as_bytes(file));
  if (!opened) return opened.error();
  std::size_t numbers = 0;
  for (const Hdf5Dataset& dataset : opened->datasets()) {
    const auto values = opened->read(dataset);
    if (!values) return values.error();
    numbers += values->size();
  }
  return numbers;
}

}  // namespace

TEST_CASE("a file of HDF5 is recognised by its first bytes", "[codecs][hdf5]") {
  CHECK(is_hdf5(as_bytes(bytes_of("keras2.h5"))));
  CHECK_FALSE(is_hdf5(as_bytes(bytes_of("keras3.keras"))));
  CHECK_FALSE(is_hdf5({}));
}

TEST_CASE("datasets, their numbers and attributes of texts are read", "[codecs][hdf5]") {
  const auto file = Hdf5File::open(kFolder + "keras2-weights.h5");
  REQUIRE(file);
  REQUIRE(file->datasets().size() == 7);
  CHECK(file->datasets().front().path == "first/first/bias:0");
  CHECK(file->datasets().front().shape == std::vector<std::int64_t>{4});
  const auto* names = file->texts("", "layer_names");
  REQUIRE(names != nullptr);
  CHECK(*names == std::vector<std::string>{"input_1", "first", "middle", "last"});
  CHECK(file->texts("input_1", "weight_names")->empty());
  CHECK(file->texts("", "gone") == nullptr);

  // The same from memory.
  const std::string bytes = bytes_of("keras2-weights.h5");
  const auto memory = Hdf5File::open(as_bytes(bytes));
  REQUIRE(memory);
  CHECK(memory->attributes().size() == file->attributes().size());
  CHECK(memory->read(memory->datasets().front()).value() ==
        file->read(file->datasets().front()).value());
}

TEST_CASE("a truncated HDF5 file is an error at every length, and nothing is printed",
          "[codecs][hdf5]") {
  const test::Stderr said;
  for (const std::string name : {"keras2-weights.h5", "parts-gzip-float64.h5"}) {
    const std::string whole = bytes_of(name);
    REQUIRE(read_all_of(whole));
    for (std::size_t n = 0; n < whole.size(); n += n < 600 ? 11 : 409) {
      INFO(name << " of " << n);
      const auto read = read_all_of(std::string_view(whole).substr(0, n));
      REQUIRE_FALSE(read);
      CHECK_FALSE(read.error().message.empty());
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("changed bytes in HDF5 give errors or other numbers, and nothing is printed",
          "[codecs][hdf5]") {
  const test::Stderr said;
  const std::string whole = bytes_of("parts-gzip-float64.h5");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 211) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    refused += read_all_of(damaged) ? 0 : 1;
  }
  CHECK(refused > 0);
  CHECK(said.text().empty());
}

TEST_CASE("a file of HDF5 that refers to others is refused with the object's name",
          "[codecs][hdf5]") {
  const std::string kernel = "\"conv2d/conv2d/kernel:0\" is ";
  const std::string only = "; deckle reads only what the file itself contains";
  const std::pair<const char*, std::string> kRefused[]{
      {"external-storage", "kept in another file (external storage: \"/etc/passwd\")"},
      {"external-link", "a link to another file"},
      {"soft-link", "a soft link"},
      {"user-link", "a link of a user-defined kind"},
      {"virtual", "a virtual dataset, which is put together from other files"},
  };
  for (const auto& [name, what] : kRefused) {
    INFO(name);
    const auto file = Hdf5File::open(kFolder + "hostile-" + name + ".h5");
    REQUIRE_FALSE(file);
    CHECK(file.error() == Error{ErrorCode::Unsupported, kernel + what + only});
  }
}

TEST_CASE("filters and sizes that no file of Keras' has are refused", "[codecs][hdf5]") {
  const auto refusal = [](const std::string& name) {
    const auto file = Hdf5File::open(kFolder + "hostile-" + name + ".h5");
    REQUIRE(file);
    REQUIRE(file->datasets().back().path == "conv2d/conv2d/kernel:0");
    const auto numbers = file->read(file->datasets().back());
    REQUIRE_FALSE(numbers);
    return numbers.error();
  };
  const std::string kernel = "\"conv2d/conv2d/kernel:0\": ";
  CHECK(refusal("filter") ==
        Error{ErrorCode::Unsupported,
              kernel + "compressed by \"foreign\", which is not read; gzip, shuffle and fletcher32 "
                       "are"});
  CHECK(refusal("nbit").message.starts_with(kernel + "compressed by \"nbit\""));
  CHECK(refusal("many") == Error{ErrorCode::Damaged,
                                 "damaged: " + kernel +
                                     "its shape, (1099511627776,), has more numbers than a file of "
                                     "6.0 kB can hold"});
  CHECK(refusal("unwritten").message ==
        "damaged: " + kernel + "it has fewer bytes (0) than its shape says (4194304)");
  CHECK(refusal("contiguous").message ==
        "damaged: " + kernel + "it has fewer bytes (0) than its shape says (64)");
}

TEST_CASE("a file on which HDF5 reads freed memory does not end deckle", "[codecs][hdf5]") {
  const test::Stderr said;
  const auto read =
      read_all_of(bytes_of("damaged.weights.h5"));  // some versions do not notice the damage
  if (!read) CHECK(read.error().code == ErrorCode::Damaged);
  CHECK(said.text().empty());
}
