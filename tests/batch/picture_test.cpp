// SPDX-License-Identifier: Apache-2.0
#include "batch/picture.h"

#include <string>

#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;

namespace {

std::string text(const Buffer& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace

TEST_CASE("a picture in memory comes out as a run writes it") {
  const test::Folder folder;
  folder.put("in/a/small.jpg", test::jpg(40, 31));
  folder.put("in/a/large.png", test::png(61, 52, 3));
  folder.put("in/deep.npy", test::encoded(test::picture(12, 11, 3), {.format = Format::Npy}));
  const std::string seed_from = GENERATE("path", "content", "index", "fixed");
  const std::string format = GENERATE("same", "png", "jpg", "npy");
  const std::string chain_text = test::crops(3, "42", seed_from, format);
  const Chain chain = test::chain_of(chain_text);
  const std::string out = folder / "out";
  const InputList list = test::inputs_of(chain, folder / "in", out);
  const RunResult ran = test::run_into(chain, list, out);
  REQUIRE_FALSE(ran.fatal);
  const auto written = test::tree(out);
  for (const InputFile& input : list.files) {
    const std::string file = test::text_of(list.file_path(input));
    for (int copy = 0; copy < chain.copies; ++copy) {
      CAPTURE(input.path, copy, seed_from, format);
      const auto made =
          run_on_picture(chain, as_bytes(file), {input.path, std::int64_t{input.index}, copy});
      const Codec& codec = **recognise(as_bytes(file));
      const std::string name = output_name(chain, {input.path, copy, chain.copies}, codec).path;
      REQUIRE(static_cast<bool>(made) == (written.count(name) == 1));
      if (made) CHECK((text(made->file) == written.at(name)));
    }
  }
}

TEST_CASE("what a caller gets wrong is an error with its reason") {
  const test::File file = test::png(9, 9, 3);
  Chain chain = test::chain_of(test::crops());
  const auto refused = [&](Bytes bytes, const PictureName& name) {
    const auto made = run_on_picture(chain, bytes, name);
    return made ? Error{} : made.error();
  };
  CHECK(refused({}, {"a.png"}) == Error{ErrorCode::NotAnImage, "the file is empty"});
  CHECK(refused(file, {"a.png", -1}) ==
        Error{ErrorCode::Usage, "place -1 and copy 0: both count from 0"});
  CHECK(refused(file, {"a.png", 0, -2}) ==
        Error{ErrorCode::Usage, "place 0 and copy -2: both count from 0"});
  chain.batch_size = 0;
  CHECK(refused(file, {"a.png"}) ==
        Error{ErrorCode::Usage, "a chain with batch_size 0 and copies 1: both are at least 1"});
  chain.batch_size = 1;
  chain.seed.reset();
  CHECK(refused(file, {"a.png"}) == Error{ErrorCode::Usage, "the chain draws but has no seed"});
}

TEST_CASE("a run with wrong arguments writes nothing") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(9, 9, 3));
  Chain chain = test::chain_of(test::crops());
  const std::string out = folder / "out";
  InputList list = test::inputs_of(chain, folder / "in", out);
  const auto fatal = [&](const RunOptions& options) {
    const RunResult result = test::run_into(chain, list, out, options);
    CHECK_FALSE(result.finished);
    CHECK(result.written == 0);
    return result.fatal.value_or(Error{});
  };
  RunOptions options;
  options.jobs = 0;
  CHECK(fatal(options) == Error{ErrorCode::Usage, "a run has at least 1 job, not 0"});
  options.jobs = 1;
  options.order = {0, 1};
  CHECK(fatal(options) == Error{ErrorCode::Usage, "an order of 2 inputs for a list of 1"});
  options.order = {1};
  CHECK(fatal(options) == Error{ErrorCode::Usage, "an order that names input 1 of 1"});
  options.order.clear();
  list.files[0].root = 3;
  CHECK(fatal(options) == Error{ErrorCode::Usage, "the input a.png is of root 3, and there are 1"});
  list.files[0].root = 0;
  chain.seed.reset();
  CHECK(fatal(options) == Error{ErrorCode::Usage, "the chain draws but has no seed"});
}
