#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cost of an image, in numbers that do not depend on the machine's speed.

    guard.py instructions|calls|allocations --deckle FILE --program FILE --compiler NAME [--update]

instructions  of make_plan and run_plan over a small picture, by callgrind
calls         to the system of `deckle run -j1` for each image, by strace
allocations   of `deckle run -j1` for each image, by valgrind

Each is the difference of a longer run and a shorter one, so that start-up does not count. More than guard.json says,
by a margin, is a failure; much less is told, and then belongs into guard.json (--update writes it). Ends with 77,
skipped, where the tool is missing or not permitted.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXPECTATIONS = HERE / "guard.json"
PICTURE = HERE.parent.parent / "samples" / "pictures" / "landscape.jpg"
MARGIN = 0.15
SKIPPED = 77


def skip(why):
    print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(SKIPPED)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout + done.stderr


def found(tool, trial):
    """The tool, if it works here: containers may forbid tracing."""
    if shutil.which(tool) is None:
        skip(f"{tool} is not installed")
    status, output = run([tool, *trial, "true"])
    if status != 0:
        skip(f"{tool} does not work here: {output.strip().splitlines()[-1:]}")
    return tool


class Runs:
    """Runs of deckle over different numbers of equal small pictures."""

    def __init__(self, deckle, folder):
        self.deckle, self.folder = deckle, pathlib.Path(folder)
        self.chain = self.folder / "chain.json"
        self.chain.write_text(
            json.dumps(
                {
                    "seed": 42,
                    "layers": [{"class_name": "RandomCrop", "config": {"height": 64, "width": 64}}],
                    "output": {"format": "jpg", "quality": 90},
                }
            )
        )

    def command(self, images):
        pictures = self.folder / f"in-{images}"
        pictures.mkdir()
        for i in range(images):
            shutil.copyfile(PICTURE, pictures / f"{i:04}.jpg")
        out = self.folder / f"out-{images}"
        return [self.deckle, "run", str(self.chain), str(pictures), "-o", str(out), "-j1", "-q"]


def instructions(arguments, _runs):
    valgrind = found("valgrind", ["--tool=none", "-q"])

    def count(times):
        status, output = run(
            [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", arguments.program, str(times)]
        )
        collected = re.search(r"Collected\s*:\s*(\d+)", output)
        if status != 0 or collected is None:
            skip(f"callgrind does not run this program: {output.strip()[-300:]}")
        return int(collected[1])

    few, many = 100, 1100
    return {"instructions": (count(many) - count(few)) / (many - few)}


def calls(_arguments, runs):
    strace = found("strace", ["-o", "/dev/null"])
    few, many = 40, 240

    def count(images):
        table = runs.folder / f"table-{images}"
        status, output = run([strace, "-f", "-c", "-o", str(table), *runs.command(images)])
        if status != 0:
            sys.exit(f"deckle failed under strace: {output}")
        # "% time, seconds, usecs/call, calls, errors (or nothing), name"
        rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$", table.read_text(), re.M)
        return collections.Counter({name: int(number) for number, name in rows if name not in ("total", "futex")})

    start, end = count(few), count(many)
    each = {name: (end[name] - start[name]) / (many - few) for name in end}
    for name, number in sorted(each.items(), key=lambda item: -item[1]):
        if number >= 0.05:
            print(f"  {number:6.2f}  {name}")
    return {"calls": sum(each.values())}


def allocations(_arguments, runs):
    valgrind = found("valgrind", ["--tool=none", "-q"])
    few, many = 10, 60

    def count(images):
        status, output = run(
            [valgrind, "--tool=memcheck", "--undef-value-errors=no", "--leak-check=no", *runs.command(images)]
        )
        usage = re.search(r"total heap usage: ([\d,]+) allocs, [\d,]+ frees, ([\d,]+) bytes", output)
        if status != 0 or usage is None:
            skip(f"valgrind does not run deckle: {output.strip()[-300:]}")
        return [int(number.replace(",", "")) for number in usage.groups()]

    start, end = count(few), count(many)
    number, size = ((e - s) / (many - few) for s, e in zip(start, end))
    return {"allocations": number, "allocated_bytes": size}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["instructions", "calls", "allocations"])
    parser.add_argument("--deckle", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--update", action="store_true", help="write what was counted into guard.json")
    arguments = parser.parse_args()

    measure = {"instructions": instructions, "calls": calls, "allocations": allocations}[arguments.what]
    with tempfile.TemporaryDirectory(prefix="deckle-guard-") as folder:
        counted = measure(arguments, Runs(arguments.deckle, folder))

    # Only instructions depend on the compiler; GNU-12.2.0-x86_64 counts as GNU-12-x86_64.
    compiler = re.sub(r"-(\d+)[^-]*", r"-\1", arguments.compiler, count=1)
    expectations = json.loads(EXPECTATIONS.read_text()) if EXPECTATIONS.exists() else {}
    key = compiler if arguments.what == "instructions" else "any"
    if arguments.update:
        expectations.setdefault(key, {}).update({name: round(number, 1) for name, number in counted.items()})
        EXPECTATIONS.write_text(json.dumps(expectations, indent=2, sort_keys=True) + "\n")

    worse = False
    for name, number in counted.items():
        expected = expectations.get(key, {}).get(name)
        if expected is None:
            skip(f"{number:.1f} {name} an image; guard.json has no number for {key} (--update writes one)")
        change = number / expected - 1
        print(f"{number:.1f} {name} an image, {change:+.1%} against {expected} of guard.json")
        if change > MARGIN:
            worse = True
            print(f"  that is more than {MARGIN:.0%} above: find out why, or --update if it is worth it")
        elif change < -MARGIN:
            print("  better: --update, so that it stays so")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
