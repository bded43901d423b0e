#!/usr/bin/env python3
"""Blurs the JPEG files of a folder as is usual in Python: a pool of processes, one thread each.

    tests/bench/peers/blur.py FOLDER OUT

Beside it: deckle run CHAIN FOLDER -o OUT, where CHAIN has the one layer
{"class_name": "DepthwiseConv2D", "config": {"kernel": "gaussian", "sigma": 1.5, "padding": "same"}}.
"""
import multiprocessing
import pathlib
import sys

import cv2


def blur(paths):
    cv2.setNumThreads(1)
    picture = cv2.imread(str(paths[0]), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(paths[1]), cv2.GaussianBlur(picture, (11, 11), 1.5), [cv2.IMWRITE_JPEG_QUALITY, 95])


if __name__ == "__main__":
    folder, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool() as pool:
        pool.map(blur, [(path, out / path.name) for path in sorted(folder.glob("*.jpg"))], chunksize=1)
