// SPDX-License-Identifier: Apache-2.0
#include "codecs/sun_raster.h"

#include "codecs/support.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

TEST_CASE("Sun raster gives what OpenCV wrote", "[codecs][sun_raster]") {
  const Tensor eight = picture(70, 81, 3);
  const Tensor grey = picture(70, 81, 1);
  Tensor out;
  for (const Tensor* in : {&eight, &grey}) {
    REQUIRE(read(by_opencv(".ras", mat(*in, CV_8U)), out));
    CHECK(same(*in, out));
  }
}

TEST_CASE("Sun raster is refused where it is cut, and has no encoder", "[codecs][sun_raster]") {
  const Stderr said;
  check_cuts(by_opencv(".ras", mat(picture(40, 50, 3), CV_8U)), 4);
  CHECK(codec_of(Format::SunRaster).can_encode == nullptr);
  CHECK(said.text().empty());
}

TEST_CASE("changed bytes never crash Sun raster or print anything", "[codecs][sun_raster]") {
  check_changed_bytes({by_opencv(".ras", mat(picture(12, 14, 3), CV_8U))});
}
