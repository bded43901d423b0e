// SPDX-License-Identifier: Apache-2.0
// Compares row streaming from file to file with the same work in memory.
#include "batch/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <random>
#include <string>
#include <vector>

#include "batch/manifest.h"
#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/jpeg.h"
#include "support/runs.h"

// clang-format off: behind OpenCV, whose names it deprecates
#include <tiffio.h>
// clang-format on

using namespace deckle;

namespace {

// Every picture that can be streamed is streamed. The others are processed in memory or, if
// `strict`, fail.
test::GoOptions row_by_row(bool strict = false) {
  test::GoOptions options;
  options.run.memory = {1, strict};
  return options;
}

// A TIFF of a kind that deckle itself does not write.
test::File tiff_of(const Tensor& t, const std::function<void(TIFF*)>& describe) {
  const test::Folder folder;
  const std::string path = folder / "a.tif";
  TIFF* file = TIFFOpen(path.c_str(), "w");
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(t.shape.cols()));
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(t.shape.rows()));
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(t.shape.channels));
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * size_of(t.dtype)));
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC,
               t.shape.channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  describe(file);
  if (TIFFIsTiled(file) != 0) {
    Buffer tile;
    tile.resize(static_cast<std::size_t>(TIFFTileSize(file)));
    const auto row = static_cast<std::size_t>(TIFFTileRowSize(file));
    constexpr std::int64_t kSide = 16;
    for (std::int64_t top = 0; top < t.shape.rows(); top += kSide) {
      for (std::int64_t left = 0; left < t.shape.cols(); left += kSide) {
        std::memset(tile.data(), 0, tile.size());
        for (std::int64_t r = top; r < std::min(top + kSide, t.shape.rows()); ++r) {
          std::memcpy(
              tile.data() + static_cast<std::size_t>(r - top) * row,
              t.row(r) + static_cast<std::size_t>(left) * t.pixel_bytes(),
              static_cast<std::size_t>(std::min(kSide, t.shape.cols() - left)) * t.pixel_bytes());
        }
        TIFFWriteTile(file, tile.data(), static_cast<std::uint32_t>(left),
                      static_cast<std::uint32_t>(top), 0, 0);
      }
    }
  } else {
    Buffer row;
    row.resize(t.row_bytes());
    for (std::int64_t r = 0; r < t.shape.rows(); ++r) {
      std::memcpy(row.data(), t.row(r), row.size());  // libtiff predicts in place
      TIFFWriteScanline(file, row.data(), static_cast<std::uint32_t>(r), 0);
    }
  }
  TIFFClose(file);
  return test::load(path);
}

// One file of each kind that can be streamed.
std::vector<std::pair<std::string, test::File>> kinds() {
  using test::encoded;
  using test::picture;
  std::vector<std::pair<std::string, test::File>> files{
      {"colour.jpg", test::jpg(61, 83)},
      {"grey.jpg", test::jpg(50, 47, 1)},
      {"wide.jpg", test::jpg(9, 300)},
      {"one.jpg", test::jpg(1, 1)},
      {"bits.png", test::by_opencv(".png", cv::Mat(33, 41, CV_8U, cv::Scalar(255)),
                                   {cv::IMWRITE_PNG_BILEVEL, 1})},
  };
  for (std::int64_t channels = 1; channels <= 4; ++channels) {
    const std::string name = std::to_string(channels);
    for (const DType dtype : {DType::UInt8, DType::UInt16}) {
      files.emplace_back(std::string(name_of(dtype)) + name + ".png",
                         encoded(picture(37, 52, channels, dtype), {.format = Format::Png}));
    }
    for (const DType dtype : {DType::UInt8, DType::Int16, DType::Float32, DType::Float64}) {
      files.emplace_back("tiff-" + std::string(name_of(dtype)) + name + ".tif",
                         encoded(picture(41, 38, channels, dtype), {.format = Format::Tiff}));
    }
  }
  const Tensor in = picture(45, 70, 3);
  files.emplace_back("tiles.tif", tiff_of(in, [](TIFF* t) {
                       TIFFSetField(t, TIFFTAG_TILEWIDTH, 16);
                       TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
                       TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
                     }));
  files.emplace_back("strips.tif", tiff_of(in, [](TIFF* t) {
                       TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 7);
                       TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_PACKBITS);
                     }));
  files.emplace_back("white.tif", tiff_of(picture(20, 30, 1), [](TIFF* t) {
                       TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
                     }));
  files.emplace_back("alpha.tif", tiff_of(picture(20, 30, 4), [](TIFF* t) {
                       const std::uint16_t kind = EXTRASAMPLE_ASSOCALPHA;
                       TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &kind);
                       TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 3);
                     }));
  files.emplace_back("palette.tif", tiff_of(picture(20, 30, 1), [](TIFF* t) {
                       std::vector<std::uint16_t> map(256, 257);
                       TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_PALETTE);
                       TIFFSetField(t, TIFFTAG_COLORMAP, map.data(), map.data(), map.data());
                     }));
  return files;
}

// ... and of each kind that cannot.
std::vector<std::pair<std::string, test::File>> whole_kinds() {
  const cv::Mat grey(40, 50, CV_8U, cv::Scalar(77));
  return {
      {"progressive.jpg", test::by_opencv(".jpg", grey, {cv::IMWRITE_JPEG_PROGRESSIVE, 1})},
      {"a.bmp", test::encoded(test::picture(30, 40, 3), {.format = Format::Bmp})},
      {"a.webp", test::encoded(test::picture(30, 40, 3), {.format = Format::Webp})},
      {"turned.tif",
       tiff_of(test::picture(20, 30, 3), [](TIFF* t) { TIFFSetField(t, TIFFTAG_ORIENTATION, 6); })},
  };
}

// Random layers that move pixels.
std::string some_layers(std::mt19937& random) {
  const auto up_to = [&](unsigned n) { return std::to_string(random() % n); };
  const auto pairs = [&](unsigned n) {
    return "[[" + up_to(n) + ", " + up_to(n) + "], [" + up_to(n) + ", " + up_to(n) + "]]";
  };
  std::string layers;
  const unsigned count = 1 + random() % 4;
  for (unsigned i = 0; i < count; ++i) {
    if (i > 0) layers += ", ";
    switch (random() % 6) {
      case 0:
        layers += R"({"class_name": "Cropping2D", "cropping": )" + pairs(9) + "}";
        break;
      case 1:
        layers += R"({"class_name": "ZeroPadding2D", "padding": )" + pairs(9) + "}";
        break;
      case 2:
        layers += R"({"class_name": "UpSampling2D", "size": [)" + std::to_string(1 + random() % 3) +
                  ", " + std::to_string(1 + random() % 3) + "]}";
        break;
      case 3:
        layers += R"({"class_name": "RandomCrop", "height": )" + std::to_string(1 + random() % 12) +
                  R"(, "width": )" + std::to_string(1 + random() % 12) +
                  R"(, "if_smaller": "pad"})";
        break;
      case 4:
        layers +=
            R"({"class_name": "ZeroPadding2D", "padding": )" + pairs(4) + R"(, "mode": "edge"})";
        break;
      default:
        layers += R"({"class_name": "Cropping2D", "cropping": 0})";
    }
  }
  return layers;
}

std::string error_of(const std::string& out, const std::string& input) {
  for (const std::string& line : test::lines_of(test::manifest_text(out))) {
    const Json json = parse_json(line);
    if (json.contains("input") && json["input"] == input && json.contains("error"))
      return json["error"]["message"];
  }
  return "";
}

}  // namespace

TEST_CASE("row streaming gives the same outputs and manifest as in memory, for random chains",
          "[batch][stream]") {
  const test::Folder folder;
  std::mt19937 random(5);  // NOLINT: the same in every run
  for (const auto& [name, file] : kinds()) {
    folder.put("in/good/" + name, file);
    // Cut or damaged files must fail with the same message.
    folder.put("in/cut/" + name, test::first_bytes(file, file.size() / 2));
    folder.put("in/end/" + name, test::first_bytes(file, file.size() - 3));
    test::File flipped = file;
    for (int i = 0; i < 3; ++i)
      flipped[flipped.size() / 4 + random() % (flipped.size() / 2)] ^=
          static_cast<std::uint8_t>(1 + random() % 255);
    folder.put("in/flipped/" + name, flipped);
  }
  for (const auto& [name, file] : whole_kinds())
    folder.put("in/whole/" + name, file);
  std::size_t written = 0;
  for (int round = 0; round < 24; ++round) {
    const std::string format = std::vector<std::string>{"same", "jpg", "png", "tiff"}.at(
        static_cast<std::size_t>(round % 4));
    const std::string chain =
        R"({"seed": 3, "copies": )" + std::to_string(1 + round % 2) + R"(, "layers": [)" +
        some_layers(random) + R"(], "input": {"check": ")" + (round % 3 == 0 ? "full" : "needed") +
        R"("}, "output": {"format": ")" + format + "\"" +
        (format == "png" && round % 8 == 2 ? R"(, "compression": 4)" : "") + "}}";
    INFO(chain);
    const std::string a = folder / ("a" + std::to_string(round));
    const std::string b = folder / ("b" + std::to_string(round));
    const RunResult memory = test::finish(chain, folder / "in", a);
    const RunResult rows = test::finish(chain, folder / "in", b, row_by_row());
    REQUIRE(test::visible(a) == test::visible(b));
    CHECK(memory.failed == rows.failed);
    CHECK(test::leftovers(b).empty());
    written += rows.written;
  }
  CHECK(written > 500);
}

TEST_CASE("damage outside the window is not seen, by row streaming or in memory",
          "[batch][stream]") {
  // Noise, so that there is much data to skip.
  Tensor noise = test::picture(700, 900, 3);
  std::mt19937 random(4);  // NOLINT: the same in every run
  for (std::size_t i = 0; i < noise.byte_count(); ++i)
    noise.data.data()[i] = static_cast<std::uint8_t>(random());
  const test::Folder folder;
  for (const unsigned restarts : {0U, 57U}) {
    const test::File file =
        test::jpeg_with(noise, JCS_UNKNOWN, [&](auto& j) { j.restart_interval = restarts; });
    const std::string name = std::to_string(restarts);
    folder.put("in/" + name + ".jpg", file);
    for (int i = 0; i < 12; ++i) {
      test::File damaged = file;
      const std::size_t at = file.size() / 4 + random() % (file.size() / 2);
      damaged[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
      if (i % 2 == 0) std::copy_n("\xFF\xC7", 2, damaged.begin() + static_cast<long>(at));
      folder.put("in/" + name + "-" + std::to_string(i) + ".jpg", damaged);
    }
  }
  const std::string chain =
      R"({"layers": [{"class_name": "CenterCrop", "height": 40, "width": 40}]})";
  const RunResult memory = test::finish(chain, folder / "in", folder / "a");
  const RunResult rows = test::finish(chain, folder / "in", folder / "b", row_by_row());
  CHECK(test::visible(folder / "a") == test::visible(folder / "b"));
  CHECK(memory.failed == rows.failed);
  CHECK(memory.written > 2);
  CHECK(memory.failed > 2);
}

TEST_CASE("what is decoded whole takes the memory of the whole", "[batch][stream]") {
  const test::Folder folder;
  const auto progressive = [](auto& j) { jpeg_simple_progression(&j); };
  folder.put("in/whole.jpg", test::jpeg_with(test::picture(200, 300, 3), JCS_UNKNOWN, progressive));
  folder.put("in/part.jpg", test::jpg(200, 300));
  folder.put("in/whole.webp", test::encoded(test::picture(200, 300, 3), {.format = Format::Webp}));
  test::GoOptions options;
  options.run.memory = {120'000, true};  // of 180,000 samples
  const std::string layers = R"("layers": [{"class_name": "Cropping2D", "cropping": 96}])";
  CHECK(test::finish("{" + layers + "}", folder / "in", folder / "out", options).failed == 2);
  CHECK(error_of(folder / "out", "part.jpg").empty());
  CHECK(error_of(folder / "out", "whole.webp").ends_with("webp cannot be read row by row"));
  const std::string lossless = "{" + layers + R"(, "output": {"jpeg": "lossless"}})";
  CHECK(test::finish(lossless, folder / "in", folder / "cut", options).failed == 3);
  CHECK(error_of(folder / "cut", "part.jpg").ends_with("its coefficients are copied"));
}

TEST_CASE("every picture that can be streamed is streamed, and the others give the reason",
          "[batch][stream]") {
  const test::Folder folder;
  for (const auto& [name, file] : kinds())
    folder.put("in/" + name, file);
  for (const auto& [name, file] : whole_kinds())
    folder.put("in/" + name, file);
  const std::string layers =
      R"("layers": [{"class_name": "ZeroPadding2D", "padding": 1}, {"class_name": "UpSampling2D"}])";
  const std::string out = folder / "out";
  const RunResult result = test::finish("{" + layers + R"(, "output": {"format": "tiff"}})",
                                        folder / "in", out, row_by_row(true));
  CHECK(result.written == kinds().size());
  CHECK(result.failed == whole_kinds().size());
  const std::string why = ", and cannot be streamed row by row: ";
  const auto ends = [&](const std::string& file, const std::string& reason) {
    const std::string error = error_of(out, file);
    INFO(error);
    CHECK(error.ends_with(why + reason));
  };
  ends("progressive.jpg", "it is a jpg of several scans (progressive)");
  ends("a.bmp", "bmp cannot be read row by row");
  ends("a.webp", "webp cannot be read row by row");
  ends("turned.tif", "its orientation tag (6) turns it");
  CHECK(error_of(out, "a.bmp").starts_with("takes about "));
  CHECK(error_of(out, "a.bmp").find(" of memory, more than the 1 B of --max-memory, and") !=
        std::string::npos);

  const auto refused = [&](const std::string& chain, const std::string& reason) {
    const test::Folder other;
    other.put("in/a.png", test::png(20, 20));
    const RunResult run = test::finish(chain, other / "in", other / "out", row_by_row(true));
    CHECK(run.failed == 1);
    const std::string error = error_of(other / "out", "a.png");
    INFO(error);
    CHECK(error.ends_with(why + reason));
  };
  refused("{" + layers + R"(, "output": {"format": "webp"}})", "webp cannot be written row by row");
  refused("{" + layers + R"(, "output": {"dtype": "uint16"}})",
          "the chain does more than move pixels");
  refused("{" + layers + R"(, "input": {"truncated": "accept"}})",
          R"("truncated": "accept" needs the whole picture)");
  refused(R"({"layers": [{"class_name": "ZeroPadding2D", "mode": "reflect", "padding": 2}]})",
          "the chain changes the order of the rows");
}

TEST_CASE("a large picture in one strip is streamed to a PNG of the same bytes",
          "[batch][stream]") {
  // More than 32 MiB: TIFF is read by lines then, and PNG written by libpng.
  const test::Folder folder;
  folder.put("in/a.tif", tiff_of(test::picture(3500, 3300, 3), [](TIFF* t) {
               TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
               TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 3500);
             }));
  const std::string chain =
      R"({"layers": [{"class_name": "Cropping2D", "cropping": [[5, 3], [2, 9]]},
                     {"class_name": "ZeroPadding2D", "padding": 4}], "output": {"format": "png"}})";
  test::finish(chain, folder / "in", folder / "a");
  CHECK(test::finish(chain, folder / "in", folder / "b", row_by_row(true)).written == 1);
  CHECK(test::visible(folder / "a") == test::visible(folder / "b"));
}

TEST_CASE("a full disk ends a run with row streaming like any other", "[batch][stream]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(300, 400));
  const std::string chain = R"({"layers": [{"class_name": "UpSampling2D"}],
                               "output": {"format": "tiff", "compression": 0}})";
  RunResult result;
  {
    const test::FileSizeLimit limit(100'000);
    result = test::go(chain, folder / "in", folder / "out", row_by_row(true));
  }
  REQUIRE(result.fatal);
  CHECK(result.fatal->code == ErrorCode::Write);
  CHECK(result.fatal->sys_errno == EFBIG);
  CHECK(test::leftovers(folder / "out").empty());
  CHECK(test::finish(chain, folder / "in", folder / "out", row_by_row(true)).written == 1);
}

TEST_CASE("a replay uses row streaming too", "[batch][stream]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(60, 70));
  const std::string text = test::crops(2);
  test::finish(text, folder / "in", folder / "out");
  const Chain chain = test::chain_of(text);
  const std::string manifest = test::manifest_text(folder / "out");
  for (const bool same : {true, false}) {
    const std::string out = folder / (same ? "again" : "other");
    RunOptions options;
    options.memory = {1, true};
    options.recorded = [&](const InputFile&) {
      std::vector<Record> records;
      for (const std::string& line : test::lines_of(manifest)) {
        if (!parse_json(line).contains("input")) continue;
        auto record = parse_record(line);
        if (!record) throw std::runtime_error(record.error().message);
        if (!same) record->pixels = "xxh3:0";
        records.push_back(*record);
      }
      return records;
    };
    const RunResult result = test::run_into(chain, test::listed(folder / "in"), out, options);
    CHECK(result.failed == (same ? 0 : 1));
    if (same) CHECK(test::visible(out) == test::visible(folder / "out"));
    CHECK(test::leftovers(out).empty());
  }
}

// ---- giving up

namespace {

struct Trial {
  std::string name;
  test::File file;
  std::string chain;
  std::int64_t looks;  // at least
};

std::vector<Trial> trials() {
  const std::string pad = R"({"class_name": "ZeroPadding2D", "padding": 3})";
  const auto chain = [](const std::string& layers, const std::string& format) {
    return R"({"layers": [)" + layers + R"(], "output": {"format": ")" + format + R"("}})";
  };
  const auto resize = [](const std::string& how) {
    return R"({"class_name": "Resizing", "height": 50, "width": 21, "interpolation": ")" + how +
           R"("})";
  };
  const cv::Mat grey(40, 30, CV_8U, cv::Scalar(99));
  return {
      {"decoded, and moved row by row", test::png(40, 30), chain(pad, "png"), 40 + 46},
      {"the same of jpg", test::jpg(40, 30), chain(pad, "jpg"), 40 + 46},
      {"libjpeg", test::by_opencv(".jpg", grey, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}),
       chain(pad, "tiff"), 5 + 46},
      {"resized by two taps", test::png(40, 30), chain(resize("bilinear"), "png"), 40 + 50 + 50},
      {"resized by four", test::png(40, 30), chain(resize("bicubic"), "png"), 40 + 50 + 50},
      {"an encoder without rows", test::png(40, 30), chain(pad, "webp"), 40 + 2},
  };
}

}  // namespace

TEST_CASE("a picture that is overdue is abandoned at any check of the clock", "[batch][stop]") {
  for (const Trial& trial : trials()) {
    INFO(trial.name);
    const test::Folder folder;
    folder.put("a", trial.file);
    const OutTree out = test::out_tree(folder / "out");
    const Chain chain = test::chain_of(trial.chain);
    const std::atomic<int> stop = 2;
    // A clock that advances by one second each time it is read.
    std::int64_t looks = 0;
    ProcessOptions options;
    options.stop = &stop;
    options.now = [&] {
      return std::chrono::steady_clock::time_point(std::chrono::seconds(++looks));
    };
    const auto process = [&](std::int64_t grace) {
      looks = 0;
      options.grace = std::chrono::seconds(grace);
      Scratch scratch;
      auto made =
          process_image(chain, {folder / "a", "a", 0, true, {}, nullptr}, out, scratch, options);
      REQUIRE(made);
      return *std::move(made);
    };
    {
      const Processed made = process(1'000'000);
      REQUIRE_FALSE(made.abandoned);
      REQUIRE(made.records.size() == 1);
      CHECK_FALSE(made.records.front().error);
      CHECK(made.outputs.size() == 1);
    }
    const std::int64_t all = looks;
    CHECK(all >= trial.looks);
    for (std::int64_t grace = 0; grace < all; grace += 1 + all / 60) {
      INFO(grace);
      const Processed made = process(grace);
      CHECK(made.abandoned);
      CHECK(made.records.empty());
      CHECK(looks <= grace + 3);
      CHECK(test::names(folder.path()) == std::vector<std::string>{"a"});
    }
    CHECK_FALSE(process(all).abandoned);
  }
}

TEST_CASE("a picture without a stop or a timeout never reads the clock", "[batch][stop]") {
  const test::Folder folder;
  folder.put("a", test::png(40, 30));
  const std::atomic<int> stop = 0;
  ProcessOptions options;
  options.stop = &stop;
  options.grace = {};
  int looks = 0;
  options.now = [&] {
    ++looks;
    return std::chrono::steady_clock::now();
  };
  Scratch scratch;
  const auto made = process_image(
      test::chain_of(R"({"layers": [{"class_name": "Cropping2D", "cropping": 2}]})"),
      {folder / "a", "a", 0, true, {}, nullptr}, test::out_tree(folder / "out"), scratch, options);
  REQUIRE(made);
  CHECK_FALSE(made->abandoned);
  CHECK(made->outputs.size() == 1);
  CHECK(looks == 0);
}

TEST_CASE("where no more files can be opened the run ends, and no image is called bad",
          "[batch][process]") {
  const test::Folder folder;
  folder.put("a", test::png(9, 7));
  const OutTree out = test::out_tree(folder / "out");
  const Chain chain =
      test::chain_of(R"({"layers": [{"class_name": "Cropping2D", "cropping": 2}]})");
  Scratch scratch;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = ::dup(STDIN_FILENO);
  REQUIRE(next >= 0);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto made = process_image(chain, {folder / "a", "a", 0, true, {}, nullptr}, out, scratch);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE_FALSE(made);
  CHECK(made.error().sys_errno == EMFILE);
  CHECK(process_image(chain, {folder / "a", "a", 0, true, {}, nullptr}, out, scratch));
}
