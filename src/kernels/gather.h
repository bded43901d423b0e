// SPDX-License-Identifier: Apache-2.0
// gather: writes every output pixel once, from the source pixel that the axis tables give.
#pragma once

#include <span>

#include "core/tensor.h"
#include "geometry/axis_table.h"
#include "geometry/window.h"
#include "kernels/runs.h"

namespace deckle {

/// out[i0][i1].. = source[axes[0][i0]][axes[1][i1]].., or fill if an entry is a fill; of several
/// fills, the one with the highest number. There is one table for each of the source's 1 to 3
/// spatial axes. `source` may be a part of the image, whose first pixel is at `origin`. Shapes:
/// batch x (axes) x channels to the same batch x (the tables' lengths) x channels, the same dtype.
/// Every entry of the tables must be inside the source, every fill number inside `fills`, and every
/// value of a fill must be a value of the dtype.
void gather(const Tensor& source, const Window& origin, std::span<const AxisTable> axes,
            std::span<const Fill> fills, Tensor& out);

}  // namespace deckle
