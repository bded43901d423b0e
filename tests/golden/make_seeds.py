#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds.json: what src/random/seeds.h must derive, worked out a second time from its rules.

    make_seeds.py           prints the file
    make_seeds.py --check   compares it with the seeds.json beside this script

Needs nothing but Python 3. This is derivation 2. It never changes, so neither do the cases; new ones go to the end.
Derivation 1 took the whole path, its extension too: image_key was the path.
"""

import hashlib
import json
import pathlib
import sys

M32 = 0xFFFFFFFF
MIN, MAX = -(2**63), 2**63 - 1


def philox(counter, key):
    """Philox4x32-10: ten rounds over four 32-bit words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p = 0xD2511F53 * c0
        q = 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & M32, (p >> 32) ^ c3 ^ k1, p & M32
        k0 = (k0 + 0x9E3779B9) & M32
        k1 = (k1 + 0xBB67AE85) & M32
    return [c0, c1, c2, c3]


def signed(value):
    """The 64 low bits as a two's complement number."""
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value


def first_block(seed):
    """The first four words of TensorFlow's stateless stream for a seed pair."""
    a, b = (number & (2**64 - 1) for number in seed)
    mixed = philox([a & M32, a >> 32, b & M32, b >> 32], [0x3EC8F720, 0x02461E29])
    return philox([0, 0, mixed[2], mixed[3]], [mixed[0], mixed[1]])


def fold_in(seed, data):
    words = first_block(seed)
    return [signed(words[1] << 32 | words[0]), data]


def leading_int64(data):
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big", signed=True)


# An extension of a picture, in upper or lower case, is no part of the key.
EXTENSIONS = """
apng avif bmp dcm dds dib dng exr gif hdr heic heif ico j2c j2k jfif jp2 jpc jpe jpeg jpf jpg
jpx jxl npy pam pbm pcx pfm pgm pic png pnm ppm psd pxm qoi ras sr tga tif tiff webp
""".split()


def image_key(path):
    folder, slash, name = path.rpartition(b"/")
    stem, dot, extension = name.rpartition(b".")
    picture = stem and extension.lower() in [e.encode() for e in EXTENSIONS]
    return folder + slash + stem if picture else path


def derive(case):
    a, b = case["base"]
    seed_from = case["seed_from"]
    if seed_from == "path":
        seed = fold_in([a, b], leading_int64(image_key(bytes.fromhex(case["path_hex"]))))
    elif seed_from == "content":
        seed = fold_in([a, b], leading_int64(bytes.fromhex(case["content_hex"])))
    elif seed_from == "index":
        seed = [signed(a + case["index"]), signed(b + case["index"])]
    else:
        seed = [a, b]
    if case["ordinal"] > 0 or case["copy"] > 0:
        seed = fold_in(seed, case["ordinal"])
    if case["copy"] > 0:
        seed = fold_in(seed, case["copy"])
    return seed


PATHS = [
    b"a.jpg",
    b"cats/0001.png",
    "Straße/größe 1.jpg".encode(),
    "猫/写真.webp".encode(),
    b"caf\xe9.png",  # Latin-1: not UTF-8
    b"bad\xff\xfe/\x80.jpg",
    b"a\nb\t.png",
    b"",
    b"x" * 300 + b".tiff",
    b"a.png",  # as a.jpg
    b"a.JPG",
    b"a",
    b"a.jpg.png",  # as a.jpg.webp, and no other
    b"scan.0017",
    b"shard.3/scan.0018",
    b".jpg",
    b"set/.png",
    b"a.npz/x.npy",
    b"photo.jpgx",
    b"dir.png/readme",
    b"a.",
]
BASES = [
    [0, 0],
    [42, 0],
    [1, 2],
    [-1, 0],
    [-1, -2],
    [4294967295, 4294967294],
    [MAX, MIN],
    [MIN, MAX],
    [MAX, MAX],
    [MIN, MIN],
]
INDICES = [0, 1, 2, 41, 4294967295, 4294967296, 9999999]
CONTENTS = [b"", b"abc", bytes(range(256)), b"\x00"]


def cases():
    ordinals_and_copies = [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (0, 3), (1, 1), (2, 3), (1, 2), (2, 1)]
    turn = 0

    def case(seed_from, base, **identity):
        nonlocal turn
        ordinal, copy = ordinals_and_copies[turn % len(ordinals_and_copies)]
        turn += 1
        return {"seed_from": seed_from, "base": base, "ordinal": ordinal, "copy": copy, **identity}

    for i, path in enumerate(PATHS):
        yield case("path", BASES[i % len(BASES)], path_hex=path.hex())
    for base in BASES:
        yield case("path", base, path_hex=PATHS[0].hex())
    for i, index in enumerate(INDICES):
        yield case("index", BASES[(i + 1) % len(BASES)], index=index)
    for base in BASES:
        yield case("index", base, index=3)
    for i, content in enumerate(CONTENTS):
        yield case("content", BASES[(i + 4) % len(BASES)], content_hex=content.hex())
    for base in BASES:
        yield case("content", base, content_hex=CONTENTS[1].hex())
    for base in BASES:
        yield case("fixed", base)
    # One image, every ordinal and copy.
    for seed_from in ("path", "index", "content", "fixed"):
        for ordinal in range(3):
            for copy in range(4):
                yield {
                    "seed_from": seed_from,
                    "base": [42, 0],
                    "ordinal": ordinal,
                    "copy": copy,
                    "path_hex": PATHS[1].hex(),
                    "index": 7,
                    "content_hex": CONTENTS[2].hex(),
                }


def document():
    lines = [json.dumps({**case, "seed": derive(case)}) for case in cases()]
    return '{"derivation": 2, "cases": [\n' + ",\n".join(lines) + "\n]}\n"


def main():
    # The published answers, or nothing here is worth comparing with.
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([M32] * 4, [M32] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    assert first_block([1, 2]) == [0x41EC0A2C, 0x679894F1, 0xEBFF843E, 0x16148793]
    if sys.argv[1:] == ["--check"]:
        file = pathlib.Path(__file__).with_name("seeds.json")
        if file.read_text() != document():
            sys.exit(f"{file} is not what the rules give")
    else:
        sys.stdout.write(document())


if __name__ == "__main__":
    main()
