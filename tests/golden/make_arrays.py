#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folder arrays: what NumPy itself writes, for src/codecs/npy.h and npz.h.

    make_arrays.py           writes the files
    make_arrays.py --check   compares them with those beside this script

arrays.npy      many arrays, one behind the other, as NumPy appends them
arrays.json     a line for each: its dtype, shape and layout, and its samples in C order, little-endian, in hex
headers.json    shapes and dtypes, and the bytes that NumPy writes before their samples
*.npz           stored, compressed, zip64, written to a pipe, and with members that are no arrays

Needs NumPy 1.23 or later; the files were written by 1.24.
"""

import hashlib
import io
import json
import pathlib
import sys
import zipfile

import numpy as np
from numpy.lib import format as npy

FOLDER = pathlib.Path(__file__).with_name("arrays")
DTYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split()


def array(dtype, shape):
    """The ends of the type, and then numbers that differ from all their neighbours."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype.kind == "b":
        return (np.arange(count) % 3 == 1).reshape(shape)
    if dtype.kind == "f":
        info = np.finfo(dtype)
        ends = [info.max, info.min, info.tiny, -0.0, np.inf, -np.inf, np.nan, info.tiny * info.eps, 0.1]
    else:
        info = np.iinfo(dtype)
        ends = [info.min, info.max, info.max // 3]
    values = np.array(ends, dtype)[:count]
    return np.concatenate([values, np.arange(1, count + 1).astype(dtype)])[:count].reshape(shape)


def arrays():
    """Arrays, and the format's version."""
    shapes = [(2, 3, 4), (7, 3), (2, 1, 3, 2), (1, 5, 3)]
    for i, dtype in enumerate(DTYPES):
        for j, (order, ends, version) in enumerate(
            [("C", "<", (1, 0)), ("F", "<", (2, 0)), ("C", ">", (3, 0)), ("F", ">", (1, 0))]
        ):
            values = array(dtype, shapes[(i + j) % len(shapes)])
            yield np.array(values, values.dtype.newbyteorder(ends), order=order), version
    # Larger than the blocks that are worked on at once, with ragged ends.
    yield np.asfortranarray(np.arange(70 * 65, dtype="<u2").reshape(70, 65)), (1, 0)
    yield np.asfortranarray(np.arange(3 * 67 * 5, dtype=">u4").reshape(3, 67, 5)), (1, 0)
    yield np.asfortranarray((np.arange(131 * 2 * 3) % 251).astype("u1").reshape(131, 2, 3)), (1, 0)
    yield np.asfortranarray(np.arange(256, dtype="u1").reshape((2,) * 8)), (1, 0)
    for shape in [(), (1,), (3,), (0,), (2, 0, 3), (1,) * 32]:
        yield array("float32", shape), (1, 0)
    yield np.zeros((0, 4), ">f8", order="F"), (1, 0)


def array_files():
    stream = io.BytesIO()
    lines = []
    for values, version in arrays():
        npy.write_array(stream, values, version=version)
        plain = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))) if values.ndim else values
        lines.append(
            {
                "dtype": values.dtype.name,
                "shape": list(values.shape),
                "fortran_order": npy.header_data_from_array_1_0(values)["fortran_order"],
                "big_endian": values.dtype.byteorder == ">",
                "data": plain.tobytes().hex(),
            }
        )
    yield "arrays.npy", stream.getvalue()
    yield "arrays.json", listed(lines)


def listed(lines):
    return ("[\n" + ",\n".join(json.dumps(line) for line in lines) + "\n]\n").encode()


def header(shape, dtype, version):
    stream = io.BytesIO()
    descr = npy.dtype_to_descr(np.dtype(dtype))
    write = npy.write_array_header_1_0 if version == 1 else npy.write_array_header_2_0
    write(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def header_file():
    shapes = [(), (0,), (1,), (224, 224, 3), (2**31, 2**31), (2**63 - 1,), (1, 2**62)]
    lines = [(dtype, shape) for dtype in DTYPES for shape in [(), (17, 4)]]
    lines += [("float32", shape) for shape in shapes]
    # Every length of the dict, modulo the 64 bytes to which it is filled up.
    lines += [("uint8", (1,) * (1 + n // 3) + (10 ** (n % 3),)) for n in range(68)]
    cases = [{"dtype": d, "shape": list(s), "header": header(s, d, 1).hex()} for d, s in lines]
    # Around the longest that the first version can say; no array has so many axes.
    for axes in [21816, 21817, 21818, 30000]:
        shape = (1,) * axes
        try:
            written = header(shape, "int16", 1)
        except ValueError:
            written = header(shape, "int16", 2)
        cases.append({"dtype": "int16", "ones": axes, "version": written[6],
                      "sha256": hashlib.sha256(written).hexdigest()})
    assert {case["version"] for case in cases if "version" in case} == {1, 2}
    yield "headers.json", listed(cases)


class Pipe(io.RawIOBase):
    """Cannot seek: sizes and checksums come behind the data, as when writing to a pipe."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def member(name, values, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    np.save(stream, values)
    info = zipfile.ZipInfo(name)
    info.compress_type = compression
    return info, stream.getvalue()


def archives():
    content = {"a": array("float32", (3, 4)), "layer/kernel:0": np.arange(600, dtype="i8"),
               "größe": np.asfortranarray(array("uint8", (4, 3)))}
    for name, save in [("stored.npz", np.savez), ("compressed.npz", np.savez_compressed)]:
        stream = io.BytesIO()
        save(stream, **content)
        yield name, stream.getvalue()

    stream = io.BytesIO()
    np.savez(stream)
    yield "empty.npz", stream.getvalue()

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr(*member("a.npy", content["a"], zipfile.ZIP_DEFLATED))
    yield "pipe.npz", pipe.data

    stream = io.BytesIO()
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 100  # all that is longer is written as if it were huge
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(*member("a.npy", content["a"]))
    zipfile.ZIP64_LIMIT = limit
    yield "zip64.npz", stream.getvalue()

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("folder/"), b"")
        archive.writestr(zipfile.ZipInfo("readme.txt"), b"not an array")
        archive.writestr(*member("a.npy", content["a"]))
    yield "others.npz", stream.getvalue()


def main():
    files = [*array_files(), *header_file(), *archives()]
    if sys.argv[1:] == ["--check"]:
        wrong = [name for name, data in files if (FOLDER / name).read_bytes() != data]
        if wrong:
            sys.exit(f"not what NumPy {np.__version__} writes: {', '.join(wrong)}")
    else:
        FOLDER.mkdir(exist_ok=True)
        for name, data in files:
            (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
