// SPDX-License-Identifier: Apache-2.0
#include "batch/engine.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <numeric>
#include <random>
#include <string>

#include "batch/manifest.h"
#include "batch/verify.h"
#include "chain/output_names.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using Strings = std::vector<std::string>;

namespace {

// Files of every kind, some of them bad; the same ones each time.
void put_many(const test::Folder& folder, const std::string& name, int count) {
  std::mt19937 random(7);  // NOLINT: the same in every run
  const auto up_to = [&](unsigned n) { return static_cast<int>(random() % n); };
  for (int i = 0; i < count; ++i) {
    const std::string path = name + "/f" + std::to_string(i % 7) + "/" + std::to_string(i);
    const int rows = 1 + up_to(60);
    const int cols = 1 + up_to(60);
    switch (i % 10) {
      case 0:
        folder.put(path + ".jpg", test::jpg(rows, cols));
        break;
      case 1:
        folder.put(path + ".jpg", test::jpg(rows, cols, 1));
        break;
      case 2:
        folder.put(path + ".png", test::png(rows, cols));
        break;
      case 3:
        folder.put(path + ".png", test::png(rows, cols, 1 + up_to(4)));
        break;
      case 4:
        folder.put(path + ".png", test::png(rows, cols, 1 + 2 * up_to(2), DType::UInt16));
        break;
      case 5:
        folder.put(path + ".png", test::png(rows, cols, 4));
        break;
      case 6:
        folder.put(path + ".png", test::png(1 + up_to(2), 1 + up_to(2), 1));
        break;
      case 7: {
        const test::File whole = i % 20 == 7 ? test::jpg(60, 60) : test::png(60, 60);
        folder.put(path + (i % 20 == 7 ? ".jpg" : ".png"),
                   test::first_bytes(whole, whole.size() / 2));
        break;
      }
      case 8:
        folder.put(path + ".txt", "no image");
        break;
      default:
        folder.put(path + ".jpeg", test::jpg(40, 40));
    }
  }
}

std::string crop_chain(const std::string& seed_from, int copies, const std::string& more = "") {
  return R"({"seed": [42, 1], "seed_from": ")" + seed_from + R"(", "copies": )" +
         std::to_string(copies) + R"(, "layers": [
    {"class_name": "ZeroPadding2D", "padding": [1, 2]},
    {"class_name": "RandomCrop", "height": 16, "width": 12},
    {"class_name": "UpSampling2D", "size": 2},
    {"class_name": "RandomCrop", "height": 9, "width": 11}], "output": {"format": "png"})" +
         more + "}";
}

// The lines of a manifest, by input; the header is left out.
std::map<std::string, std::vector<Json>> records_of(const std::string& out) {
  std::map<std::string, std::vector<Json>> records;
  const Strings lines = test::lines_of(test::text_of(join_path(out, kManifestName)));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    Json json = Json::parse(lines[i]);
    records[json["input"].get<std::string>()].push_back(json);
  }
  return records;
}

Json draws_of(const std::string& out, const std::string& input) {
  const auto records = records_of(out);
  Json draws = Json::array();
  for (const Json& record : records.at(input))
    draws.push_back(record.at("draws"));
  return draws;
}

RunResult run(const std::string& chain, const std::string& in, const std::string& out,
              RunOptions options = {}) {
  return test::run_into(test::chain_of(chain), test::listed(InputRequest{{in}, {}, '\n', out}), out,
                        options);
}

// Every file with a final name: it must be whole.
void check_whole(const std::string& out) {
  for (const auto& [name, content] : test::tree(out)) {
    if (!name.ends_with(".png")) continue;
    Tensor pixels;
    INFO(name);
    const auto damage = test::read(test::bytes_of(content), pixels);
    REQUIRE(damage);
    CHECK(damage->empty());
  }
}

bool has_temporaries(const std::string& out) {
  const Strings all = test::names(out);
  return std::any_of(all.begin(), all.end(), [](const std::string& name) {
    return name.find(kTemporaryPrefix) != std::string::npos;
  });
}

Strings visible_names(const std::string& out) {
  Strings names;
  for (const auto& [name, content] : test::visible(out))
    names.push_back(name);
  return names;
}

bool exists(const std::string& path) {
  return std::filesystem::exists(path);
}

}  // namespace

TEST_CASE("the same bytes come out for any number of threads and any order of work",
          "[batch][engine][determinism]") {
  const test::Folder folder;
  put_many(folder, "in", 300);
  struct Case {
    const char* seed_from;
    int copies;
  };
  for (const auto& [seed_from, copies] :
       {Case{"path", 1}, {"path", 3}, {"index", 2}, {"content", 2}, {"fixed", 2}}) {
    INFO(seed_from << ", " << copies << " copies");
    const std::string chain = crop_chain(seed_from, copies);
    const InputList list = test::listed(folder / "in");
    std::map<std::string, std::string> first;
    RunResult counts;
    int number = 0;
    for (const int jobs : {1, 2, 16}) {
      for (const bool shuffled : {false, true}) {
        RunOptions options;
        options.jobs = jobs;
        if (shuffled) {
          options.order.resize(list.files.size());
          std::iota(options.order.begin(), options.order.end(), std::size_t{0});
          std::mt19937 random(static_cast<unsigned>(jobs));  // NOLINT
          std::shuffle(options.order.begin(), options.order.end(), random);
        }
        const std::string out =
            folder / (std::string(seed_from) + std::to_string(copies) + std::to_string(number++));
        const RunResult result = test::run_into(test::chain_of(chain), list, out, options);
        REQUIRE(result.finished);
        CHECK_FALSE(result.fatal);
        if (first.empty()) {
          first = test::visible(out);
          counts = result;
          CHECK(result.written == 240);
          CHECK(result.failed == 30);
          CHECK(result.not_images == 30);
          CHECK(result.outputs == result.written * static_cast<std::size_t>(copies));
          CHECK(first.size() == result.outputs + 1);  // and the manifest
          check_whole(out);
        } else {
          const bool same = test::visible(out) == first;
          INFO(jobs << " jobs, shuffled: " << shuffled);
          CHECK(same);
          CHECK(result.written == counts.written);
          CHECK(result.bytes == counts.bytes);
        }
      }
    }
  }
}

TEST_CASE("the manifest is sorted by path, and says of every output what it is",
          "[batch][engine]") {
  const test::Folder folder;
  put_many(folder, "in", 60);
  folder.put("in/a\n\xff.jpg", test::jpg(30, 30));
  const std::string out = folder / "out";
  const RunResult result = run(crop_chain("path", 2), folder / "in", out);
  REQUIRE(result.finished);
  const Strings lines = test::lines_of(test::text_of(out + "/manifest.jsonl"));
  CHECK(lines.front() ==
        with_records(line_text(manifest_header(test::chain_of(crop_chain("path", 2)))),
                     lines.size() - 1));
  Strings inputs;
  std::size_t outputs = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Json json = Json::parse(lines[i]);
    inputs.push_back(*get_path(json, "input"));
    CHECK(json["input_sha256"] ==
          deckle::hex(sha256(as_bytes(test::text_of(folder / "in/" + inputs.back())))));
    if (!json.contains("output")) {
      CHECK(json["error"]["code"] == "truncated");
      continue;
    }
    ++outputs;
    const std::string file = test::text_of(join_path(out, *get_path(json, "output")));
    CHECK(json["output_sha256"] == deckle::hex(sha256(as_bytes(file))));
    CHECK(json["bytes"] == file.size());
    bytes += file.size();
    Tensor pixels;
    REQUIRE(test::read(test::bytes_of(file), pixels));
    CHECK(json["output_shape"] == Json::array({9, 11, pixels.shape.channels}));
    CHECK(json["output_dtype"] == name_of(pixels.dtype));
    CHECK(json["pixels"] == pixel_digest({pixels.data.data(), pixels.byte_count()}));
    CHECK(json["draws"].size() == 2);
    CHECK(json["draws"][0]["layer"] == 1);
    CHECK(json["draws"][1]["layer"] == 3);
  }
  CHECK(std::is_sorted(inputs.begin(), inputs.end()));
  CHECK(outputs == result.outputs);
  CHECK(bytes == result.bytes);
  const auto verified = verify_manifest(out + "/manifest.jsonl", 2);
  REQUIRE(verified);
  CHECK(verified->outputs == outputs);
  CHECK(verified->differences.empty());
  CHECK(exists(out + "/a\n\xff_001.png"));
}

TEST_CASE("a streamed picture is written and recorded like any other", "[batch][engine]") {
  const test::Folder folder;
  folder.put("in/a.jpg", test::jpg(250, 300));
  folder.put("in/b.png", test::png(201, 310, 4, DType::UInt16));
  const std::string chain = R"({"layers": [
    {"class_name": "ZeroPadding2D", "padding": [[5, 0], [0, 7]]},
    {"class_name": "UpSampling2D", "size": [2, 2]},
    {"class_name": "Cropping2D", "cropping": [[1, 2], [3, 4]]}], "output": {"format": "FORMAT"}})";
  for (const std::string format : {"png", "jpg"}) {
    std::string text = chain;
    text.replace(text.find("FORMAT"), 6, format);
    const std::string out = folder / ("out-" + format);
    const RunResult result = run(text, folder / "in", out);
    REQUIRE(result.finished);
    for (const auto& [input, records] : records_of(out)) {
      if (records.front().contains("error")) {  // 16 bits do not go into a JPEG
        CHECK((format == "jpg" && input == "b.png"));
        continue;
      }
      const test::File file = test::load(folder / ("in/" + input));
      Tensor source;
      REQUIRE(test::read(file, source));
      const auto plan =
          make_plan(test::chain_of(text), source.shape, source.dtype, {input, 0, {}, 0});
      REQUIRE(plan);
      REQUIRE(plan->output.pixels() > 1 << 17);  // else it is made whole
      OpScratch scratch;
      const Window whole{2, {Interval{0, source.shape.rows()}, Interval{0, source.shape.cols()}}};
      const Tensor& expected = **run_plan(*plan, source, whole, scratch);
      INFO(input << " to " << format);
      CHECK(records.front()["pixels"] ==
            pixel_digest({expected.data.data(), expected.byte_count()}));
      const EncodeOptions options{codec_by_name(format)->format};
      CHECK(records.front()["output_sha256"] ==
            deckle::hex(sha256(test::encoded(expected, options))));
    }
  }
}

TEST_CASE("seeds from the path: a new file moves nobody's crop, a new name does",
          "[batch][engine][seeds]") {
  const test::Folder folder;
  for (const char* name : {"in/b.png", "in/d.png"})
    folder.put(name, test::png(50, 50));
  const std::string chain = crop_chain("path", 2);
  REQUIRE(run(chain, folder / "in", folder / "1").finished);
  folder.put("in/a.png", test::png(40, 41));
  folder.put("in/c.png", test::png(40, 41));
  REQUIRE(run(chain, folder / "in", folder / "2").finished);
  for (const char* name : {"b.png", "d.png"})
    CHECK(draws_of(folder / "1", name) == draws_of(folder / "2", name));

  std::filesystem::rename(folder / "in/b.png", folder / "in/z.png");
  REQUIRE(run(chain, folder / "in", folder / "3").finished);
  CHECK(draws_of(folder / "3", "z.png") != draws_of(folder / "1", "b.png"));
  CHECK(draws_of(folder / "3", "d.png") == draws_of(folder / "1", "d.png"));

  // Only the path below the folder counts, not where the folder lies.
  std::filesystem::rename(folder / "in", folder / "elsewhere");
  REQUIRE(run(chain, folder / "elsewhere", folder / "4").finished);
  CHECK(test::visible(folder / "4") == test::visible(folder / "3"));
}

TEST_CASE("seeds from the content: a new name moves nobody's crop", "[batch][engine][seeds]") {
  const test::Folder folder;
  folder.put("in/b.png", test::png(50, 50));
  folder.put("in/d.png", test::png(50, 51));
  const std::string chain = crop_chain("content", 2);
  REQUIRE(run(chain, folder / "in", folder / "1").finished);
  std::filesystem::rename(folder / "in/b.png", folder / "in/z.png");
  folder.put("in/same.png", test::png(50, 51));
  REQUIRE(run(chain, folder / "in", folder / "2").finished);
  CHECK(draws_of(folder / "2", "z.png") == draws_of(folder / "1", "b.png"));
  CHECK(draws_of(folder / "2", "d.png") == draws_of(folder / "1", "d.png"));
  CHECK(draws_of(folder / "2", "same.png") == draws_of(folder / "1", "d.png"));
  CHECK(draws_of(folder / "1", "b.png") != draws_of(folder / "1", "d.png"));
}

TEST_CASE("seeds from the index and fixed seeds are those of the chain", "[batch][engine][seeds]") {
  const test::Folder folder;
  for (const char* name : {"in/a.png", "in/b.png", "in/c.png"})
    folder.put(name, test::png(50, 50));
  REQUIRE(run(crop_chain("index", 1), folder / "in", folder / "index").finished);
  REQUIRE(run(crop_chain("fixed", 1), folder / "in", folder / "fixed").finished);
  const Strings inputs{"a.png", "b.png", "c.png"};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    CHECK(draws_of(folder / "index", inputs[i])[0][0]["seed"] == Json::array({42 + n, 1 + n}));
    CHECK(draws_of(folder / "fixed", inputs[i])[0][0]["seed"] == Json::array({42, 1}));
    CHECK(draws_of(folder / "fixed", inputs[i]) == draws_of(folder / "fixed", "a.png"));
  }
  CHECK(draws_of(folder / "index", "a.png")[0][0] == draws_of(folder / "fixed", "a.png")[0][0]);
}

TEST_CASE("the first of several copies is the one that a run without copies makes",
          "[batch][engine][seeds]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(50, 50));
  for (const char* from : {"path", "content", "index", "fixed"}) {
    const std::string one = folder / (std::string(from) + "1");
    const std::string many = folder / (std::string(from) + "4");
    REQUIRE(run(crop_chain(from, 1), folder / "in", one).finished);
    REQUIRE(run(crop_chain(from, 4), folder / "in", many).finished);
    INFO(from);
    CHECK(test::text_of(one + "/a.png") == test::text_of(many + "/a_000.png"));
    const Json draws = draws_of(many, "a.png");
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t k = 0; k < i; ++k)
        CHECK(draws[i] != draws[k]);
    }
  }
}

TEST_CASE("every input is reported once, with its result", "[batch][engine]") {
  const test::Folder folder;
  put_many(folder, "in", 100);
  const test::File half = test::first_bytes(test::jpg(200, 200), 6000);
  folder.put("in/half.jpg", half);
  std::map<std::string, Outcome> outcomes;
  std::size_t notes = 0;
  std::atomic<int> inside = 0;
  RunOptions options;
  options.jobs = 8;
  options.report = [&](const ImageReport& image) {
    CHECK(inside++ == 0);
    CHECK(outcomes.emplace(image.file, image.outcome).second);
    CHECK((image.error != nullptr) == (image.outcome == Outcome::Failed));
    if (!image.note.empty()) ++notes;
    --inside;
  };
  const RunResult result = run(crop_chain("path", 1, R"(, "input": {"truncated": "accept"})"),
                               folder / "in", folder / "out", options);
  REQUIRE(result.finished);
  CHECK(outcomes.size() == 101);
  for (const auto& [file, outcome] : outcomes) {
    CHECK(exists(file));
    CHECK((outcome == Outcome::NotAnImage) == file.ends_with(".txt"));
  }
  CHECK(outcomes.at(folder / "in/half.jpg") == Outcome::Written);
  CHECK(notes > 0);
  CHECK(records_of(folder / "out").at("half.jpg")[0].contains("truncated"));
}

TEST_CASE("skipped images are not failures", "[batch][engine]") {
  const test::Folder folder;
  folder.put("in/large.png", test::png(30, 30));
  folder.put("in/small.png", test::png(3, 3));
  const RunResult result = run(R"({"seed": 1, "layers": [{"class_name": "RandomCrop", "height": 9,
      "width": 9, "if_smaller": "skip"}]})",
                               folder / "in", folder / "out");
  CHECK(result.finished);
  CHECK(result.written == 1);
  CHECK(result.skipped == 1);
  CHECK(result.failed == 0);
  CHECK(records_of(folder / "out").at("small.png")[0].contains("skipped"));
  CHECK(visible_names(folder / "out") == Strings{"large.png", "manifest.jsonl"});
}

TEST_CASE("a run that is asked to stop keeps finished outputs", "[batch][engine][stop]") {
  const test::Folder folder;
  put_many(folder, "in", 200);
  REQUIRE(run(crop_chain("path", 2), folder / "in", folder / "straight").finished);
  const auto straight = test::visible(folder / "straight");
  for (const int jobs : {1, 4}) {
    const std::string out = folder / ("out" + std::to_string(jobs));
    std::atomic<int> stop = 0;
    std::size_t reports = 0;
    RunOptions options;
    options.jobs = jobs;
    options.stop = &stop;
    options.report = [&](const ImageReport&) {
      if (++reports == 50) stop = 1;
    };
    const RunResult result = run(crop_chain("path", 2), folder / "in", out, options);
    CHECK_FALSE(result.finished);
    CHECK_FALSE(result.fatal);
    CHECK(reports >= 50);
    CHECK(reports < 50 + static_cast<std::size_t>(jobs));
    CHECK(result.written + result.failed + result.skipped + result.not_images == reports);
    CHECK_FALSE(exists(join_path(out, kManifestName)));
    CHECK(test::logs_of(out).size() == 1);
    CHECK_FALSE(has_temporaries(out));
    check_whole(out);

    // The journal knows every output, so that the same command continues.
    CHECK(test::recorded_outputs(out).size() == result.outputs);
    CHECK(visible_names(out).size() == result.outputs);
    RunOptions again;
    again.jobs = jobs;
    const RunResult second = run(crop_chain("path", 2), folder / "in", out, again);
    CHECK(second.finished);
    const bool same = test::visible(out) == straight;
    CHECK(same);
  }
}

TEST_CASE("a stop before the first image leaves no file", "[batch][engine][stop]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(30, 30));
  const std::atomic<int> stop = 15;
  RunOptions options;
  options.stop = &stop;
  const RunResult result = run(crop_chain("path", 1), folder / "in", folder / "out", options);
  CHECK_FALSE(result.finished);
  CHECK(result.written == 0);
  CHECK(test::names(folder / "out") == Strings{".deckle.lock"});
}

TEST_CASE("stop_on_error takes no new image after a failure", "[batch][engine][stop]") {
  const test::Folder folder;
  for (int i = 100; i < 500; ++i)
    folder.put("in/" + std::to_string(i) + ".png", test::png(30, 30));
  folder.put("in/110.png", "");
  for (const int jobs : {1, 4}) {
    const std::string out = folder / ("out" + std::to_string(jobs));
    RunOptions options;
    options.jobs = jobs;
    options.stop_on_error = true;
    const RunResult result = run(crop_chain("path", 1), folder / "in", out, options);
    CHECK_FALSE(result.finished);
    CHECK_FALSE(result.fatal);
    CHECK(result.failed == 1);
    if (jobs == 1) CHECK(result.written == 10);
    CHECK(result.written < 399);  // of 399: the other threads continue until they see the stop
    CHECK_FALSE(exists(join_path(out, kManifestName)));
    CHECK(test::logs_of(out).size() == 1);
    CHECK_FALSE(has_temporaries(out));
    check_whole(out);
  }
}

TEST_CASE("if one name cannot be written, only that image fails", "[batch][engine]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(30, 30));
  folder.put("in/" + std::string(250, 'x') + ".p", test::png(30, 30));
  const RunResult result = run(crop_chain("path", 10), folder / "in", folder / "out");
  CHECK(result.finished);
  CHECK_FALSE(result.fatal);
  CHECK(result.written == 1);
  CHECK(result.failed == 1);
  CHECK_FALSE(has_temporaries(folder / "out"));
}

// The copies that were renamed before the one that could not be stay, and no manifest records them.
TEST_CASE("an image fails with all its copies or with none", "[batch][engine]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(30, 30));
  folder.put("out/a_001.png", "of somebody else");
  const RunResult result = run(crop_chain("path", 3), folder / "in", folder / "out");
  CHECK(result.failed == 1);
  CHECK(visible_names(folder / "out") == Strings{"a_001.png", "manifest.jsonl"});
}

TEST_CASE("a full disk ends the run, and every file with a final name is whole",
          "[batch][engine][full]") {
  const test::Folder folder;
  for (int i = 0; i < 12; ++i)
    folder.put("in/" + std::to_string(i) + ".png", test::png(20, 20));
  folder.put("in/5.png", test::png(90, 90, 4, DType::UInt16));
  const std::string chain =
      R"({"layers": [{"class_name": "ZeroPadding2D", "padding": 3}], "output": {"format": "tiff",
          "compression": 0}})";
  for (const int jobs : {1, 4}) {
    const std::string out = folder / ("out" + std::to_string(jobs));
    RunOptions options;
    options.jobs = jobs;
    RunResult result;
    {
      // Room for the journal and the small pictures.
      const test::FileSizeLimit limit(30000);
      result = run(chain, folder / "in", out, options);
    }
    CHECK_FALSE(result.finished);
    REQUIRE(result.fatal);
    CHECK(result.fatal->code == ErrorCode::Write);
    CHECK(result.fatal->sys_errno == EFBIG);
    CHECK(result.fatal->message == "cannot write: File too large");
    CHECK(result.fatal_file ==
          out + "/5." + std::string(codec_of(Format::Tiff).extensions.front()));
    CHECK(result.written < 12);
    CHECK_FALSE(exists(join_path(out, kManifestName)));
    CHECK(test::logs_of(out).size() == 1);
    CHECK_FALSE(has_temporaries(out));
    const auto own = test::recorded_outputs(out);
    for (const auto& [name, content] : test::visible(out)) {
      INFO(name);
      CHECK(own.contains(name));
      Tensor pixels;
      REQUIRE(test::read(test::bytes_of(content), pixels));
      CHECK(pixels.shape == Shape::image(26, 26, 3));
    }
  }
}

TEST_CASE("a journal that does not fit ends the run", "[batch][engine][full]") {
  const test::Folder folder;
  for (int i = 0; i < 100; ++i)
    folder.put("in/" + std::to_string(i) + ".png", test::png(12, 12));
  RunResult result;
  {
    const test::FileSizeLimit limit(16000);
    result = run(crop_chain("path", 1), folder / "in", folder / "out");
  }
  CHECK_FALSE(result.finished);
  REQUIRE(result.fatal);
  CHECK(result.fatal->message == "cannot write: File too large");
  CHECK(result.written > 0);
  CHECK(visible_names(folder / "out").size() == result.written);
  CHECK_FALSE(has_temporaries(folder / "out"));
  check_whole(folder / "out");
}

TEST_CASE("a small file system that runs full ends the run in the same way",
          "[batch][engine][full]") {
  const test::Folder folder;
  std::filesystem::create_directory(folder / "small");
  if (::geteuid() != 0 ||
      ::mount("deckle-test", (folder / "small").c_str(), "tmpfs", 0, "size=256k") != 0) {
    WARN("SKIPPED: a small file system can only be mounted by root");
    return;
  }
  struct Unmount {
    std::string path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{folder / "small"};
  for (int i = 0; i < 40; ++i)
    folder.put("in/" + std::to_string(i) + ".png", test::png(60, 60));
  const std::string out = folder / "small/out";
  RunOptions options;
  options.jobs = 4;
  const std::string chain = R"({"layers": [{"class_name": "UpSampling2D", "size": 2}],
      "output": {"format": "png", "compression": 0}})";
  const RunResult result = run(chain, folder / "in", out, options);
  CHECK_FALSE(result.finished);
  REQUIRE(result.fatal);
  CHECK(result.fatal->sys_errno == ENOSPC);
  CHECK(result.fatal->message == "cannot write: No space left on device");
  CHECK(result.written > 0);
  CHECK(result.written < 40);
  CHECK_FALSE(has_temporaries(out));
  check_whole(out);
  CHECK(test::recorded_outputs(out).size() >= result.written);
}

TEST_CASE("an output folder that cannot be made ends the run before it begins", "[batch][engine]") {
  const test::Folder folder;
  folder.put("file", "");
  const Chain chain = test::chain_of(crop_chain("path", 1));
  for (const std::optional<Shard>& shard : {std::optional<Shard>(), std::optional(Shard{0, 2})}) {
    for (const std::string& out : {folder / "file", folder / "file/out"}) {
      const auto opened = OutputFolder::open(out, chain, shard, false);
      REQUIRE_FALSE(opened);
      CHECK(opened.error().code == ErrorCode::Write);
      CHECK(opened.error().message.starts_with(out + ": cannot make the folder: "));
    }
  }
}

TEST_CASE("no input at all makes a manifest of nothing", "[batch][engine]") {
  const test::Folder folder;
  std::filesystem::create_directory(folder / "in");
  const RunResult result = run(crop_chain("path", 1), folder / "in", folder / "out");
  CHECK(result.finished);
  CHECK(visible_names(folder / "out") == Strings{"manifest.jsonl"});
  CHECK(verify_manifest(folder / "out/manifest.jsonl", 1)->outputs == 0);
}

TEST_CASE("however outputs are synced, they and the manifest are the same", "[batch][sync]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 60);
  const std::string chain = test::crops(3);
  (void)test::finish(chain, folder / "in", folder / "none");
  for (const Sync sync : {Sync::Batch, Sync::Each}) {
    const std::string out = folder / (sync == Sync::Batch ? "batch" : "each");
    test::GoOptions options;
    options.run.sync = sync;
    options.run.jobs = 3;
    const RunResult first = test::finish(chain, folder / "in", out, options);
    CHECK(first.written > 0);
    const bool same = test::visible(out) == test::visible(folder / "none");
    CHECK(same);
    CHECK(test::leftovers(out).empty());
    const RunResult second = test::finish(chain, folder / "in", out, options);
    CHECK(second.written == 0);
    CHECK(second.up_to_date == first.written);
  }
}

TEST_CASE("in a group too, a foreign file makes only its own image fail", "[batch][sync]") {
  const test::Folder folder;
  for (const char* name : {"a", "b", "c"})
    folder.put(std::string("in/") + name + ".png", test::png(9, 7));
  const std::string chain = test::crops(2);
  const std::string out = folder / "out";
  test::GoOptions options;
  options.run.sync = Sync::Batch;
  options.run.shard = Shard{0, 1};  // shards look at each output when it gets its name
  folder.put("out/b_001.png", "mine");
  const RunResult result = test::go(chain, folder / "in", out, options);
  CHECK(result.finished);
  CHECK(result.written == 2);
  CHECK(result.failed == 1);
  CHECK(test::text_of(out + "/b_001.png") == "mine");
  CHECK_FALSE(test::exists(out + "/b_000.png"));
  CHECK(test::exists(out + "/c_001.png"));
}

TEST_CASE("after a loss of power, empty outputs without journal are replaced", "[batch][sync]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(9, 7));
  folder.put("in/b.png", test::png(9, 7));
  const std::string chain = test::crops(1);
  const std::string out = folder / "out";
  folder.put("out/a.png", "");
  CHECK(test::refusal(chain, folder / "in", out).find("a.png") != std::string::npos);
  folder.put("out/.manifest.jsonl.0.log", "");  // a run was at work here
  const RunResult result = test::finish(chain, folder / "in", out);
  CHECK(result.written == 2);
  CHECK(result.failed == 0);
  folder.put("out/.manifest.jsonl.0.log", "");
  folder.put("out/b.png", "not empty");
  std::filesystem::remove(out + "/.manifest.jsonl.journal");
  std::filesystem::remove(out + "/manifest.jsonl");
  CHECK(test::finish(chain, folder / "in", out).failed == 1);
  CHECK(test::text_of(out + "/b.png") == "not empty");
}

TEST_CASE("an image that takes too long fails, and the others do not", "[batch][timeout]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(9, 7));
  test::GoOptions options;
  options.run.timeout = std::chrono::nanoseconds(1);
  const RunResult late = test::finish(test::crops(1), folder / "in", folder / "out", options);
  CHECK(late.failed == 1);
  CHECK(test::manifest_text(folder / "out").find("timed_out") != std::string::npos);
  CHECK(test::manifest_text(folder / "out")
            .find("took longer than the 1e-09 s of --timeout-per-image") != std::string::npos);
  options.run.timeout = std::chrono::hours(1);
  CHECK(test::finish(test::crops(1), folder / "in", folder / "out", options).retried == 1);
}

TEST_CASE("only the inputs that disappear or cannot be opened fail", "[batch][engine]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(30, 30));
  folder.link("nowhere", "in/dangling.png");
  folder.link("dangling", "in/dangling");
  const RunResult result = run(crop_chain("path", 1), folder / "in", folder / "out");
  CHECK(result.finished);
  CHECK(result.written == 1);
  CHECK(result.failed == 2);
  const Json record = records_of(folder / "out").at("dangling.png")[0];
  CHECK(record["error"] ==
        Json({{"code", "unreadable"}, {"message", "cannot read: No such file or directory"}}));
  CHECK_FALSE(record.contains("input_sha256"));
}
