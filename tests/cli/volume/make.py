# SPDX-License-Identifier: Apache-2.0
"""make.py FILE PAGES: a grey TIFF of 16 bits whose sample is 1000 page + 100 row + col, without compression."""
import struct
import sys

ROWS, COLS = 6, 5


def entry(tag, value):
    return struct.pack("<HHII", tag, 4, 1, value)


def main(path, pages):
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4  # where the place of the next directory is to be written
    for page in range(pages):
        data = len(out)
        for row in range(ROWS):
            out += struct.pack("<%dH" % COLS, *(1000 * page + 100 * row + col for col in range(COLS)))
        struct.pack_into("<I", out, link, len(out))
        tags = [(256, COLS), (257, ROWS), (258, 16), (259, 1), (262, 1), (273, data), (277, 1), (278, ROWS),
                (279, ROWS * COLS * 2)]
        out += struct.pack("<H", len(tags)) + b"".join(entry(*tag) for tag in tags)
        link = len(out)
        out += b"\0\0\0\0"
    with open(path, "wb") as file:
        file.write(out)


main(sys.argv[1], int(sys.argv[2]))
