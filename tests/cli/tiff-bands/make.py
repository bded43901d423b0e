# A TIFF of 4 x 2 pixels: make.py FILE PHOTOMETRIC EXTRA..., 8 bits a band.
import struct
import sys

path, photometric, extras = sys.argv[1], int(sys.argv[2]), [int(e) for e in sys.argv[3:]]
bands = (3 if photometric == 2 else 1) + len(extras)
pixels = bytes(range(10, 10 + 8 * bands))
short, long = 3, 4
at = 8 + len(pixels)
bits = struct.pack("<4H", *[8] * 4)
kinds = struct.pack("<4H", *(extras + [0] * (4 - len(extras))))


def entry(tag, kind, count, value, place=None):
    size = {short: 2, long: 4}[kind] * count
    field = value if size <= 4 else struct.pack("<I", place)
    return struct.pack("<HHI", tag, kind, count) + field.ljust(4, b"\0")


number = lambda n: struct.pack("<I", n)
entries = [
    entry(256, long, 1, number(4)),
    entry(257, long, 1, number(2)),
    entry(258, short, bands, bits[: 2 * bands], at),
    entry(259, short, 1, number(1)),
    entry(262, short, 1, number(photometric)),
    entry(273, long, 1, number(8)),
    entry(277, short, 1, number(bands)),
    entry(278, long, 1, number(2)),
    entry(279, long, 1, number(len(pixels))),
]
if extras:
    entries.append(entry(338, short, len(extras), kinds[: 2 * len(extras)], at + 8))
directory = struct.pack("<H", len(entries)) + b"".join(entries) + number(0)
with open(path, "wb") as file:
    file.write(b"II*\0" + number(at + 16) + pixels + bits + kinds + directory)
