#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the generated parts of docs/: the pages in docs/reference, and in all pages of docs/ the blocks between
"<!-- generated: NAME -->" and "<!-- end -->". Their text comes from "deckle --reference NAME".

    docs/generate.py [--deckle PROGRAM] [--check]

With --check nothing is written: exit code 1 if a page is not up to date."""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent
PAGES = {"layers": DOCS / "reference/layers.md", "command-line": DOCS / "reference/command-line.md"}
BLOCKS = {"chain-keys", "header-keys", "record-keys"}
BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def reference(deckle, name):
    run = subprocess.run([deckle, "--reference", name], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f'"{deckle} --reference {name}" failed: {run.stderr or "there is no such part"}')
    return run.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deckle", default=str(DOCS.parent / "build/release/deckle"), help="default: %(default)s")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()

    wanted = {}
    for name, path in PAGES.items():
        wanted[path] = reference(options.deckle, name)
    found = set()
    for path in sorted(DOCS.rglob("*.md")):
        if path in wanted:
            continue
        text = path.read_text(encoding="utf-8")
        found.update(name for _, name, _ in BLOCK.findall(text))
        filled = BLOCK.sub(lambda block: block[1] + reference(options.deckle, block[2]) + block[3], text)
        if filled != text:
            wanted[path] = filled

    if found != BLOCKS:
        sys.exit(f"docs/ has blocks for {sorted(found)}, and should have them for {sorted(BLOCKS)}")

    stale = False
    for path, text in wanted.items():
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == text:
            continue
        stale = True
        if options.check:
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(path),
                                                       "deckle --reference"))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale and options.check:
        sys.exit("docs/ is not up to date; run: docs/generate.py --deckle PROGRAM")


main()
