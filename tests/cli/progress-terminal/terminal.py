"""Runs deckle on a terminal of 100 columns and looks at what it draws."""
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios


def on_terminal(*options, columns=100, environment=()):
    """What came out, byte for byte, and what is on the screen at the end."""
    shutil.rmtree("out", ignore_errors=True)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [os.environ["DECKLE"], "run", "chain.json", "in", "-o", "out", "-j", "1", *options],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env={**os.environ, **dict(environment)})
    os.close(theirs)
    raw = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        raw += block
    os.close(ours)
    assert process.wait(60) == 1, process.returncode
    text = raw.decode()
    return text, screen(text, columns)


def screen(text, columns):
    """The lines that remain: \\r goes back, \\x1b[K erases to the end of the line."""
    lines, at = [""], 0
    for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", text, re.S):
        if token == "\n":
            lines.append("")
            at = 0
        elif token == "\r":
            at = 0
        elif token == "\x1b[K":
            lines[-1] = lines[-1][:at]
        elif token.startswith("\x1b"):
            assert re.fullmatch(r"\x1b\[[0-9;]*m", token), f"unknown escape code {token!r}"
        else:
            lines[-1] = lines[-1][:at] + token + lines[-1][at + 1:]
            at += 1
            assert at < columns or at == len(lines[-1]), "the bar wraps"
    return lines


def bars(text):
    return re.findall(r"\r(\[[^\r\n]*left[^\r\n]*?)\x1b\[K", text)


def check_end(lines):
    assert lines[0] == "9 files, 1 layer → out", lines
    assert lines[1] == "in/bad.jpg: the file is empty", lines
    assert re.fullmatch(r"8 written, 1 failed in [\d.]+ s \([\d.]+ images/s\) → out/manifest.jsonl", lines[2]), lines
    assert lines[3:] == [""], lines


text, lines = on_terminal()
assert bars(text), repr(text)
assert all("/9" in bar and "images/s" in bar for bar in bars(text)), bars(text)
assert any("█" in bar for bar in bars(text)), bars(text)
assert max(map(len, bars(text))) < 100
assert "\x1b[31min/bad.jpg: the file is empty\x1b[0m" in text, repr(text)
check_end(lines)

# No colours, but still a bar; no letters beyond ASCII where the locale has none.
text, lines = on_terminal(environment={"NO_COLOR": "1", "LANG": "C", "LC_ALL": "C"}.items())
assert bars(text) and any("#" in bar and "█" not in bar for bar in bars(text)), repr(text)
assert not re.search(r"\x1b\[[0-9;]*m", text), repr(text)
check_end(lines)

# A narrow terminal: still one line.
text, lines = on_terminal(columns=30)
assert "\x1b[K" in text
check_end([line for line in lines])

# None where none is wanted.
text, lines = on_terminal("--progress", "never")
assert "\x1b[K" not in text and "left" not in text, repr(text)
check_end(lines)
text, lines = on_terminal("-q")
assert lines == ["in/bad.jpg: the file is empty", ""], lines
