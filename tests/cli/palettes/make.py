# A palette PNG of 4 x 3 pixels, with the indices 0 to 3 and the colours black, red, green, grey: make.py FILE.
import struct
import sys
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + bytes((r + c) % 4 for c in range(4)) for r in range(3))
colours = bytes([0, 0, 0, 255, 0, 0, 0, 255, 0, 128, 128, 128])
with open(sys.argv[1], "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 3, 0, 0, 0)))
    file.write(chunk(b"PLTE", colours) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
