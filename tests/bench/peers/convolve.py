#!/usr/bin/env python3
"""The rows of bench_convolve in PyTorch, one thread, channels first and last: milliseconds, the better median.

    tests/bench/peers/convolve.py
"""
import time

import torch
from torch.nn import functional as F

torch.set_num_threads(1)

WORKS = [
    ("conv_3x3_3_to_64_at_512", 512, 3, lambda x: F.conv2d(x, k, padding=1), (64, 3, 3, 3)),
    ("conv_3x3_32_to_32_at_256", 256, 32, lambda x: F.conv2d(x, k, padding=1), (32, 32, 3, 3)),
    ("depthwise_3x3_32_at_512", 512, 32, lambda x: F.conv2d(x, k, padding=1, groups=32), (32, 1, 3, 3)),
    ("depthwise_3x3_64_at_512", 512, 64, lambda x: F.conv2d(x, k, padding=1, groups=64), (64, 1, 3, 3)),
    ("transposed_4x4_64_to_32_at_128", 128, 64, lambda x: F.conv_transpose2d(x, k, stride=2, padding=1), (64, 32, 4, 4)),
]

with torch.no_grad():
    for name, side, channels, layer, shape in WORKS:
        k = torch.rand(shape) - 0.5
        best = {}
        for layout in (torch.contiguous_format, torch.channels_last):
            x = (torch.rand(1, channels, side, side) - 0.5).contiguous(memory_format=layout)
            k = k.contiguous(memory_format=layout)
            times = []
            end = time.perf_counter() + 2
            while time.perf_counter() < end:
                start = time.perf_counter()
                layer(x)
                times.append(time.perf_counter() - start)
            times.sort()
            best[layout] = times[len(times) // 2] * 1000
        first, last = best.values()
        print(f"{name:32} {first:7.2f} first {last:7.2f} last")
