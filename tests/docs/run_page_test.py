#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of run_page.py and links.py: they must find mistakes."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent


class Pages(unittest.TestCase):
    """Whole pages, with a script as the program."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.page = self.folder / "page.md"
        program = self.folder / "deckle"
        program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    def run_page(self, text, *options):
        """Exit code and output for a page with this text."""
        self.page.write_text(text, encoding="utf-8")
        command = [sys.executable, HERE / "run_page.py", "--deckle", self.folder / "deckle", *options, self.page]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_a_page_as_shown_passes(self):
        page = "```sh\nx=1\ndeckle hello\n```\n\n```output\nhel[..]\n```\n```sh\ntest $x = 1\n```\n"
        self.assertEqual(self.run_page(page), (0, ""))

    def test_another_output_fails(self):
        status, told = self.run_page("```sh\ndeckle hello\n```\n```output\nbye\n```\n")
        self.assertEqual(status, 1)
        self.assertIn("+hello", told)

    def test_an_output_that_is_not_shown_fails(self):
        self.assertEqual(self.run_page("```sh\ndeckle hello\n```\n")[0], 1)

    def test_what_is_printed_as_an_error_counts(self):
        self.assertEqual(self.run_page("```sh\ndeckle hello >&2\n```\n")[0], 1)

    def test_a_command_that_fails_is_named(self):
        status, told = self.run_page("one\n```sh\ntrue\n```\n```sh\nfalse\n```\n```sh\necho never\n```\n")
        self.assertEqual(status, 1)
        self.assertIn("page.md:5: the commands of this block ended with exit code 1", told)

    def test_a_missing_tool_is_skipped_but_the_rest_is_compared(self):
        missing = "```sh no-such-tool\nno-such-tool\n```\n```output\nx\n```\n"
        status, told = self.run_page(missing + "```sh\ntrue\n```\n")
        self.assertEqual(status, 77)
        self.assertIn("page.md:1: needs no-such-tool", told)
        self.assertEqual(self.run_page(missing + "```sh\nfalse\n```\n")[0], 1)

    def test_other_blocks_are_not_run(self):
        self.assertEqual(self.run_page("```text\nfalse\n```\n```sh\ntrue\n```\n"), (0, ""))

    def test_pages_that_are_not_well_formed(self):
        for text in ("nothing", "```sh\ntrue\n", "```output\nx\n```\n", "```sh\n```sh\n```\n"):
            self.assertEqual(self.run_page(text)[0], 2, text)

    def test_update_writes_the_outputs_without_times(self):
        first, second = "```sh\ndeckle 3 written in 0.24 s\n```\n", "```sh\ndeckle a\n```\n```output\nold\n```\nend\n"
        self.run_page(first + second, "--update")
        self.assertEqual(self.page.read_text(encoding="utf-8"),
                         "```sh\ndeckle 3 written in 0.24 s\n```\n\n```output\n3 written in [..]\n```\n"
                         "```sh\ndeckle a\n```\n```output\na\n```\nend\n")

    def test_links(self):
        def links(text):
            self.page.write_text(text, encoding="utf-8")
            command = [sys.executable, HERE / "links.py", self.folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout.strip()

        good = "# A `b`, --c\n[x](page.md) [y](#a-b---c) [z](https://nowhere.example/)\n```\n[code](none.md)\n```\n"
        self.assertEqual(links(good), (0, "all links lead somewhere"))
        self.assertEqual(links("[x](none.md)"), (1, "page.md: none.md: there is no such file"))
        self.assertEqual(links("[x](page.md#none)"), (1, "page.md: page.md#none: the page has no such heading"))


if __name__ == "__main__":
    unittest.main()
