#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the results of run.sh: plot.py results.json bench.svg

A panel for each row, each with a scale of its own: bars of outputs a second, deckle's in colour, floors hatched.
"""

import json
import statistics
import sys
from xml.sax.saxutils import escape

FONT = "font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\""
INK, QUIET, GRID = "#1f2328", "#59636e", "#d1d9e0"
DECKLE, PEER, BEST, FLOOR = "#c2410c", "#b6bfc9", "#6e7a87", "#e4e8ec"
ROWS = ["500-224", "2mp-224", "2mp-1024", "12mp-512", "2mp-expand", "500-png", "500-npy", "copies"]
ORDER = ["deckle", "libvips", "OpenCV", "Pillow", "torchvision", "mogrify", "gm", "floor, full", "floor, window"]
NAMES = {
    "libvips": "libvips, in process",
    "OpenCV": "OpenCV, Python pool",
    "Pillow": "Pillow, Python pool",
    "torchvision": "torchvision pool",
    "mogrify": "ImageMagick mogrify",
    "gm": "GraphicsMagick mogrify",
    "floor, full": "bare codec, full decode",
    "floor, window": "bare codec, window only",
}
COLUMNS, PANEL, GAP, LABEL, BAR, PITCH, TITLE = 2, 460, 40, 160, 13, 18, 34
MARGIN = 24


def text(x, y, what, size=12, colour=INK, anchor="start", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(what)}</text>'
    )


def panel(left, top, row):
    speed = {}
    for tool in ORDER:
        if tool in row["tools"]:
            entry = row["tools"][tool]
            speed[tool] = entry["outputs"] / statistics.median(run["seconds"] for run in entry["runs"])
    peers = [tool for tool in speed if tool != "deckle" and not tool.startswith("floor")]
    best = max(peers, key=speed.get, default=None)
    width = PANEL - LABEL - 60
    longest = max(speed.values())
    parts = [text(left, top + 14, row["title"], 14, weight="600")]
    if best:
        times = f"{speed['deckle'] / speed[best]:.1f} × the best peer"
        parts.append(text(left + PANEL, top + 14, times, 12, DECKLE, "end", "600"))
    y = top + TITLE - 6
    parts.append(
        f'<line x1="{left + LABEL}" y1="{y}" x2="{left + LABEL}" y2="{y + PITCH * len(speed)}" stroke="{GRID}"/>'
    )
    for tool, value in speed.items():
        ours, floor = tool == "deckle", tool.startswith("floor")
        fill = DECKLE if ours else "url(#floor)" if floor else BEST if tool == best else PEER
        length = max(1, width * value / longest)
        weight = "600" if ours else "normal"
        base = y + BAR - 1
        parts.append(text(left + LABEL - 8, base, NAMES.get(tool, tool), 12, INK if ours else QUIET, "end", weight))
        parts.append(
            f'<rect x="{left + LABEL}" y="{y + 1}" width="{length:.1f}" height="{BAR}" rx="1.5" fill="{fill}"/>'
        )
        parts.append(
            text(left + LABEL + length + 6, base, f"{value:,.0f}", 11, DECKLE if ours else QUIET, weight=weight)
        )
        y += PITCH
    return parts, TITLE + PITCH * len(speed)


def main():
    with open(sys.argv[1]) as file:
        results = json.load(file)
    rows = [results["rows"][key] for key in ROWS if "deckle" in results["rows"].get(key, {"tools": {}})["tools"]]
    if not rows:
        print("plot: none of the rows is one that is drawn", file=sys.stderr)
        return
    body, top = [], MARGIN + 52
    for first in range(0, len(rows), COLUMNS):
        height = 0
        for column, row in enumerate(rows[first : first + COLUMNS]):
            parts, used = panel(MARGIN + column * (PANEL + GAP), top, row)
            body += parts
            height = max(height, used)
        top += height + 26
    width = 2 * MARGIN + COLUMNS * PANEL + (COLUMNS - 1) * GAP
    height = top + 18
    processors = "1 thread" if results["jobs"] == 1 else f"{results['jobs']} threads"
    head = [
        text(MARGIN, MARGIN + 14, "Images a second; longer is better", 18, weight="600"),
        text(MARGIN, MARGIN + 34, f"{results['processor']}, {processors}; whole processes, start-up included; "
             f"medians of {results['rounds']} round{'s' if results['rounds'] != 1 else ''}, "
             "outputs on a memory file system", 12, QUIET),
    ]  # fmt: skip
    versions = [version for tool, version in results["versions"].items() if tool not in ("deckle", "floor")]
    versions.append(results["versions"].get("floor", ""))
    foot = text(MARGIN, height - 14, "; ".join(filter(None, versions)) + "; " + results["date"], 11, QUIET)
    with open(sys.argv[2], "w") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" {FONT} role="img">\n'
            "<title>Images a second, deckle and other tools</title>\n"
            '<defs><pattern id="floor" width="5" height="5" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="5" height="5" fill="{FLOOR}"/>'
            f'<line x1="0" y1="0" x2="0" y2="5" stroke="{PEER}" stroke-width="2"/></pattern></defs>\n'
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
            + "\n".join([*head, *body, foot])
            + "\n</svg>\n"
        )


if __name__ == "__main__":
    main()
