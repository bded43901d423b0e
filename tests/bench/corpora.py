#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of the benchmark from a folder of photographs.

    corpora.py PHOTOGRAPHS OUT NAME COUNT

NAME is dataset (500 pixels on the long side), medium (2 to 3 MP), large (12 MP) or one (a single dataset picture).
Every picture is a part of a photograph, scaled: which part is decided by the picture's number alone. All are baseline
JPEG, quality 90, 4:2:0. The same folder gives the same pictures.
"""

import multiprocessing
import os
import pathlib
import random
import sys

from PIL import Image, ImageOps

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
LARGEST_RATIO = 1.8  # of the sides: 500 x 277 still contains a window of 224 x 224
TYPICAL_RATIOS = (3 / 2, 4 / 3, 16 / 9, 1, 3 / 4, 2 / 3)


def size_of(name, number, ratio):
    """Columns and rows of a picture whose columns / rows is `ratio`."""
    if name in ("dataset", "one"):
        return (500, round(500 / ratio)) if ratio >= 1 else (round(500 * ratio), 500)
    pixels = 12e6 if name == "large" else random.Random(f"{name} pixels {number}").uniform(2e6, 3e6)
    return round((pixels * ratio) ** 0.5), round((pixels / ratio) ** 0.5)


def make(task):
    """Makes all pictures from one photograph, which is decoded once for them."""
    photograph, out, name, numbers = task
    with Image.open(photograph) as file:
        whole = ImageOps.exif_transpose(file).convert("RGB")
    for number in numbers:
        chance = random.Random(f"{name} {number}")
        ratio = whole.width / whole.height
        if name == "dataset":
            ratio = chance.choice(TYPICAL_RATIOS)
        ratio = min(max(ratio, 1 / LARGEST_RATIO), LARGEST_RATIO)
        # The largest part of this ratio, and of each of its sides between a half and all.
        share = chance.uniform(0.5, 1) if name == "dataset" else chance.uniform(0.8, 1)
        cols = min(whole.width, whole.height * ratio) * share
        rows = cols / ratio
        left = chance.uniform(0, whole.width - cols)
        top = chance.uniform(0, whole.height - rows)
        part = (left, top, left + cols, top + rows)
        picture = whole.resize(size_of(name, number, ratio), Image.Resampling.BICUBIC, part, reducing_gap=2)
        picture.save(os.path.join(out, f"{number:04}.jpg"), quality=90, subsampling="4:2:0")


def main():
    photographs, out, name, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    files = []
    for file in sorted(pathlib.Path(photographs).rglob("*")):
        if file.suffix.lower() not in SUFFIXES or not file.is_file():
            continue
        try:
            with Image.open(file) as image:
                if min(image.size) >= 16:
                    files.append(file)
        except OSError:
            print(f"corpora: {file} is left out: not readable", file=sys.stderr)
    if not files:
        sys.exit(f"corpora: no photographs in {photographs}")
    os.makedirs(out)
    tasks = [(file, out, name, range(i, count, len(files))) for i, file in enumerate(files[:count])]
    with multiprocessing.Pool(len(os.sched_getaffinity(0))) as pool:
        pool.map(make, tasks, chunksize=1)


if __name__ == "__main__":
    main()
