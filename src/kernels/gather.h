// SPDX-License-Identifier: Apache-2.0
// gather: writes every output pixel once, from the source pixel that the axis tables name.
#pragma once

#include <span>

#include "core/tensor.h"
#include "geometry/axis_table.h"
#include "geometry/window.h"
#include "kernels/runs.h"

namespace deckle {

/// out[i0][i1].. = source[axes[0][i0]][axes[1][i1]].., or fill where one of the entries is: where
/// several are, the fill with the highest number. One table for each of the source's 1 to 3 spatial
/// axes. `source` may be a part of the image: its first pixel is then the one at `origin`. Shapes:
/// batch x (axes) x channels to the same batch x (the tables' lengths) x channels, the same dtype.
/// Every entry of the tables must lie within the source, every fill's number within `fills`, and
/// their values within the dtype.
void gather(const Tensor& source, const Window& origin, std::span<const AxisTable> axes,
            std::span<const Fill> fills, Tensor& out);

}  // namespace deckle
