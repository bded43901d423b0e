// SPDX-License-Identifier: Apache-2.0
// gather: writes every output pixel once, from the source pixel that the axis tables name.
#pragma once

#include "core/tensor.h"
#include "geometry/axis_table.h"
#include "geometry/window.h"

namespace deckle {

/// out[r][c] = source[rows[r]][cols[c]], or zero where either is fill. `source` may be a part of
/// the image: its first pixel is then the one at `origin`. Shapes: rows x cols x channels to
/// rows.length() x cols.length() x channels, the same dtype. Every entry of the tables must lie
/// within the source.
void gather(const Tensor& source, const Window& origin, const AxisTable& rows,
            const AxisTable& cols, Tensor& out);

}  // namespace deckle
