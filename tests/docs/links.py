#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the links of the Markdown files: each relative link must lead to a file, and its #anchor to a heading in it.

    links.py [FOLDER]      default: the source tree. Exits with 1 if a link leads nowhere

Links to the network are not checked.
"""
import pathlib
import re
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
SKIPPED_FOLDERS = {"build", "out", ".git"}


def text_of(path):
    """The lines of a page outside of fenced and indented code."""
    lines, fenced = [], False
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            lines.append(line)
    return lines


def anchors_of(path):
    """The anchors of a page's headings, as GitHub derives them."""
    headings = [line.lstrip("#").strip() for line in text_of(path) if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(folder):
    """A line for each link that has no target."""
    broken = []
    for page in sorted(folder.rglob("*.md")):
        if SKIPPED_FOLDERS & set(page.relative_to(folder).parts):
            continue
        for line in text_of(page):
            for link in LINK.findall(line):
                if re.match(r"\w+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                if not target.exists():
                    broken.append(f"{page.relative_to(folder)}: {link}: there is no such file")
                elif anchor and anchor not in anchors_of(target):
                    broken.append(f"{page.relative_to(folder)}: {link}: the page has no such heading")
    return broken


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY).resolve()
    broken = broken_links(folder)
    print("\n".join(broken) if broken else "all links lead somewhere")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
