#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of includes.py: it must find each kind of mistake."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import includes  # noqa: E402: found by the line above


def mistakes_in(files):
    """The mistakes of a tree with these files, without those about arrows that it lacks."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return [m for m in includes.mistakes_in(root) if "take it out of the table" not in m]


class Includes(unittest.TestCase):
    def test_an_arrow_of_the_table_is_right(self):
        self.assertEqual(mistakes_in({"src/core/a.h": "#include <vector>\n",
                                      "src/random/b.h": '#include "core/a.h"\n',
                                      "cli/c.cpp": '#include "core/a.h"\n'}), [])

    def test_an_arrow_against_the_table_is_named_with_its_line(self):
        self.assertEqual(mistakes_in({"src/core/a.h": '\n#include "batch/b.h"\n', "src/batch/b.h": ""}),
                         ['src/core/a.h:2: "batch/b.h": core may not include batch'])

    def test_a_circle_is_drawn(self):
        mistakes = mistakes_in({"src/core/a.h": '#include "batch/b.h"\n', "src/batch/b.h": '#include "core/a.h"\n'})
        self.assertIn("includes go in a circle: batch -> core -> batch", mistakes)

    def test_a_stem_is_used_once(self):
        mistakes = mistakes_in({"src/core/a.h": "", "src/core/a.cpp": "", "cli/a.cpp": ""})
        self.assertEqual(mistakes, ["a: this file stem is used more than once, in cli, src/core; rename one"])

    def test_a_walled_room_has_one_door(self):
        tree = {"src/codecs/jpeg/jpeg.h": "", "src/codecs/jpeg/huffman.h": '#include "codecs/codec.h"\n',
                "src/codecs/codec.h": '#include "codecs/jpeg/jpeg.h"\n'}
        self.assertEqual(mistakes_in(tree), [])
        tree["src/codecs/png.h"] = '#include "codecs/jpeg/huffman.h"\n'
        self.assertEqual(mistakes_in(tree), ['src/codecs/png.h:1: "codecs/jpeg/huffman.h": outside of codecs/jpeg only '
                                             'codecs/jpeg/jpeg.h may be included'])

    def test_a_room_that_is_not_in_the_table_is_refused(self):
        self.assertEqual(mistakes_in({"src/attic/a.h": ""}),
                         ["src/attic/a.h: the room attic is not in the table of tests/includes.py"])

    def test_a_header_that_is_not_there_is_refused(self):
        self.assertEqual(mistakes_in({"src/batch/a.h": '#include "core/gone.h"\n'}),
                         ['src/batch/a.h:1: "core/gone.h": there is no src/core/gone.h'])

    def test_an_arrow_that_no_file_uses_is_not_in_the_table(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "src" / "random").mkdir(parents=True)
            (pathlib.Path(folder) / "src" / "random" / "a.h").write_text("", encoding="utf-8")
            self.assertIn("random does not include core: take it out of the table of tests/includes.py",
                          includes.mistakes_in(pathlib.Path(folder)))


if __name__ == "__main__":
    unittest.main()
