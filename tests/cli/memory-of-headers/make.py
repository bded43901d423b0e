import os
import struct
import zlib

os.makedirs("lying")
SIDE = 16384


def put(name, data):
    with open("lying/" + name, "wb") as file:
        file.write(data)


def bmp(compression, data):
    palette = b"".join(bytes((i, 255 - i, 7, 0)) for i in range(256))
    header = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, compression, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 40 + 1024) + header + palette + data


def tiff(compression, photometric, data, more=()):
    tags = [(256, 4, 1, SIDE), (257, 4, 1, SIDE), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, photometric),
            (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, SIDE), (279, 4, 1, len(data)), *more]
    at = 8 + len(data)
    behind = at + 2 + 12 * len(tags) + 4
    table = b"".join(struct.pack("<HHII", *(behind if value is None else value for value in tag)) for tag in tags)
    colours = struct.pack("<768H", *(i * 65535 // 767 for i in range(768)))
    return b"II*\0" + struct.pack("<I", at) + data + struct.pack("<H", len(tags)) + table + bytes(4) + colours


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(frame):
    def segment(marker, data):
        return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data
    table = bytes((1,)) + bytes(15) + bytes((0,))  # one code, of one bit
    return (b"\xff\xd8" + segment(0xDB, bytes(1) + bytes([1]) * 64)
            + segment(frame, struct.pack(">BHHB", 8, SIDE, SIDE, 3) + b"\1\x11\0\2\x11\0\3\x11\0")
            + segment(0xC4, b"\0" + table) + segment(0xC4, b"\x10" + table)
            + segment(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0") + bytes(100) + b"\xff\xd9")


def exr():
    def attribute(name, kind, value):
        return name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value
    channels = b"".join(name + b"\0" + struct.pack("<IIII", 2, 0, 1, 1) for name in (b"B", b"G", b"R")) + b"\0"
    box = struct.pack("<4i", 0, 0, SIDE - 1, SIDE - 1)
    return (b"\x76\x2f\x31\1" + struct.pack("<I", 2) + attribute(b"channels", b"chlist", channels)
            + attribute(b"compression", b"compression", b"\3") + attribute(b"dataWindow", b"box2i", box)
            + attribute(b"displayWindow", b"box2i", box) + b"\0" + bytes(100))


def webp():
    frame = b"\x30\1\0" + b"\x9d\1\x2a" + struct.pack("<HH", 16383, 16383) + bytes(300)
    frame = struct.pack("<I", 300 << 5 | 1 << 4)[:3] + frame[3:]
    riff = b"WEBPVP8 " + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(riff)) + riff


def npy(header):
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + bytes(100)


put("runs.bmp", bmp(1, b"\5\7"))
put("end.bmp", bmp(1, b"\0\1"))
put("rows.bmp", bmp(0, bytes(100)))
put("rows.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (SIDE, SIDE))
put("wide.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X %d\n" % SIDE ** 2)
put("lzw-palette.tif", tiff(5, 3, bytes(100), [(320, 3, 768, None)]))
put("packbits-palette.tif", tiff(32773, 3, bytes(100), [(320, 3, 768, None)]))
put("deflate-palette.tif", tiff(8, 3, zlib.compress(bytes(100)), [(320, 3, 768, None)]))
put("plain-palette.tif", tiff(1, 3, bytes(100), [(320, 3, 768, None)]))
put("rows.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
put("scan.jpg", jpeg(0xC0))
put("scans.jpg", jpeg(0xC2))
put("zip.exr", exr())
put("lossy.webp", webp())
put("rows.ppm", b"P6\n%d %d\n255\n" % (SIDE, SIDE) + bytes(100))
put("digits.ppm", b"P3\n%d %d\n255\n1 2 3" % (SIDE, SIDE))
put("rows.pfm", b"PF\n%d %d\n-1\n" % (SIDE, SIDE) + bytes(100))
put("rows.ras", struct.pack(">8I", 0x59A66A95, SIDE, SIDE, 24, 0, 1, 0, 0) + bytes(100))
put("samples.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d, 3), }" % (SIDE, SIDE)))
