// SPDX-License-Identifier: Apache-2.0
// Files that OpenCV writes.
#pragma once

#include <opencv2/imgcodecs.hpp>
#include <utility>
#include <vector>

#include "codecs/checks.h"
#include "support/pictures.h"

namespace deckle::test {

/// `image` is in the order B, G, R.
inline File by_opencv(const char* extension, const cv::Mat& image,
                      const std::vector<int>& parameters = {}) {
  File file;
  cv::imencode(extension, image, file, parameters);
  return file;
}

inline cv::Mat mat(const Tensor& t, int depth) {
  const cv::Mat rgb(static_cast<int>(t.shape.rows()), static_cast<int>(t.shape.cols()),
                    CV_MAKETYPE(depth, static_cast<int>(t.shape.channels)),
                    const_cast<std::uint8_t*>(t.data.data()));
  if (rgb.channels() < 3) return rgb.clone();
  std::vector<cv::Mat> planes;
  cv::split(rgb, planes);
  std::swap(planes[0], planes[2]);
  cv::Mat bgr;
  cv::merge(planes, bgr);
  return bgr;
}

}  // namespace deckle::test
