import os
import pathlib
import signal
import subprocess
import sys
import time

process = subprocess.Popen([os.environ["DECKLE"], "run", "chain.json", "in", "-o", "out", "-j", "2"],
                           stderr=subprocess.PIPE, text=True)
while process.poll() is None and len(list(pathlib.Path("out").glob("b*.png"))) < 4:
    time.sleep(0.01)
process.send_signal(signal.SIGINT)
told = None
for line in process.stderr:
    if line.startswith("finishing"):
        told = time.monotonic()
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        break
status = process.wait()
if told is None:
    sys.exit("no word of the first Ctrl-C")
if status != -signal.SIGINT and sent - told > 1:
    print("this machine is too busy: the run had its two seconds before the second Ctrl-C", file=sys.stderr)
    sys.exit(77)
print(line, end="", file=sys.stderr)
sys.exit("it ended by itself" if status != -signal.SIGINT else 0)
