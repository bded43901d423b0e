#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include of src/ and cli/ and checks the rooms of CONTRIBUTING, "Where things are".

An include may only go from a room to the rooms that the table below names, file stems are unique in src/ and cli/, and
the header of a walled room is the only one that other rooms see.

    tests/includes.py [REPOSITORY]      default: the one that this file is in
"""

import collections
import pathlib
import re
import sys

# For each room, the rooms whose headers it may include besides its own.
ROOMS = {
    "core": [],
    "random": ["core"],
    "geometry": ["core"],
    "dataset": ["core"],
    "kernels": ["core", "geometry"],
    "ops": ["core", "geometry", "kernels"],
    "layers": ["core", "random", "geometry", "kernels", "ops"],
    "codecs": ["core", "geometry", "dataset"],
    "chain": ["core", "random", "geometry", "dataset", "kernels", "ops", "layers", "codecs"],
    "batch": ["core", "random", "geometry", "dataset", "kernels", "ops", "layers", "codecs", "chain"],
    "cli": ["core", "dataset", "kernels", "layers", "codecs", "chain", "batch"],
}

# Rooms within rooms: the header through which all others use them. Inside, they may include what the outer room may.
WALLED = {"codecs/jpeg": "jpeg.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def source_files(root):
    for folder in ("src", "cli"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path


def room_of(root, path):
    folder = path.relative_to(root).parent.as_posix()
    return "cli" if folder.startswith("cli") else folder.removeprefix("src/")


def outer(room):
    return room.split("/")[0]


def circles(arrows):
    """A circle of rooms as a list, or nothing."""
    state = {}

    def visit(room, path):
        state[room] = "open"
        for target in sorted(arrows.get(room, ())):
            if state.get(target) == "open":
                return path[path.index(target):] + [target]
            if target not in state:
                found = visit(target, path + [target])
                if found:
                    return found
        state[room] = "done"
        return None

    for room in sorted(arrows):
        if room not in state:
            found = visit(room, [room])
            if found:
                return found
    return None


def mistakes_in(root):
    mistakes = []
    arrows = collections.defaultdict(set)
    stems = collections.defaultdict(set)
    for path in source_files(root):
        room = room_of(root, path)
        name = path.relative_to(root).as_posix()
        stems[path.stem].add(path.parent.relative_to(root).as_posix())
        if outer(room) not in ROOMS:
            mistakes.append(f"{name}: the room {room} is not in the table of tests/includes.py")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            match = INCLUDE.match(line)
            if not match or "/" not in match[1]:
                continue
            target, header = match[1].rsplit("/", 1)
            place = f'{name}:{number}: "{match[1]}"'
            if not (root / "src" / match[1]).is_file():
                mistakes.append(f"{place}: there is no src/{match[1]}")
                continue
            if target == room:
                continue
            wall = WALLED.get(target)
            if wall and header != wall:
                mistakes.append(f"{place}: outside of {target} only {target}/{wall} may be included")
            if outer(target) == outer(room):
                continue
            arrows[outer(room)].add(outer(target))
            if outer(target) not in ROOMS[outer(room)]:
                mistakes.append(f"{place}: {outer(room)} may not include {outer(target)}")
    for stem, folders in sorted(stems.items()):
        if len(folders) > 1:
            where = ", ".join(sorted(folders))
            mistakes.append(f"{stem}: this file stem is used more than once, in {where}; rename one")
    circle = circles(arrows)
    if circle:
        mistakes.append("includes go in a circle: " + " -> ".join(circle))
    if circles(ROOMS):
        mistakes.append("the table of tests/includes.py itself has a circle: " + " -> ".join(circles(ROOMS)))
    for room, allowed in ROOMS.items():
        for target in sorted(set(allowed) - arrows[room]):
            mistakes.append(f"{room} does not include {target}: take it out of the table of tests/includes.py")
    return mistakes


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    mistakes = mistakes_in(root)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
