#!/usr/bin/env python3
"""A long run: do memory, descriptors and throughput stay flat?

    tests/bench/long.py DECKLE PICTURES COUNT OUT [DECKLE-ARGUMENT...]

Makes COUNT hard links to the pictures of a folder, 1,000 in a folder, beside OUT, runs a random crop of 64 x 64 over them
into OUT, looks at the process every five seconds, and prints a line for each tenth of the run. Exit 1 where memory or
descriptors of the last tenth are more than in the second by more than the records of its images explain, or the rate
falls below half of the second tenth's.
"""
import json
import os
import shutil
import subprocess
import sys
import threading
import time

BYTES_A_RECORD = 300  # of memory, for each image of the list

deckle, pictures, count, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
inputs = out + "-inputs"
files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(pictures) for name in names)
for path in (inputs, out):
    if os.path.exists(path):
        sys.exit(f"{path} is there already")
os.makedirs(inputs + "/0")
originals = []
for i, file in enumerate(files):
    originals.append(f"{inputs}/0/{i}{os.path.splitext(file)[1]}")
    shutil.copy(file, originals[-1])
sizes = [os.path.getsize(file) for file in originals]
for i in range(count - len(originals)):
    folder = f"{inputs}/{1 + i // 1000}"
    if i % 1000 == 0:
        os.makedirs(folder)
    original = originals[i % len(originals)]
    os.link(original, f"{folder}/{i}{os.path.splitext(original)[1]}")
read = sum(sizes) + sum(sizes[i % len(sizes)] for i in range(count - len(originals)))
chain = {"seed": 1, "layers": [{"class_name": "RandomCrop", "config": {"height": 64, "width": 64}}],
         "output": {"format": "jpg"}}
with open(inputs + ".json", "w") as file:
    json.dump(chain, file)

command = [deckle, "run", inputs + ".json", inputs, "-o", out, "--progress", "always", "--log-format", "json"]
process = subprocess.Popen(command + sys.argv[5:], stderr=subprocess.PIPE, text=True)
done = 0
last = {}


def listen():
    global done, last
    for line in process.stderr:
        fields = json.loads(line)
        last = fields if fields.get("level") != "progress" else last
        done = max(done, fields.get("done", 0))


listener = threading.Thread(target=listen)
listener.start()
looks = []
begin = time.monotonic()
while process.poll() is None:
    try:
        with open(f"/proc/{process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        looks.append((time.monotonic() - begin, done, int(fields["VmRSS"].split()[0]) / 1000,
                      len(os.listdir(f"/proc/{process.pid}/fd"))))
    except (OSError, KeyError):
        break
    time.sleep(5)
process.wait()
listener.join()
seconds = time.monotonic() - begin
print(f"{count} pictures, {read / 1e9:.1f} GB read, {seconds:.0f} s, exit {process.returncode}: {last.get('message')}")
print("   done      s  pictures/s  memory MB  descriptors")
tenths = []
at = (0.0, 0, 0.0, 0)
for look in looks:
    if look[1] - at[1] >= count / 10:
        tenths.append(((look[1] - at[1]) / (look[0] - at[0]), look[2], look[3]))
        print(f"{look[1]:8} {look[0]:6.0f} {tenths[-1][0]:11.0f} {look[2]:10.1f} {look[3]:12}")
        at = look
shutil.rmtree(inputs)
if process.returncode != 0 or len(tenths) < 3:
    sys.exit(1)
second, end = tenths[1], tenths[-1]
flat = end[1] - second[1] < 20 + count * BYTES_A_RECORD / 1e6 and end[2] <= second[2] + 8 and end[0] > second[0] / 2
print("flat" if flat else "NOT FLAT")
sys.exit(0 if flat else 1)
