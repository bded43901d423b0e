#!/usr/bin/env python3
"""The rows of a manifest that have to be the same on every machine: output, shape, seeds, offsets, window, pixels.

    manifest_rows.py MANIFEST
"""

import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        header = json.loads(next(lines))
        if header.get("deckle_manifest") != 1:
            sys.exit(f"{sys.argv[1]}: not a manifest of version 1")
        for line in lines:
            record = json.loads(line)
            fields = [record["output"], record["output_shape"], record["window"], record["draws"], record["pixels"]]
            print("\t".join(f if isinstance(f, str) else json.dumps(f, separators=(",", ":")) for f in fields))


if __name__ == "__main__":
    main()
