#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs command-line cases: folders of plain files, described in tests/README.md.

    run_case.py [--deckle PROGRAM] [--update] CASE...

Exits with 0 if all is as expected, 1 if not, 77 if a case was skipped, 2 if a case is not well formed.
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EXPECTATIONS = ("expect.stdout", "expect.stderr", "expect.exit")
NOT_COPIED = ("cmd", "check", "needs")
SKIPPED = 77
TIMEOUT_S = 150

# What differs from one run to the next, and is therefore written as [..] by --update.
NUMBER = r"\d[\d.,: \u00a0\u202f]*"
VOLATILE = [
    (re.compile(r"\b(in|after) " + NUMBER + r"(ms|s|min)\b"), r"\1 [..]"),
    (re.compile(NUMBER + r"images/s"), "[..] images/s"),
]


class BadCase(Exception):
    """The case itself is wrong."""


def line_pattern(line):
    """The regular expression for one expected line: [..] is anything within it."""
    return re.compile(".*".join(re.escape(part) for part in line.split("[..]")))


def matches(expected, actual):
    """Whether the lines `actual` are what `expected` says; an expected line `...` is any number of lines."""
    # reachable: how many of the actual lines may have been used up by the expected ones so far.
    reachable = {0}
    for line in expected:
        if line == "...":
            reachable = set(range(min(reachable), len(actual) + 1))
        else:
            pattern = line_pattern(line)
            reachable = {i + 1 for i in reachable if i < len(actual) and pattern.fullmatch(actual[i])}
        if not reachable:
            return False
    return len(actual) in reachable


def visible(line):
    """The line with control characters spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in line)


def difference(name, expected, actual):
    """A diff in which lines that match their pattern count as equal."""
    shown, at = [], 0
    for line in expected:
        if line != "...":
            pattern = line_pattern(line)
            found = next((i for i in range(at, len(actual)) if pattern.fullmatch(actual[i])), None)
            if found is not None:
                line, at = actual[found], found + 1
        shown.append(line)
    diff = difflib.unified_diff(shown, actual, f"{name}, expected", f"{name}, got", lineterm="")
    return [visible(line) for line in diff]


def lines_of(text):
    """The lines of a text; one without a newline at its end gets a mark, since that too is to be as expected."""
    if not text:
        return []
    if not text.endswith("\n"):
        text += "(no newline at the end)\n"
    return text[:-1].split("\n")


def normalised(text, work, places):
    """The text with the folders of this run and this machine replaced by their names."""
    for folder, name in [(str(work), "$WORK"), *((str(path), f"${key}") for key, path in places.items())]:
        text = text.replace(folder, name)
    return text


def for_keeping(text):
    """The text as --update writes it."""
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    return text


def read(path):
    return path.read_bytes().decode("utf-8", "backslashreplace")


def clean_environment(folder):
    """The caller's environment without what would make two runs differ; home and temporary files are in `folder`."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("OMP_", "DECKLE_", "SLURM_", "LC_")) and key not in ("NO_COLOR", "LANGUAGE", "CDPATH")}
    env.update(LANG="C.UTF-8", TERM="dumb", HOME=str(folder), TMPDIR=str(folder / "tmp"))
    return env


class Run:
    """One case, run once in a folder of its own."""

    def __init__(self, case, deckle):
        self.case = case
        self.deckle = deckle
        self.places = {"SAMPLES": REPOSITORY / "samples" / "pictures", "CONFIGS": REPOSITORY / "configs",
                       "SUPPORT": REPOSITORY / "tests" / "support", "GOLDEN": REPOSITORY / "tests" / "golden"}
        for path in case.iterdir():
            if path.name.startswith("expect.") and path.name not in EXPECTATIONS:
                raise BadCase(f"{path}: only {', '.join(EXPECTATIONS)} are known")
        if not (case / "cmd").is_file():
            raise BadCase(f"{case}: there is no file cmd")

    def environment(self, folder):
        """What `cmd` and `check` may use."""
        env = clean_environment(folder)
        env.update({key: str(path) for key, path in self.places.items()})
        env.update(DECKLE=str(self.deckle), PYTHON=sys.executable, WORK=str(folder / "work"),
                   STDOUT=str(folder / "stdout"), STDERR=str(folder / "stderr"),
                   DATA=os.environ.get("DECKLE_TEST_DATA", ""))
        return env

    def shell(self, folder, script, stdout, stderr):
        try:
            return subprocess.run(["bash", "-eu", "-o", "pipefail", str(script)], cwd=folder / "work",
                                  env=self.environment(folder), stdin=subprocess.DEVNULL, stdout=stdout,
                                  stderr=stderr, timeout=TIMEOUT_S, check=False).returncode
        except subprocess.TimeoutExpired:
            return f"none: stopped after {TIMEOUT_S} s"

    def __call__(self, update):
        """The lines of a report; none if all is well. None if the case was skipped."""
        with tempfile.TemporaryDirectory(prefix="deckle-case-") as name:
            folder = pathlib.Path(name).resolve()
            (folder / "tmp").mkdir()
            shutil.copytree(self.case, folder / "work", symlinks=True,
                            ignore=lambda where, names: [n for n in names if pathlib.Path(where) == self.case
                                                         and (n in NOT_COPIED or n in EXPECTATIONS)])
            with open(folder / "stdout", "wb") as stdout, open(folder / "stderr", "wb") as stderr:
                status = self.shell(folder, self.case / "cmd", stdout, stderr)
            if status == SKIPPED:
                print(f"{self.case.name}: skipped\n{read(folder / 'stderr')}", end="")
                return None
            got = {stream: normalised(read(folder / stream), folder / "work", self.places)
                   for stream in ("stdout", "stderr")}
            if update:
                self.update(got, status)
            report = self.compare(got, status)
            if (self.case / "check").is_file():
                with open(folder / "check", "wb") as output:
                    checked = self.shell(folder, self.case / "check", output, output)
                if checked != 0:
                    report += [f"check: exit {checked}"]
                    report += [visible(line) for line in read(folder / "check").splitlines()]
            # Where only part of it is expected, the rest may hold the reason for what is wrong.
            for stream, text in got.items():
                if report and text and not (self.case / f"expect.{stream}").exists():
                    report += [f"{stream}:"] + [visible(line) for line in lines_of(text)]
            return report

    def expected_status(self):
        path = self.case / "expect.exit"
        if not path.exists():
            return 0
        text = path.read_text(encoding="utf-8").strip()
        if not text.isdecimal():
            raise BadCase(f"{path}: not an exit code: {text}")
        return int(text)

    def compare(self, got, status):
        report = []
        if status != self.expected_status():
            report.append(f"exit: expected {self.expected_status()}, got {status}")
        for stream, text in got.items():
            path = self.case / f"expect.{stream}"
            if path.exists():
                expected, actual = lines_of(read(path)), lines_of(text)
                if not matches(expected, actual):
                    report += difference(stream, expected, actual)
        return report

    def update(self, got, status):
        """Rewrites what is not as expected; a case that expects nothing yet gets all it can."""
        new = not any((self.case / name).exists() for name in EXPECTATIONS)
        if isinstance(status, int) and (status != self.expected_status()):
            (self.case / "expect.exit").write_text(f"{status}\n", encoding="utf-8")
        for stream, text in got.items():
            path = self.case / f"expect.{stream}"
            if new or (path.exists() and not matches(lines_of(read(path)), lines_of(text))):
                path.write_text(for_keeping(text), encoding="utf-8")
                print(f"written: {path}")


def main():
    parser = argparse.ArgumentParser(description="Runs command-line cases (tests/README.md).")
    parser.add_argument("--deckle", type=pathlib.Path, default=REPOSITORY / "build" / "ci" / "deckle",
                        help="the program (default: the one of the preset ci)")
    parser.add_argument("--update", action="store_true", help="rewrite the expect files that do not match")
    parser.add_argument("cases", nargs="+", type=pathlib.Path, metavar="CASE", help="a case's folder")
    options = parser.parse_args()
    deckle = options.deckle.resolve()
    if not os.access(deckle, os.X_OK):
        parser.error(f"no program: {deckle}")

    failed, skipped = 0, 0
    for case in options.cases:
        try:
            report = Run(case.resolve(), deckle)(options.update)
        except BadCase as error:
            print(error, file=sys.stderr)
            return 2
        if report is None:
            skipped += 1
        elif report:
            failed += 1
            print("\n  ".join([f"{case.resolve().name}:", *report]))
    return 1 if failed else SKIPPED if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
