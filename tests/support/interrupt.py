import os
import pathlib
import signal
import subprocess
import sys
import time


def listen():
    """The parent may ignore signals, and a child inherits that."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


process = subprocess.Popen([os.environ["DECKLE"], "run", "chain.json", "in", "-o", "out", "-j", "2"],
                           preexec_fn=listen)
until = time.monotonic() + 60
while len(list(pathlib.Path("out").glob("*.png"))) < 3 and time.monotonic() < until:
    time.sleep(0.01)
process.send_signal(getattr(signal, "SIG" + sys.argv[1]))
sent = time.monotonic()
status = process.wait(60)
if time.monotonic() - sent > 10:
    sys.exit("it took too long to end")
sys.exit(status)
