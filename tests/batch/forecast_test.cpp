// SPDX-License-Identifier: Apache-2.0
#include "batch/forecast.h"

#include <string>

#include "batch/engine.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/runs.h"

using namespace deckle;

namespace {

constexpr const char* kCrop = R"({"seed": 1, "layers": [
    {"class_name": "Cropping2D", "config": {"cropping": 2}},
    {"class_name": "RandomCrop", "config": {"height": 16, "width": 16}}],
  "output": {"format": "png"}})";

const Remark* remark_on(const std::vector<Remark>& remarks, const std::string& name) {
  for (const Remark& remark : remarks) {
    if (remark.file.ends_with("/" + name)) return &remark;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a forecast groups the inputs by shape, most files first", "[batch][forecast]") {
  const test::Folder folder;
  folder.put("a.png", test::png(20, 36));
  folder.put("b.png", test::png(36, 36));
  folder.put("c.jpg", test::jpg(36, 36));
  folder.put("d.png", test::png(36, 36, 1));
  folder.put("notes.txt", "text");
  const InputList list = test::listed(folder.path());
  for (const int jobs : {1, 4}) {
    const Forecast plan = forecast(test::chain_of(kCrop), list, jobs);
    CHECK(plan.images == 4);
    CHECK(plan.not_images == 1);
    CHECK(plan.outputs == 4);
    CHECK(plan.failing.empty());
    CHECK(plan.bytes_raw == 16 * 16 * (3 + 3 + 3 + 1));
    CHECK(plan.bytes_about > 0);
    REQUIRE(plan.groups.size() == 3);
    const ShapeGroup& most = plan.groups[0];
    CHECK(most.input == Shape::image(36, 36, 3));
    CHECK(most.files == 2);
    CHECK(most.shapes == std::vector<Shape>{Shape::image(36, 36, 3), Shape::image(32, 32, 3),
                                            Shape::image(16, 16, 3)});
    CHECK(most.needed == Approx(256.0 / (36 * 36)));
    // Of two as frequent ones the smaller comes first.
    CHECK(plan.groups[1].input == Shape::image(20, 36, 3));
    CHECK(plan.groups[2].input == Shape::image(36, 36, 1));
  }
}

TEST_CASE("a forecast names what would fail, be resized or skipped", "[batch][forecast]") {
  const test::Folder folder;
  folder.put("good.png", test::png(20, 20));
  folder.put("small.png", test::png(10, 30));
  folder.put("tiny.png", test::png(3, 3));
  folder.put("empty.jpg", "");
  folder.put("animation.gif", "GIF89a...........................");
  const InputList list = test::listed(folder.path());
  Forecast plan = forecast(test::chain_of(kCrop), list, 2);
  CHECK(plan.images == 5);
  CHECK(plan.outputs == 2);
  CHECK(plan.failing.size() == 3);
  REQUIRE(remark_on(plan.failing, "tiny.png") != nullptr);
  CHECK(remark_on(plan.failing, "tiny.png")->text.starts_with("layer 0, Cropping2D"));
  REQUIRE(remark_on(plan.failing, "empty.jpg") != nullptr);
  CHECK(remark_on(plan.failing, "empty.jpg")->text == "the file is empty");
  REQUIRE(remark_on(plan.failing, "animation.gif") != nullptr);
  CHECK(remark_on(plan.failing, "animation.gif")->text == "GIF is not read");
  REQUIRE(plan.resized.size() == 1);
  CHECK(remark_on(plan.resized, "small.png") != nullptr);
  // A group that cannot pass has no shapes.
  for (const ShapeGroup& group : plan.groups)
    CHECK(group.shapes.empty() == (group.input == Shape::image(3, 3, 3)));

  plan = forecast(test::chain_of(R"({"seed": 1, "layers": [{"class_name": "RandomCrop",
      "height": 16, "width": 16, "if_smaller": "skip"}]})"),
                  list, 1);
  CHECK(plan.skipped.size() == 2);
  CHECK(plan.outputs == 1);
}

TEST_CASE("a forecast counts what a run then does", "[batch][forecast]") {
  const test::Folder folder;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "f" + std::to_string(i % 3) + "/" + std::to_string(i);
    folder.put("in/" + name + ".png", test::png(6 + i, 30 - i, 1 + i % 4));
  }
  folder.put("in/deep.png", test::png(30, 30, 3, DType::UInt16));
  folder.put("in/empty.png", "");
  folder.put("in/readme", "text");
  // Outputs of 256 bytes, and of 254, to which the copies' numbers come.
  folder.put("in/" + std::string(252, 'x') + ".p", test::png(30, 30));
  folder.put("in/" + std::string(250, 'y') + ".p", test::png(30, 30));
  const InputList list = test::listed(folder / "in");
  for (const char* format : {"png", "jpg", "same"}) {
    for (const int copies : {1, 3}) {
      Chain chain = test::chain_of(std::string(R"({"seed": 1, "copies": )") +
                                   std::to_string(copies) + R"(, "layers": [
        {"class_name": "RandomCrop", "height": 8, "width": 8, "if_smaller": "error"}],
        "output": {"format": ")" + format +
                                   R"("}})");
      const Forecast plan = forecast(chain, list, 2);
      const RunResult run =
          test::run_into(chain, list, folder / (std::string(format) + std::to_string(copies)), {});
      INFO(format << " " << copies);
      CHECK(run.finished);
      CHECK(plan.images == run.written + run.failed + run.skipped);
      CHECK(plan.not_images == run.not_images);
      CHECK(plan.failing.size() == run.failed);
      CHECK((remark_on(plan.failing, std::string(252, 'x') + ".p") != nullptr));
      CHECK((remark_on(plan.failing, std::string(250, 'y') + ".p") != nullptr) == (copies > 1));
      CHECK(plan.outputs == run.outputs);
      CHECK(run.failed > 0);
      CHECK(run.written > 0);
    }
  }
}

TEST_CASE("orientation decides the shape that a forecast shows", "[batch][forecast]") {
  const InputList list =
      test::listed(InputRequest{{test::samples_folder() + "/turned.jpg"}, {}, '\n', ""});
  Chain chain = test::chain_of(R"({"layers": [{"class_name": "Cropping2D", "cropping": 1}]})");
  const Shape upright = forecast(chain, list, 1).groups.front().input;
  chain.input.apply_orientation = false;
  const Shape stored = forecast(chain, list, 1).groups.front().input;
  CHECK(upright.rows() == stored.cols());
  CHECK(upright.cols() == stored.rows());
  CHECK(upright != stored);
}
