// SPDX-License-Identifier: Apache-2.0
#include "random/seeds.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/formats.h"
#include "support/catch.h"
#include "support/golden.h"

using namespace deckle;

namespace {

constexpr std::array<std::string_view, 4> kFrom{"path", "index", "content", "fixed"};

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

SeedFrom seed_from(const std::string& name) {
  const auto* it = std::find(kFrom.begin(), kFrom.end(), name);
  REQUIRE(it != kFrom.end());
  return static_cast<SeedFrom>(it - kFrom.begin());
}

SeedPair seed_of(const Json& pair) {
  return {pair.at(0).get<std::int64_t>(), pair.at(1).get<std::int64_t>()};
}

ImageIdentity image_of(const Json& item) {
  ImageIdentity image;
  image.path = from_hex(item.value("path_hex", ""));
  image.index = item.value("index", std::int64_t{0});
  image.content = sha256(as_bytes(from_hex(item.value("content_hex", ""))));
  image.copy = item.at("copy").get<int>();
  return image;
}

}  // namespace

TEST_CASE("the seed derivation gives the pairs of seeds.json, which must never change") {
  const Json golden = test::golden_json("seeds.json");
  REQUIRE(golden["derivation"] == kSeedDerivation);
  REQUIRE(golden["cases"].size() == 120);
  std::set<std::string> kinds;
  for (const Json& item : golden["cases"]) {
    CAPTURE(item.dump());
    kinds.insert(item["seed_from"].get<std::string>());
    CHECK(derive_seed(seed_of(item["base"]), seed_from(item["seed_from"].get<std::string>()),
                      item["ordinal"].get<int>(), image_of(item)) == seed_of(item["seed"]));
  }
  CHECK(kinds.size() == 4);
}

TEST_CASE("a picture, its mask and its re-encoded copy have the same key") {
  CHECK(image_key("cats/a.jpg") == "cats/a");
  CHECK(image_key("cats/a.JPEG") == "cats/a");
  CHECK(image_key("cats/a.png") == "cats/a");
  CHECK(image_key("a.npy") == "a");
  CHECK(image_key("a.npz/x.npy") == "a.npz/x");
  CHECK(image_key("a.jpg.png") == "a.jpg");
  CHECK(image_key("a") == "a");
}

TEST_CASE("an extension that is not that of a picture stays in the key") {
  for (const std::string_view path :
       {"scan.0017", "a.1/b", "dir.png/b", ".jpg", "a/.png", "a.", "a.txt", "a.jpgx", ""}) {
    CAPTURE(path);
    CHECK(image_key(path) == path);
  }
}

TEST_CASE("every extension of a format that deckle reads is that of a picture") {
  CHECK(std::is_sorted(kPictureExtensions.begin(), kPictureExtensions.end()));
  for (const Codec& codec : codecs()) {
    for (const std::string_view extension : codec.extensions) {
      CAPTURE(extension);
      CHECK(std::find(kPictureExtensions.begin(), kPictureExtensions.end(), extension) !=
            kPictureExtensions.end());
    }
  }
}

TEST_CASE("an image's seed depends only on the part of its identity that seed_from names") {
  ImageIdentity image;
  image.path = "a/b.jpg";
  image.index = 3;
  image.content = sha256(as_bytes("abc"));
  ImageIdentity moved = image;
  moved.path = "c.jpg";
  ImageIdentity shifted = image;
  shifted.index = 4;
  ImageIdentity edited = image;
  edited.content = sha256(as_bytes("abd"));

  for (const SeedFrom from :
       {SeedFrom::Path, SeedFrom::Index, SeedFrom::Content, SeedFrom::Fixed}) {
    CAPTURE(static_cast<int>(from));
    const SeedPair seed = derive_seed({42, 0}, from, 0, image);
    CHECK((derive_seed({42, 0}, from, 0, moved) == seed) == (from != SeedFrom::Path));
    CHECK((derive_seed({42, 0}, from, 0, shifted) == seed) == (from != SeedFrom::Index));
    CHECK((derive_seed({42, 0}, from, 0, edited) == seed) == (from != SeedFrom::Content));
  }
}

TEST_CASE("no two of an image's layers and copies share a seed") {
  for (const SeedFrom from :
       {SeedFrom::Path, SeedFrom::Index, SeedFrom::Content, SeedFrom::Fixed}) {
    std::set<std::pair<std::int64_t, std::int64_t>> seeds;
    for (int ordinal = 0; ordinal < 4; ++ordinal) {
      for (int copy = 0; copy < 50; ++copy) {
        ImageIdentity image;
        image.path = "a.jpg";
        image.copy = copy;
        const SeedPair seed = derive_seed({42, 0}, from, ordinal, image);
        seeds.insert({seed.a, seed.b});
      }
    }
    CHECK(seeds.size() == 200);
  }
}

TEST_CASE("fixed gives the unchanged pair to the first layer and copy") {
  CHECK(derive_seed({5, -6}, SeedFrom::Fixed, 0, {}) == SeedPair{5, -6});
}
