#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work of a row by a pool of Python processes, as is usual.

    pool.py cv2|pillow|torchvision crop:SIDE|expand jpg|png|npy JOBS COPIES OUT < list of files
    pool.py cv2|pillow|torchvision --version

Each library encodes as it does when it is not told otherwise, but for JPEG's quality, which is 90 (4:2:0 is what
all of them do by themselves).
"""

import multiprocessing
import os
import random
import sys

import numpy

CROP, PAD, TIMES, QUALITY = 8, 16, 2, 90


class OpenCV:
    def __init__(self):
        import cv2

        cv2.setNumThreads(1)
        self.cv2, self.version = cv2, f"OpenCV {cv2.__version__}"
        self.array = lambda image: image

    def read(self, path):
        image = self.cv2.imread(path)
        return image, image.shape[0], image.shape[1]

    def crop(self, image, top, left, rows, cols):
        return image[top : top + rows, left : left + cols]

    def expand(self, image):
        image = self.cv2.copyMakeBorder(image[CROP:-CROP, CROP:-CROP], PAD, PAD, PAD, PAD, self.cv2.BORDER_CONSTANT)
        return self.cv2.resize(image, None, fx=TIMES, fy=TIMES, interpolation=self.cv2.INTER_NEAREST)

    def write(self, image, path):
        quality = [self.cv2.IMWRITE_JPEG_QUALITY, QUALITY] if path.endswith(".jpg") else []
        if not self.cv2.imwrite(path, image, quality):
            raise OSError(path)


class Pillow:
    def __init__(self):
        import PIL
        from PIL import Image, ImageOps

        self.Image, self.ImageOps, self.version = Image, ImageOps, f"Pillow {PIL.__version__}"
        self.array = numpy.asarray

    def read(self, path):
        image = self.Image.open(path)
        return image, image.height, image.width

    def crop(self, image, top, left, rows, cols):
        return image.crop((left, top, left + cols, top + rows))

    def expand(self, image):
        image = self.ImageOps.expand(self.ImageOps.crop(image, CROP), PAD)
        return image.resize((image.width * TIMES, image.height * TIMES), self.Image.NEAREST)

    def write(self, image, path):
        image.save(path, **({"quality": QUALITY} if path.endswith(".jpg") else {}))


class Torchvision:
    def __init__(self):
        import torch
        import torchvision

        torch.set_num_threads(1)
        self.torch, self.io = torch, torchvision.io
        self.version = f"torchvision {torchvision.__version__}"
        self.array = torch.Tensor.numpy

    def read(self, path):
        image = self.io.read_image(path)
        return image, image.shape[1], image.shape[2]

    def crop(self, image, top, left, rows, cols):
        return image[:, top : top + rows, left : left + cols].contiguous()

    def expand(self, image):
        image = self.torch.nn.functional.pad(image[:, CROP:-CROP, CROP:-CROP], (PAD, PAD, PAD, PAD))
        return self.torch.nn.functional.interpolate(image[None], scale_factor=TIMES, mode="nearest")[0]

    def write(self, image, path):
        if path.endswith(".jpg"):
            self.io.write_jpeg(image, path, QUALITY)
        else:
            self.io.write_png(image, path)


LIBRARIES = {"cv2": OpenCV, "pillow": Pillow, "torchvision": Torchvision}


def work_on(path):
    library, work, form, copies, out = JOB
    if form == "npy":
        write = lambda image, path: numpy.save(path, library.array(image))
    else:
        write = library.write
    stem = os.path.join(out, os.path.splitext(os.path.basename(path))[0])
    image, rows, cols = library.read(path)
    if work == "expand":
        write(library.expand(image), f"{stem}.{form}")
        return
    side = int(work.partition(":")[2])
    for copy in range(copies):
        window = library.crop(image, random.randint(0, rows - side), random.randint(0, cols - side), side, side)
        write(window, f"{stem}_{copy}.{form}" if copies > 1 else f"{stem}.{form}")


def main():
    global JOB
    library = LIBRARIES[sys.argv[1]]()
    if sys.argv[2] == "--version":
        print(library.version)
        return
    work, form, jobs, copies, out = sys.argv[2:]
    JOB = (library, work, form, int(copies), out)
    files = sys.stdin.read().splitlines()
    with multiprocessing.Pool(int(jobs), initializer=random.seed) as pool:
        for _ in pool.imap_unordered(work_on, files, chunksize=max(1, min(16, len(files) // (4 * int(jobs))))):
            pass


if __name__ == "__main__":
    main()
