import os
import pathlib
import signal
import subprocess
import sys
import time


def ignore():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def wait_for(outputs):
    until = time.monotonic() + 60
    while len(list(pathlib.Path("out").glob("*.png"))) < outputs and time.monotonic() < until:
        time.sleep(0.01)


process = subprocess.Popen([os.environ["DECKLE"], "run", "-q", "chain.json", "in", "-o", "out", "-j", "2",
                            "--sync", "none"],
                           preexec_fn=ignore)
wait_for(2)
process.send_signal(signal.SIGHUP)
process.send_signal(signal.SIGINT)
wait_for(len(list(pathlib.Path("out").glob("*.png"))) + 10)
process.send_signal(signal.SIGTERM)
status = process.wait(60)
sys.exit(128 - status if status < 0 else status)
