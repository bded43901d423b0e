#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every row of the benchmark with every tool; see README.md. Called by run.sh, which builds what this runs.

    bench.py --build FOLDER --work FOLDER --photographs FOLDER [--rounds N] [--quick] [--only ROW] [--jobs N]
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable  # has the distribution's modules

# A run that is faster than this is repeated within the round.
LEAST_SECONDS = 0.6
MOST_REPEATS = 4

CORPORA = {"dataset": (1200, 120), "medium": (80, 12), "large": (24, 4), "one": (1, 1)}  # pictures; with --quick
TIMES = 6  # how often "dataset, several times" has each picture: the start must be short beside the gain of a thread


@dataclass
class Row:
    key: str
    title: str
    corpus: str
    work: str  # crop:SIDE or expand
    form: str = "jpg"
    copies: int = 1
    tools: list = field(default_factory=list)  # none: all that can


PEERS = ["libvips", "OpenCV", "Pillow", "torchvision", "mogrify", "gm"]
FLOORS = ["floor, full", "floor, window"]
ALL = ["deckle", *PEERS, *FLOORS]
THREADS = ["deckle, -j1", "deckle", "floor, window, -j1", "floor, window"]

ROWS = [
    Row("500-224", "500 px → random 224²", "dataset", "crop:224", tools=ALL),
    Row("2mp-224", "2–3 MP → random 224²", "medium", "crop:224", tools=ALL),
    Row("2mp-1024", "2–3 MP → random 1024²", "medium", "crop:1024", tools=ALL),
    Row("12mp-512", "12 MP → random 512²", "large", "crop:512", tools=ALL),
    Row("2mp-expand", "2–3 MP, crop 8, pad 16, 2 ×", "medium", "expand", tools=[*ALL[:-1]]),
    Row("500-png", "500 px → random 224² PNG", "dataset", "crop:224", form="png", tools=ALL),
    Row("500-npy", "500 px → random 224² npy", "dataset", "crop:224", form="npy",
        tools=["deckle", "OpenCV", "Pillow", "torchvision", *FLOORS]),
    Row("copies", "500 px → 8 random 224² of each", "dataset", "crop:224", copies=8,
        tools=["deckle", "deckle, 8 runs", "libvips", "OpenCV", "Pillow", "torchvision", "floor, full"]),
    Row("threads-224", "500 px → random 224²", "dataset, several times", "crop:224", tools=THREADS),
    Row("threads-1024", "2–3 MP → random 1024²", "medium, several times", "crop:1024", tools=THREADS),
    Row("one", "one small JPEG, start-up included", "one", "crop:224", tools=ALL),
]  # fmt: skip


class Bench:
    def __init__(self, arguments):
        self.jobs = arguments.jobs
        self.quick = arguments.quick
        self.deckle = arguments.build / "deckle"
        self.programs = arguments.build / "tests" / "bench"
        self.work = arguments.work
        self.photographs = arguments.photographs
        self.out = self.work / f"out-{os.getpid()}"
        self.versions = {}

    # ---- corpora

    def corpus(self, name):
        """The files of a corpus, which are made unless an earlier run made them from the same photographs."""
        if name.endswith(", several times"):
            return self.several_times(*self.corpus(name.partition(",")[0]))
        count = CORPORA[name][1 if self.quick else 0]
        seen = hashlib.sha256((HERE / "corpora.py").read_bytes())
        for file in sorted(self.photographs.rglob("*")):
            if file.is_file():
                status = file.stat()
                seen.update(f"{file.relative_to(self.photographs)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        folder = self.work / f"{name}-{count}-{seen.hexdigest()[:12]}"
        if not folder.exists():
            print(f"Making {count} pictures: {name} ... ", end="", file=sys.stderr, flush=True)
            start = time.monotonic()
            for old in self.work.glob(f"{name}-{count}-*"):
                shutil.rmtree(old)
            making = folder.with_suffix(".part")
            subprocess.run(
                [PYTHON, HERE / "corpora.py", self.photographs, making, name, str(count)],
                check=True,
            )
            making.rename(folder)
            print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
        return folder, sorted(str(file) for file in folder.iterdir())

    def several_times(self, folder, files):
        many = folder.with_name(f"{folder.name}-x{TIMES}")
        if not many.exists():
            making = many.with_suffix(".part")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            for turn in range(TIMES):
                for file in files:
                    os.link(file, making / f"{turn}-{os.path.basename(file)}")
            making.rename(many)
        return many, sorted(str(file) for file in many.iterdir())

    # ---- tools

    def find_tools(self):
        """The versions of the tools that work here."""
        trials = {
            "deckle": [self.deckle, "--version"],
            "libvips": [self.programs / "bench_vips", "--version"],
            "OpenCV": [PYTHON, HERE / "peers" / "pool.py", "cv2", "--version"],
            "Pillow": [PYTHON, HERE / "peers" / "pool.py", "pillow", "--version"],
            "torchvision": [PYTHON, HERE / "peers" / "pool.py", "torchvision", "--version"],
            "mogrify": ["mogrify", "-version"],
            "gm": ["gm", "-version"],
            "floor": [self.programs / "bench_floor", "--version"],
        }
        for tool, command in trials.items():
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            except OSError:
                done = None
            if done is None or done.returncode != 0:
                print(f"{tool} is left out: it is not there or does not start", file=sys.stderr)
                continue
            first = done.stdout.strip().splitlines()[0]
            shorter = re.match(r"(?:Version: )?(ImageMagick|GraphicsMagick) ([\w.+-]+)", first)
            self.versions[tool] = " ".join(shorter.groups()) if shorter else first

    def can(self, tool):
        return tool.partition(",")[0] in self.versions

    def command(self, tool, row, folder, files):
        """The command, and what it reads from standard input."""
        names = "".join(file + "\n" for file in files)
        jobs = 1 if tool.endswith(", -j1") else self.jobs
        tool = tool.removesuffix(", -j1")
        common = [row.work, row.form, str(jobs), str(row.copies), str(self.out)]
        if tool.startswith("deckle"):
            if tool == "deckle, 8 runs":
                return ["sh", "-c", self.eight_runs(row, folder, jobs)], ""
            return self.deckle_run(row, folder, jobs, self.out, row.copies), ""
        if tool.startswith("floor"):
            return [self.programs / "bench_floor", tool.partition(", ")[2], *common], names
        if tool == "libvips":
            return [self.programs / "bench_vips", *common], names
        if tool in ("OpenCV", "Pillow", "torchvision"):
            return [PYTHON, HERE / "peers" / "pool.py", {"OpenCV": "cv2"}.get(tool, tool.lower()), *common], names
        # GraphicsMagick repeats the folders of a name below its output folder. Therefore it runs in the folder of the
        # pictures.
        return self.mogrify(tool, row, files), "".join(os.path.basename(file) + "\n" for file in files)

    def chain(self, row):
        if row.work == "expand":
            layers = [
                {"class_name": "Cropping2D", "config": {"cropping": 8}},
                {"class_name": "ZeroPadding2D", "config": {"padding": 16}},
                {"class_name": "UpSampling2D", "config": {"size": 2}},
            ]
        else:
            side = int(row.work.partition(":")[2])
            layers = [{"class_name": "RandomCrop", "config": {"height": side, "width": side}}]
        output = {"format": row.form, **{"jpg": {"quality": 90}, "npy": {"dtype": "uint8"}}.get(row.form, {})}
        path = self.work / f"{row.key}.json"
        path.write_text(json.dumps({"seed": 42, "layers": layers, "output": output}))
        return path

    def deckle_run(self, row, folder, jobs, out, copies, seed=42):
        return [self.deckle, "run", self.chain(row), folder, "-o", out, "-j", str(jobs), "-q",
                "--copies", str(copies), "--seed", str(seed)]  # fmt: skip

    def eight_runs(self, row, folder, jobs):
        runs = (self.deckle_run(row, folder, jobs, self.out / str(i), 1, 42 + i) for i in range(row.copies))
        return " && ".join(" ".join(map(str, run)) for run in runs)

    def mogrify(self, tool, row, files):
        """mogrify for batches of files. It cannot draw: every batch has one window, which is inside all of its pictures."""
        program = ["mogrify"] if tool == "mogrify" else ["gm", "mogrify"]
        if row.work == "expand":
            what = "-shave 8x8 -bordercolor black -border 16x16 -sample 200% +repage"
        else:
            side = int(row.work.partition(":")[2])
            least = [min(axis) for axis in zip(*(size_of_file(file) for file in files))]
            down, across = (f"$(( SEED * {k} % {length - side + 1} ))" for k, length in zip((7, 1), least))
            what = f"-crop {side}x{side}+{across}+{down} +repage"
        how = "-format png" if row.form == "png" else "-quality 90 -sampling-factor 2x2"
        batch = max(1, min(25, len(files) // (4 * self.jobs)))
        script = f'SEED=$(( $$ * 7919 % 100003 )); exec {" ".join(program)} -output-directory "$OUT" {what} {how} "$@"'
        if tool == "mogrify":
            script = script.replace("-output-directory", "-path")
        return ["xargs", "-P", str(self.jobs), "-n", str(batch), "sh", "-c", script, "sh"]

    # ---- running

    def time_once(self, tool, row, folder, files):
        command, names = self.command(tool, row, folder, files)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        # One thread in each process, because there are as many processes as processors.
        alone = {"OMP_NUM_THREADS": "1", "MAGICK_THREAD_LIMIT": "1", "OUT": str(self.out)}
        environment = {**os.environ, **({} if tool.startswith("deckle") else alone)}
        listing = self.work / "list"
        listing.write_text(names)
        with open(listing) as stdin, open(self.work / "errors", "w+") as errors:
            start = time.perf_counter()
            process = subprocess.Popen(
                list(map(str, command)), stdin=stdin, stdout=subprocess.DEVNULL, stderr=errors, env=environment,
                cwd=folder,
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            if process.returncode != 0:
                sys.exit(f"{tool} failed in {row.key}:\n{errors.read()[-2000:]}\n{' '.join(map(str, command))[:500]}")
        return {
            "seconds": seconds,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_kb": usage.ru_maxrss,
        }

    def check(self, tool, row, files):
        """The number of bytes that were written. Ends the program if the files are not what the row asks for."""
        outputs = list(self.out.rglob(f"*.{row.form}"))
        if len(outputs) != len(files) * row.copies:
            sys.exit(f"{tool} wrote {len(outputs)} files in {row.key}, not {len(files) * row.copies}")
        if row.work == "expand":
            wanted = {tuple(2 * (side + 16) for side in size_of_file(file)) for file in files}
        else:
            wanted = {(int(row.work.partition(":")[2]),) * 2}
        for file in outputs[:: max(1, len(outputs) // 20)]:
            size = size_of_file(file)
            if size not in wanted:
                sys.exit(f"{tool} wrote {size} in {row.key}")
            if row.form == "jpg" and not is_420(file):
                sys.exit(f"{tool} did not write 4:2:0 in {row.key}")
        return sum(file.stat().st_size for file in outputs)

    def start_up(self, rounds):
        """Milliseconds of commands that read no picture."""
        table = {}
        for arguments in (["--version"], ["--help"], ["layers"]):
            samples = []
            for _ in range(5 * rounds):
                start = time.perf_counter()
                subprocess.run([self.deckle, *arguments], stdout=subprocess.DEVNULL, check=True)
                samples.append((time.perf_counter() - start) * 1000)
            table[" ".join(["deckle", *arguments])] = samples
        return table


def tell(what):
    """Shows the progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


def markers(file):
    """The marker segments of a JPEG before its picture data: (marker, content)."""
    with open(file, "rb") as stream:
        data = stream.read(1 << 16)
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield data[at + 1], data[at + 4 : at + 2 + length]
        at += 2 + length


def size_of_file(file):
    """Rows and columns of a JPEG, a PNG or an array."""
    if str(file).endswith(".npy"):
        with open(file, "rb") as stream:
            extents = re.search(rb"'shape': \(([\d, ]+)\)", stream.read(128))[1].split(b",")
        extents = [int(extent) for extent in extents]
        return tuple(extents[:2] if extents[2] == 3 else extents[1:])
    if str(file).endswith(".png"):
        with open(file, "rb") as stream:
            cols, rows = struct.unpack(">II", stream.read(24)[16:])
        return rows, cols
    for marker, content in markers(file):
        if marker in (0xC0, 0xC1, 0xC2):
            return struct.unpack(">HH", content[1:5])
    sys.exit(f"{file} is no JPEG")


def is_420(file):
    for marker, content in markers(file):
        if marker in (0xC0, 0xC1, 0xC2):
            return content[5] == 1 or content[7] == 0x22
    return False


# ---- results


def per_second(entry):
    """Outputs a second: the median of all runs."""
    return entry["outputs"] / statistics.median(run["seconds"] for run in entry["runs"])


def ratios(row):
    """deckle beside the best peer, and beside the floor, which does only what it must."""
    tools = row["tools"]
    peers = {tool: per_second(entry) for tool, entry in tools.items() if tool in PEERS}
    floors = {tool: per_second(entry) for tool, entry in tools.items() if tool in FLOORS}
    best = max(peers, key=peers.get, default=None)
    floor = max(floors, key=floors.get, default=None)
    return best, floor


def compared(results):
    """The rows that compare tools, and these tools."""
    rows = {key: row for key, row in results["rows"].items() if not key.startswith("threads") and key != "one"}
    return rows, [tool for tool in ALL if any(tool in row["tools"] for row in rows.values())]


def table(results):
    rows, tools = compared(results)
    lines = [
        "| outputs/s, medians | " + " | ".join(tools) + " | deckle / best peer | deckle / floor |",
        "| --- |" + " --: |" * (len(tools) + 2),
    ]
    for row in rows.values():
        speed = {tool: per_second(entry) for tool, entry in row["tools"].items()}
        best, floor = ratios(row)
        cells = [f"{speed[tool]:.0f}" if tool in speed else "–" for tool in tools]
        cells[0] = f"**{cells[0]}**"
        cells.append(f"**{speed['deckle'] / speed[best]:.1f} ×** ({best})" if best else "–")
        cells.append(f"**{speed['deckle'] / speed[floor]:.2f}** ({floor.partition(', ')[2]})" if floor else "–")
        lines.append(f"| {row['title']} | " + " | ".join(cells) + " |")
    return lines


def others(results):
    rows = results["rows"]
    lines = []
    if "copies" in rows and "deckle, 8 runs" in rows["copies"]["tools"]:
        tools = rows["copies"]["tools"]
        once, often = (per_second(tools[tool]) for tool in ("deckle", "deckle, 8 runs"))
        lines.append(
            "| 8 copies from one decode against 8 runs "
            f"| {once:.0f} against {often:.0f} outputs/s: {once / often:.1f} × |"
        )
    for key in ("threads-224", "threads-1024"):
        if key in rows:
            speed = {tool: per_second(entry) for tool, entry in rows[key]["tools"].items()}
            one, many = speed["deckle, -j1"], speed["deckle"]
            floor = speed["floor, window"] / speed["floor, window, -j1"]
            lines.append(
                f"| {results['jobs']} threads against one, {rows[key]['title']} "
                f"| {many:.0f} against {one:.0f} files/s: {many / one:.2f} × (floor: {floor:.2f} ×) |"
            )
    if "one" in rows:
        each = {tool: 1000 * entry["outputs"] / per_second(entry) for tool, entry in rows["one"]["tools"].items()}
        times = ", ".join(f"{tool} {ms:.0f} ms" for tool, ms in each.items())
        lines.append(f"| one small JPEG, whole process | {times} |")
    for name, samples in results["start_up_ms"].items():
        lines.append(f"| `{name}` | {statistics.median(samples):.0f} ms |")
    return ["| | |", "| --- | --- |", *lines]


def processor_time(results):
    """Processor time: it varies less than the clock if others use the machine too."""
    rows, tools = compared(results)
    lines = ["| processor time, µs an output | " + " | ".join(tools) + " |", "| --- |" + " --: |" * len(tools)]
    for row in rows.values():
        cells = []
        for tool in tools:
            entry = row["tools"].get(tool)
            if entry is None:
                cells.append("–")
                continue
            spent = statistics.median(run["cpu_seconds"] for run in entry["runs"])
            cells.append(f"{1e6 * spent / entry['outputs']:.0f}")
        lines.append(f"| {row['title']} | " + " | ".join(cells) + " |")
    return lines


def memory(results):
    lines = [
        "| peak memory of the largest process, MB | deckle | its target | best peer |",
        "| --- | --: | --: | --: |",
    ]
    for row in compared(results)[0].values():
        peak = {tool: max(run["peak_kb"] for run in entry["runs"]) / 1024 for tool, entry in row["tools"].items()}
        best, _ = ratios(row)
        lines.append(
            f"| {row['title']} | {peak['deckle']:.0f} | {row['memory_target_mb']:.0f} "
            f"| {f'{peak[best]:.0f} ({best})' if best else '–'} |"
        )
    return lines


def sizes(results):
    """The effect of compression levels: mean size of the PNG files."""
    row = results["rows"].get("500-png")
    if not row:
        return []
    each = {tool: entry["bytes"] / entry["outputs"] / 1000 for tool, entry in row["tools"].items()}
    return ["Mean size of a PNG, kB: " + ", ".join(f"{tool} {size:.0f}" for tool, size in each.items()) + "."]


def processor():
    try:
        found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def memory_target(row, files, bytes_out, jobs):
    """threads x (compressed + needed window + output) + 40 MB, of the largest of each."""
    compressed = max(os.path.getsize(file) for file in files)
    if row.work == "expand":
        pixels = max(rows * cols for rows, cols in map(size_of_file, files))
        window = 3 * pixels + 3 * 4 * pixels  # the picture, and its output
    else:
        window = 3 * int(row.work.partition(":")[2]) ** 2
    return (jobs * (compressed + window + 2 * bytes_out / (len(files) * row.copies)) + 40e6) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--photographs", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", action="append", choices=[row.key for row in ROWS])
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()

    bench = Bench(arguments)
    bench.find_tools()
    if "deckle" not in bench.versions:
        sys.exit("deckle does not start")
    rows = [row for row in ROWS if not arguments.only or row.key in arguments.only]
    results = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": processor(),
        "jobs": bench.jobs,
        "rounds": arguments.rounds,
        "quick": arguments.quick,
        "versions": bench.versions,
        "rows": {},
    }
    try:
        corpora = {row.corpus: bench.corpus(row.corpus) for row in rows}
        for turn in range(arguments.rounds):
            for row in rows:
                folder, files = corpora[row.corpus]
                entry = results["rows"].setdefault(row.key, {"title": row.title, "files": len(files), "tools": {}})
                for tool in filter(bench.can, row.tools):
                    tell(f"round {turn + 1} of {arguments.rounds}: {row.title}, {tool}")
                    made = entry["tools"].setdefault(tool, {"outputs": len(files) * row.copies, "runs": []})
                    spent = 0
                    for _ in range(1 if arguments.quick else MOST_REPEATS):
                        made["runs"].append({"round": turn, **bench.time_once(tool, row, folder, files)})
                        spent += made["runs"][-1]["seconds"]
                        if spent >= LEAST_SECONDS:
                            break
                    if turn == 0:
                        made["bytes"] = bench.check(tool, row, files)
                        if tool == "deckle":
                            entry["memory_target_mb"] = memory_target(row, files, made["bytes"], bench.jobs)
        tell("")
        results["start_up_ms"] = bench.start_up(arguments.rounds)
    finally:
        shutil.rmtree(bench.out, ignore_errors=True)

    arguments.results.write_text(json.dumps(results, indent=1) + "\n")
    print(f"{results['processor']}, {bench.jobs} threads; medians of all runs in {arguments.rounds} round(s)"
          + (" (--quick: only a trial)" if arguments.quick else ""))  # fmt: skip
    print("; ".join(version for version in bench.versions.values()))
    for part in (table(results), others(results), processor_time(results), memory(results), sizes(results)):
        print()
        print("\n".join(part))


if __name__ == "__main__":
    main()
