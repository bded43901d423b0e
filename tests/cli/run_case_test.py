#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of run_case.py: a runner that lets everything pass would be worse than none."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import run_case  # noqa: E402: found by the line above


class Matching(unittest.TestCase):
    def test_lines_match_themselves_only(self):
        self.assertTrue(run_case.matches(["a", "b"], ["a", "b"]))
        self.assertFalse(run_case.matches(["a", "b"], ["a"]))
        self.assertFalse(run_case.matches(["a"], ["a", "b"]))
        self.assertFalse(run_case.matches(["a.c"], ["abc"]))
        self.assertTrue(run_case.matches([], []))
        self.assertFalse(run_case.matches([], ["a"]))

    def test_dots_in_brackets_match_within_a_line(self):
        self.assertTrue(run_case.matches(["in [..] s ([..])"], ["in 0.3 s (9 images/s)"]))
        self.assertFalse(run_case.matches(["in [..] s"], ["in 0.3 min"]))

    def test_a_line_of_dots_matches_any_lines(self):
        self.assertTrue(run_case.matches(["...", "b", "..."], ["b"]))
        self.assertTrue(run_case.matches(["...", "b"], ["b", "x", "b"]))
        self.assertTrue(run_case.matches(["a", "...", "b", "...", "c"], ["a", "x", "b", "b", "y", "c"]))
        self.assertFalse(run_case.matches(["a", "...", "b"], ["a", "b", "c"]))

    def test_a_missing_newline_is_a_difference(self):
        self.assertFalse(run_case.matches(run_case.lines_of("a\n"), run_case.lines_of("a")))
        self.assertFalse(run_case.matches(run_case.lines_of("a\n"), run_case.lines_of("a\n\n")))

    def test_the_diff_shows_only_what_differs(self):
        diff = run_case.difference("stderr", ["took [..]", "bad"], ["took 3 s", "\x1b[31mworse"])
        self.assertIn(" took 3 s", diff)
        self.assertIn("-bad", diff)
        self.assertIn("+\\x1b[31mworse", diff)

    def test_update_writes_no_times(self):
        self.assertEqual(run_case.for_keeping("424 written in 0.24 s (1 790 images/s) → m\n"),
                         "424 written in [..] ([..] images/s) → m\n")
        self.assertEqual(run_case.for_keeping("2 failed in 1 min (7 images/s)\n"), "2 failed in [..] ([..] images/s)\n")


class Cases(unittest.TestCase):
    """Whole cases, with `bash` standing in for the program."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.case = pathlib.Path(temporary.name) / "case"
        self.case.mkdir()

    def run_case(self, *options, **files):
        for name, text in files.items():
            (self.case / name.replace("_", ".")).write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, run_case.__file__, "--deckle", "/bin/bash", *options, str(self.case)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_passes_and_copies_the_other_files(self):
        self.assertEqual(self.run_case(cmd='"$DECKLE" -c "ls; cat chain.json" >&2', chain_json="{}\n",
                                       expect_stderr="chain.json\n{}\n", expect_stdout=""), (0, ""))

    def test_an_unexpected_exit_code_fails_and_shows_stderr(self):
        status, output = self.run_case(cmd="echo why >&2; exit 3")
        self.assertEqual(status, 1)
        self.assertIn("exit: expected 0, got 3", output)
        self.assertIn("why", output)
        self.assertEqual(self.run_case(expect_exit="3\n"), (0, ""))

    def test_a_failing_step_before_the_last_counts(self):
        self.assertEqual(self.run_case(cmd="false\ntrue")[0], 1)

    def test_unexpected_output_fails(self):
        status, output = self.run_case(cmd="echo b", expect_stdout="a\n")
        self.assertEqual(status, 1)
        self.assertIn("-a", output)
        self.assertIn("+b", output)

    def test_the_check_counts_and_sees_the_output(self):
        self.assertEqual(self.run_case(cmd="echo a; touch made", check='test -e made; grep -q a "$STDOUT"'), (0, ""))
        self.assertEqual(self.run_case(cmd="echo b", check='test -e made; grep -q a "$STDOUT"')[0], 1)

    def test_77_is_skipped(self):
        self.assertEqual(self.run_case(cmd="echo no data >&2; exit 77"), (77, "case: skipped\nno data\n"))

    def test_paths_of_the_run_have_names(self):
        self.assertEqual(self.run_case(cmd='echo "$PWD/a $SAMPLES/b"', expect_stdout="$WORK/a $SAMPLES/b\n"), (0, ""))

    def test_update_fills_a_new_case_and_keeps_patterns_that_match(self):
        self.assertEqual(self.run_case("--update", cmd="echo 1 in 0.5 s; exit 1")[0], 0)
        self.assertEqual((self.case / "expect.stdout").read_text(), "1 in [..]\n")
        self.assertEqual((self.case / "expect.exit").read_text(), "1\n")
        self.assertEqual(self.run_case("--update", expect_stdout="[..] in [..]\n"), (0, ""))
        self.assertEqual((self.case / "expect.stdout").read_text(), "[..] in [..]\n")

    def test_a_misspelt_expectation_is_refused(self):
        self.assertEqual(self.run_case(cmd="true", expect_sterr="")[0], 2)


if __name__ == "__main__":
    unittest.main()
