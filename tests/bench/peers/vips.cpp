// SPDX-License-Identifier: Apache-2.0
// vips: the work of a row by libvips in one process, as its documentation advises for many files:
// threads over files with one thread each, no cache of operations, sequential access if rows are
// used once.
//
//     vips crop:SIDE|expand jpg|png JOBS COPIES OUT < list of files
#include <vips/vips.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail() {
  std::cerr << "vips: " << vips_error_buffer() << "\n";
  std::exit(1);
}

void check(int status) {
  if (status != 0) fail();
}

struct Work {
  int side = 0;  // 0: expand
  bool png = false;
  int copies = 1;
  std::string out;
};

void save(VipsImage* image, const Work& work, std::string path, int copy) {
  if (work.copies > 1) path += "_" + std::to_string(copy);
  if (work.png) {
    check(vips_pngsave(image, (path + ".png").c_str(), nullptr));
  } else {
    check(vips_jpegsave(image, (path + ".jpg").c_str(), "Q", 90, "subsample_mode",
                        VIPS_FOREIGN_SUBSAMPLE_ON, "strip", TRUE, nullptr));
  }
}

void run(const std::string& path, const Work& work, std::mt19937& random) {
  const auto slash = path.rfind('/');
  const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  const std::string stem = work.out + "/" + name.substr(0, name.rfind('.'));
  VipsImage* image = vips_image_new_from_file(
      path.c_str(), "access", work.copies > 1 ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL,
      nullptr);
  if (image == nullptr) fail();
  const int cols = vips_image_get_width(image);
  const int rows = vips_image_get_height(image);
  if (work.side == 0) {
    VipsImage* cropped = nullptr;
    VipsImage* padded = nullptr;
    VipsImage* zoomed = nullptr;
    check(vips_extract_area(image, &cropped, 8, 8, cols - 16, rows - 16, nullptr));
    check(vips_embed(cropped, &padded, 16, 16, cols + 16, rows + 16, "extend", VIPS_EXTEND_BLACK,
                     nullptr));
    check(vips_zoom(padded, &zoomed, 2, 2, nullptr));
    save(zoomed, work, stem, 0);
    g_object_unref(zoomed);
    g_object_unref(padded);
    g_object_unref(cropped);
  } else {
    if (work.copies > 1) {  // one decode for all copies
      VipsImage* memory = vips_image_copy_memory(image);
      if (memory == nullptr) fail();
      g_object_unref(image);
      image = memory;
    }
    const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    for (int copy = 0; copy < work.copies; ++copy) {
      VipsImage* window = nullptr;
      check(vips_extract_area(image, &window, below(cols - work.side + 1),
                              below(rows - work.side + 1), work.side, work.side, nullptr));
      save(window, work, stem, copy);
      g_object_unref(window);
    }
  }
  g_object_unref(image);
}

}  // namespace

int main(int argc, char** argv) {
  if (VIPS_INIT(argv[0]) != 0) fail();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--version") {
    std::cout << "libvips " << vips_version_string() << "\n";
    return 0;
  }
  if (arguments.size() != 5) {
    std::cerr << "vips crop:SIDE|expand jpg|png JOBS COPIES OUT < list of files\n";
    return 2;
  }
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  Work work;
  if (arguments[0].starts_with("crop:")) work.side = std::stoi(arguments[0].substr(5));
  work.png = arguments[1] == "png";
  work.copies = std::stoi(arguments[3]);
  work.out = arguments[4];

  std::vector<std::string> files;
  for (std::string line; std::getline(std::cin, line);)
    files.push_back(line);
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int i = std::stoi(arguments[2]); i > 0; --i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      for (std::size_t at = next++; at < files.size(); at = next++)
        run(files[at], work, random);
      vips_thread_shutdown();
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  vips_shutdown();
}
