#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a page of the documentation and compares what they print with the page.

    run_page.py [--deckle PROGRAM] [--update] PAGE...

A fenced block with the info string `sh` holds commands. All blocks of a page run in one bash, in an empty folder, and
stop at the first command that fails. A fenced block with the info string `output` shows what the commands of the block
above it print. Commands without such a block must print nothing. In an `output` block [..] stands for anything within a
line, and a line `...` for any number of lines.

`sh jq make` names programs that a machine may be without. Where one of them is missing, the block is left out, and the
page counts as skipped after everything else was compared.

The commands find the program as `deckle`, and the source tree as $DECKLE_HOME. The folders configs/ and samples/ of the
source tree are also in the current folder for README.md, whose commands are typed in the source tree.

--update rewrites the `output` blocks that do not match. Read them before you commit them.
Exits with 0 if all is as shown, 1 if not, 77 if blocks were skipped, 2 if a page is not well formed.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(REPOSITORY / "tests" / "cli"))
from run_case import clean_environment, difference, for_keeping, lines_of, matches, read, visible  # noqa: E402

SKIPPED = 77
TIMEOUT_S = 550
FENCE = re.compile(r"^```(.*)$")


class BadPage(Exception):
    """The page itself is wrong."""


class Block:
    """Commands, and their output on the page."""

    def __init__(self, line, tools, commands):
        self.line = line          # of the opening fence, from 1
        self.tools = tools
        self.commands = commands
        self.output = []          # lines of the output block
        self.output_at = None     # first and last + 1 index of these lines in the page, or None


def blocks_of(page, lines):
    """The blocks of a page, in their order."""
    blocks, start, info = [], None, ""
    for index, line in enumerate(lines):
        fence = FENCE.match(line)
        if not fence:
            continue
        if start is None:
            start, info = index, fence[1].split()
            continue
        if fence[1]:
            raise BadPage(f"{page}:{index + 1}: a fence opens before the one of line {start + 1} is closed")
        body = lines[start + 1:index]
        if info[:1] == ["sh"]:
            blocks.append(Block(start + 1, info[1:], body))
        elif info[:1] == ["output"]:
            if not blocks or blocks[-1].output_at:
                raise BadPage(f"{page}:{start + 1}: an output block without an sh block above it")
            blocks[-1].output, blocks[-1].output_at = body, (start + 1, index)
        start = None
    if start is not None:
        raise BadPage(f"{page}:{start + 1}: the fence is not closed")
    return blocks


def run(blocks, page, deckle, folder):
    """Runs the blocks. Returns the output of each block that was started, as a list of lines, and bash's exit code."""
    (folder / "tmp").mkdir()
    (folder / "work").mkdir()
    if page.parent == REPOSITORY:
        for name in ("configs", "samples"):
            (folder / "work" / name).symlink_to(REPOSITORY / name)
    script = []
    for number, block in enumerate(blocks):
        script += [f"exec >{folder}/{number} 2>&1", *block.commands]
    (folder / "script").write_text("\n".join(script) + "\n", encoding="utf-8")
    env = {key: value for key, value in clean_environment(folder).items()
           if not key.startswith(("MAKE", "MFLAGS", "NINJA_"))}  # ctest may itself run below make
    env.update(DECKLE_HOME=str(REPOSITORY), PATH=f"{deckle.parent}{os.pathsep}{env['PATH']}")
    try:
        end = subprocess.run(["bash", "-eu", "-o", "pipefail", str(folder / "script")], cwd=folder / "work", env=env,
                             stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        end = f"none: stopped after {TIMEOUT_S} s"
    outputs = []
    while (folder / str(len(outputs))).exists():
        text = read(folder / str(len(outputs)))
        outputs.append(lines_of(text.replace(str(REPOSITORY), "$DECKLE_HOME").replace(str(folder / "work"), "$PWD")))
    return outputs, end


def compare(page, blocks, outputs, end):
    """The lines of a report; none if all is as the page shows."""
    report = []
    for block, output in zip(blocks, outputs):
        if not matches(block.output, output):
            report += difference(f"{page.name}:{block.line}", block.output, output)
    if end != 0:
        at = blocks[len(outputs) - 1].line
        report.append(f"{page.name}:{at}: the commands of this block ended with exit code {end}")
        report += [f"  {visible(line)}" for line in outputs[-1][-20:]]
    return report


def updated(lines, blocks, outputs):
    """The lines of the page with the outputs that do not match replaced, from the last one on."""
    for block, output in reversed(list(zip(blocks, outputs))):
        if matches(block.output, output):
            continue
        kept = for_keeping("\n".join(output)).split("\n")
        if block.output_at:
            lines[slice(*block.output_at)] = kept
        else:
            after = block.line + len(block.commands) + 1
            lines[after:after] = ["", "```output", *kept, "```"]
    return lines


def main():
    parser = argparse.ArgumentParser(description="Runs the commands of pages (see the head of this file).")
    parser.add_argument("--deckle", type=pathlib.Path, default=REPOSITORY / "build" / "ci" / "deckle",
                        help="the program (default: the one of the preset ci)")
    parser.add_argument("--update", action="store_true", help="rewrite the output blocks that do not match")
    parser.add_argument("pages", nargs="+", type=pathlib.Path, metavar="PAGE")
    options = parser.parse_args()
    deckle = options.deckle.resolve()
    if deckle.name != "deckle" or not os.access(deckle, os.X_OK):
        parser.error(f"no program named deckle: {deckle}")

    failed, skipped = False, False
    for page in (path.resolve() for path in options.pages):
        try:
            lines = page.read_text(encoding="utf-8").split("\n")
            blocks = blocks_of(page.name, lines)
            if not blocks:
                raise BadPage(f"{page.name}: there is no sh block to run")
        except BadPage as error:
            print(error, file=sys.stderr)
            return 2
        wanted = [block for block in blocks if all(shutil.which(tool) for tool in block.tools)]
        for block in blocks:
            if block not in wanted:
                print(f"SKIPPED: {page.name}:{block.line}: needs {', '.join(block.tools)}")
                skipped = True
        with tempfile.TemporaryDirectory(prefix="deckle-page-") as name:
            outputs, end = run(wanted, page, deckle, pathlib.Path(name).resolve())
        if options.update:
            page.write_text("\n".join(updated(lines, wanted, outputs)), encoding="utf-8")
        report = compare(page, wanted, outputs, end)
        if report:
            failed = True
            print("\n  ".join(report))
    return 1 if failed else SKIPPED if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
