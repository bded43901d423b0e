#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cv2.resize with one thread: the names and sizes of `bench_micro --benchmark_filter=resample`.

Its INTER_AREA enlarges bilinearly, and its INTER_LANCZOS4 has 8 taps where lanczos3 has 6.
"""
import statistics
import sys
import time

import cv2
import numpy

SIZES = {
    "6mp_to_quarter": ((2000, 3000), (500, 750)),
    "6mp_to_double": ((2000, 3000), (4000, 6000)),
    "500_to_224": ((500, 375), (224, 224)),
    "224_to_448": ((224, 224), (448, 448)),
}
METHODS = {
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos4": cv2.INTER_LANCZOS4,
}


def milliseconds(source, size, method):
    """Processor time: median of rounds of about 50 ms, into memory that is used again, as in bench_micro."""
    out = cv2.resize(source, size[::-1], interpolation=method)
    rounds = []
    repeat = 1
    while len(rounds) < 7:
        start = time.process_time()
        for _ in range(repeat):
            cv2.resize(source, size[::-1], dst=out, interpolation=method)
        spent = time.process_time() - start
        if spent < 0.05 and repeat < 1000 and not rounds:
            repeat *= 2
        else:
            rounds.append(1000 * spent / repeat)
    return statistics.median(rounds)


def main():
    cv2.setNumThreads(1)
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    for name, (shape, size) in SIZES.items():
        for method, code in METHODS.items():
            for dtype in ("uint8", "float32"):
                for channels in (1, 3, 4):
                    row = f"resize/{name}/{method}/{dtype}/{channels}"
                    if pattern not in row:
                        continue
                    values = numpy.random.default_rng(1).integers(0, 256, (*shape, channels))
                    print(f"{row:45} {milliseconds(values.astype(dtype), size, code):10.3f} ms", flush=True)


if __name__ == "__main__":
    main()
