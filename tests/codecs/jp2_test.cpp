// SPDX-License-Identifier: Apache-2.0
#include "codecs/jp2.h"

#include "codecs/support.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

TEST_CASE("JPEG 2000 gives what OpenCV wrote", "[codecs][jp2]") {
  const Tensor eight = picture(70, 81, 3);  // with OpenCV's settings needs 32 x 32 at least
  const Tensor sixteen = picture(70, 81, 3, DType::UInt16);
  Tensor out;
  const std::vector<int> exact{cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000};
  for (const Tensor* in : {&eight, &sixteen}) {
    const File file =
        by_opencv(".jp2", mat(*in, in->dtype == DType::UInt8 ? CV_8U : CV_16U), exact);
    CHECK(read_info(file, {})->shape == in->shape);
    REQUIRE(read(file, out));
    CHECK(same(*in, out));
  }
  const Tensor grey = picture(70, 81, 1);
  REQUIRE(read(by_opencv(".jp2", mat(grey, CV_8U), exact), out));
  CHECK(same(grey, out));
}

TEST_CASE("JPEG 2000 is refused where it is cut, and has no encoder", "[codecs][jp2]") {
  const Stderr said;
  check_cuts(by_opencv(".jp2", mat(picture(40, 50, 3), CV_8U)), 12);
  CHECK(codec_of(Format::Jp2).can_encode == nullptr);
  CHECK(said.text().empty());
}

TEST_CASE("changed bytes never crash JPEG 2000 or print anything", "[codecs][jp2]") {
  check_changed_bytes({by_opencv(".jp2", mat(picture(40, 50, 3), CV_8U))});
}
