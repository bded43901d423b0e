#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes system calls of deckle fail, one at a time, and checks the files that are left.

    campaign.py --deckle PROGRAM --preload LIBRARY [--sample N] [--scenario NAME] [--kind KIND] [--case TEXT]

Every scenario (a run, one that goes on, shards, merge, replay, verify, ..) is run once for each call of each kind that
it makes, with that call failing. Afterwards
  * the exit code is a documented one, and never the one of an internal error in deckle or of an abort;
  * what has a final name is whole: the bytes of a run without faults, or those that were there before;
  * what the manifest says of outputs is true, and nothing outside the output folder has changed;
  * exit code 0 means that all is as without the fault;
  * the same command again gives the bytes of a run without faults, and leaves nothing unfinished.
--sample N takes N of all cases, always the same ones. --case takes one, as a failure names it, and shows what it prints.
Exits with 0 if all is well, 1 if not, 77 where the library cannot be preloaded.
"""
import argparse
import concurrent.futures
import errno
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples" / "pictures"
SKIPPED = 77
TIMEOUT_S = 120
# The most calls for memory that fail in a scenario, of many; --memory gives another number.
MEMORY_CALLS = 150
OLD = 1_600_000_000  # a time at which inputs were written, long ago

# How each kind of call goes wrong: an errno and how (see fault.cpp).
FAULTS = {
    "open": [("EIO", "error"), ("EMFILE", "error"), ("EACCES", "error"), ("EINTR", "error")],
    "creat": [("EIO", "error"), ("ENOSPC", "error"), ("EMFILE", "error"), ("EACCES", "error")],
    "openat": [("EMFILE", "error"), ("EIO", "error"), ("EACCES", "error")],
    "read": [("EIO", "error"), ("EINTR", "error"), ("EIO", "short")],
    "pread": [("EIO", "error"), ("EINTR", "error"), ("EIO", "short"), ("EIO", "nothing")],
    "write": [("ENOSPC", "error"), ("EIO", "error"), ("EINTR", "error"), ("EIO", "short"), ("ENOSPC", "partial"),
              ("EDQUOT", "partial")],
    "pwrite": [("ENOSPC", "error"), ("EINTR", "error"), ("EIO", "short"), ("ENOSPC", "partial")],
    "rename": [("EIO", "error"), ("ENOSPC", "error"), ("EACCES", "error")],
    "renameat2": [("EIO", "error"), ("EINVAL", "error"), ("ENOSPC", "error"), ("EXDEV", "error")],
    "link": [("EIO", "error"), ("EPERM", "error")],
    "unlink": [("EIO", "error"), ("EACCES", "error")],
    "sync": [("EIO", "error"), ("ENOSPC", "error")],
    "ftruncate": [("EIO", "error")],
    "close": [("EIO", "error"), ("ENOSPC", "error"), ("EINTR", "error")],
    "mmap": [("ENOMEM", "error"), ("ENODEV", "error")],
    "stat": [("EIO", "error"), ("EACCES", "error")],
    "lstat": [("EIO", "error"), ("EACCES", "error")],
    "fstat": [("EIO", "error")],
    "fstatat": [("EIO", "error"), ("EACCES", "error")],
    "access": [("EIO", "error"), ("EACCES", "error")],
    "opendir": [("EMFILE", "error"), ("EACCES", "error")],
    "readdir": [("EIO", "error")],
    "mkdir": [("ENOSPC", "error"), ("EACCES", "error")],
    "flock": [("EINTR", "error"), ("EIO", "error"), ("ENOLCK", "error")],
    "pthread_create": [("EAGAIN", "error")],
    "malloc": [("ENOMEM", "error")],
}


def snapshot(folder):
    """Content and time of every file below a folder, by its path."""
    found = {}
    for above, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(above, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = (hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns)
    return found


def visible(folder):
    """Content of every file that is not hidden."""
    found = {}
    for above, _, files in os.walk(folder):
        for name in files:
            if not name.startswith("."):
                path = os.path.join(above, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    return found


def hidden(folder):
    return sorted(os.path.relpath(os.path.join(above, name), folder)
                  for above, _, files in os.walk(folder) for name in files if name.startswith("."))


class Scenario:
    """A command in a folder of its own. `world` is made once, and copied for every case."""

    def __init__(self, name, command, world, exits=(0,)):
        self.name, self.command, self.world, self.exits = name, command, world, exits
        self.before = visible(world / "out")
        self.reference = None
        self.counts = None


def save(path, value):
    path.write_text(json.dumps(value))


def make_inputs(folder):
    for name in ("a/landscape.jpg", "a/grey.jpg", "b/alpha.png", "b/turned.jpg"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SAMPLES / os.path.basename(name), target)
    (folder / "b" / "notes.txt").write_text("no picture")
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (OLD, OLD))


def chain_of(seed, output):
    layers = [{"class_name": "RandomCrop", "config": {"height": 48, "width": 64}}]
    return {"seed": seed, "layers": layers, "output": output}


def make_scenarios(deckle, scratch, wanted):
    scenarios = []

    def world_of(name):
        world = scratch / "worlds" / name
        (world / "out").mkdir(parents=True)
        make_inputs(world / "in")
        save(world / "chain.json", chain_of(7, {"format": "png"}))
        save(world / "other.json", chain_of(8, {"format": "tiff"}))
        save(world / "stack.json", {**chain_of(7, {"format": "npy", "stack": True}), "input": {"color_mode": "rgb"}})
        return world

    def prepare(world, *commands):
        for command in commands:
            subprocess.run([deckle, *command, "-q"], cwd=world, check=True, stdout=subprocess.DEVNULL)

    def add(name, command, *before, change=None, exits=(0,)):
        if wanted and name not in wanted:
            return
        world = world_of(name)
        prepare(world, *before)
        if change:
            change(world)
        scenarios.append(Scenario(name, command, world, exits))

    def change_inputs(world):
        shutil.copyfile(SAMPLES / "portrait.png", world / "in" / "b" / "new.png")
        shutil.copyfile(SAMPLES / "landscape.jpg", world / "in" / "b" / "turned.jpg")
        (world / "in" / "a" / "grey.jpg").unlink()
        for name in ("b/new.png", "b/turned.jpg"):
            os.utime(world / "in" / name, (OLD + 9, OLD + 9))

    def elsewhere(world):
        """The manifest of a run, beside the output folder."""
        shutil.move(world / "out", world / "recorded")
        (world / "out").mkdir()

    run = ["run", "chain.json", "in", "-o", "out"]
    add("run", [*run, "-j1"])
    add("run-j2", [*run, "-j2"])
    add("copies", [*run, "-j1", "--copies", "2"])
    add("rows", [*run, "-j1", "--max-memory", "20k"], exits=(0, 1))
    add("again", [*run, "-j1"], run)
    add("resume", [*run, "-j1", "--prune"], run, change=change_inputs)
    add("overwrite", ["run", "other.json", "in", "-o", "out", "-j1", "--overwrite"], run)
    add("stack", ["run", "stack.json", "in", "-o", "out", "-j1"])
    add("shard", [*run, "-j1", "--shard", "1/2"], [*run, "--shard", "0/2"])
    add("merge", ["merge", "out", "-o", "out/manifest.jsonl"], [*run, "--shard", "0/2"], [*run, "--shard", "1/2"])
    add("replay", ["replay", "recorded/manifest.jsonl", "in", "-o", "out", "-j1"], run, change=elsewhere)
    add("verify", ["verify", "out", "-j1"], run)
    add("diff", ["diff", "recorded", "recorded/manifest.jsonl"], run, change=elsewhere)
    return scenarios


class Runner:
    def __init__(self, deckle, preload, scratch, show=False):
        self.deckle, self.preload, self.scratch, self.show = deckle, preload, scratch, show

    def command(self, scenario, world, fault=None, log=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DECKLE_FAULT")}
        environment["LC_ALL"] = "C.UTF-8"
        if log:
            environment.update(LD_PRELOAD=str(self.preload), DECKLE_FAULT_LOG=str(log))
        if fault:
            environment["DECKLE_FAULT"] = fault
        return subprocess.run([self.deckle, *scenario.command], cwd=world, env=environment, capture_output=True,
                              timeout=TIMEOUT_S, check=False, errors="replace", encoding="utf-8")

    def measure(self, scenario):
        """What the scenario gives without a fault, and how many calls of each kind it makes."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            world, log = pathlib.Path(folder) / "world", pathlib.Path(folder) / "log"
            shutil.copytree(scenario.world, world)
            done = self.command(scenario, world, log=log)
            if done.returncode not in scenario.exits:
                sys.exit(f"{scenario.name}: exit {done.returncode} without a fault:\n{done.stderr}")
            if not log.exists():
                return False
            scenario.exits = (done.returncode,)
            scenario.reference = visible(world / "out")
            scenario.counts = {line.split()[0]: int(line.split()[1]) for line in log.read_text().splitlines()}
            return True

    def check(self, scenario, kind, call, error, how):
        """What is wrong after this fault, in sentences; empty if the call was not made."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            world, log = pathlib.Path(folder) / "world", pathlib.Path(folder) / "log"
            shutil.copytree(scenario.world, world)
            outside = {path: what for path, what in snapshot(world).items() if not path.startswith("out" + os.sep)}
            try:
                done = self.command(scenario, world, f"{kind} {call} {getattr(errno, error)} {how}", log)
            except subprocess.TimeoutExpired:
                return ["does not end"]
            if not log.exists():
                return None
            wrong = []
            if self.show:
                print(f"exit {done.returncode}\n{done.stdout}{done.stderr}", end="")
            after = visible(world / "out")
            # 2 says that nothing was written.
            if done.returncode == -6 and "register TLS destructor" in done.stderr:
                pass  # glibc itself ends a process that has no memory for a thread's variables
            elif done.returncode not in (0, 1, 3) and (done.returncode != 2 or after != scenario.before):
                wrong.append(f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or ['(silent)'])[-1]}")
            elif done.returncode != 0 and not done.stderr.strip() and not done.stdout.strip():
                wrong.append(f"exit code {done.returncode} without a message")
            wrong += self.check_files(scenario, after, done)
            if done.returncode in (0, 1) and "manifest.jsonl" in after:
                verified = subprocess.run([self.deckle, "verify", "out"], cwd=world, capture_output=True, check=False,
                                          timeout=TIMEOUT_S, encoding="utf-8", errors="replace")
                # A stack that could not be made is reported, with exit code 1.
                wrong += [f"verify: {line}" for line in verified.stdout.splitlines()
                          if not line.startswith("unknown") and not (done.returncode == 1 and "not stacked" in done.stderr
                                                                     and line.endswith("deckle-stack.npy"))]
            if done.returncode == 0 and 0 in scenario.exits and after != scenario.reference:
                differing = sorted(name for name in after.keys() | scenario.reference.keys()
                                   if after.get(name) != scenario.reference.get(name))
                wrong.append(f"exit code 0, and {', '.join(differing)} not as without the fault")
            now = {path: what for path, what in snapshot(world).items() if not path.startswith("out" + os.sep)}
            if now != outside:
                wrong.append("something outside the output folder has changed")
            again = self.command(scenario, world)
            if self.show:
                print(f"again: exit {again.returncode}\n{again.stdout}{again.stderr}", end="")
            if again.returncode not in scenario.exits:
                wrong.append(f"the same command again: exit code {again.returncode}: "
                             f"{(again.stderr.strip().splitlines() or ['(silent)'])[-1]}")
            final = visible(world / "out")
            differing = sorted(name for name in final.keys() | scenario.reference.keys()
                               if final.get(name) != scenario.reference.get(name))
            if differing:
                wrong.append(f"the same command again: {', '.join(differing)} not as without the fault")
            left = [name for name in hidden(world / "out")
                    if (name.endswith(".log") or name.endswith(".tmp")) and "-of-" not in name]
            if left and scenario.name not in ("merge", "verify", "diff", "shard"):
                wrong.append(f"the same command again leaves {', '.join(left)}")
            return wrong

    def check_files(self, scenario, after, done):
        wrong = []
        for name, content in sorted(after.items()):
            if content == scenario.before.get(name):
                continue  # a manifest is replaced at the end
            if name.endswith("deckle-stack.npy") and done.returncode == 1:
                continue  # of the images that did not fail; verify compares it with them
            if name.endswith(".jsonl"):
                wrong += check_manifest(name, content, after)
            elif content not in (scenario.reference.get(name), scenario.before.get(name)):
                wrong.append(f"{name} is not whole")
        if scenario.name == "verify" and any(not line.startswith("unreadable") for line in done.stdout.splitlines()):
            wrong.append(f"verify reports something false: {done.stdout.splitlines()[0]}")
        if scenario.name == "diff" and done.stdout:
            wrong.append(f"diff reports something false: {done.stdout.splitlines()[0]}")
        return wrong


def check_manifest(name, content, after):
    """The statements of a manifest, under its final name, that are false."""
    try:
        lines = [json.loads(line) for line in content.decode().splitlines()]
        if lines[0]["records"] != len(lines) - 1 or not content.endswith(b"\n"):
            return [f"{name} is truncated"]
    except (ValueError, IndexError, KeyError) as problem:
        return [f"{name} is not whole: {problem!r}"]
    wrong = []
    for line in lines[1:]:
        if "output" in line and hashlib.sha256(after.get(line["output"], b"")).hexdigest() != line["output_sha256"]:
            wrong.append(f"{name} is wrong about {line['output']}")
    return wrong


def all_cases(scenarios, kinds, memory_calls):
    for scenario in scenarios:
        for kind, faults in FAULTS.items():
            if kinds and kind not in kinds:
                continue
            count = scenario.counts.get(kind, 0)
            calls = list(range(1, count + 1))
            if kind == "malloc" and count > memory_calls:
                calls = sorted({1 + i * count // memory_calls for i in range(memory_calls)})
            for call in calls:
                for error, how in faults:
                    yield scenario, kind, call, error, how


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--deckle", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--scenario", action="append")
    parser.add_argument("--kind", action="append")
    parser.add_argument("--case")
    parser.add_argument("--memory", type=int, default=MEMORY_CALLS)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    deckle, fault = os.path.abspath(arguments.deckle), os.path.abspath(arguments.preload)
    case = arguments.case.split() if arguments.case else None
    if case and len(case) != 5:
        parser.error('--case takes "SCENARIO KIND CALL ERRNO HOW"')
    wanted = [case[0]] if case else arguments.scenario
    with tempfile.TemporaryDirectory(prefix="deckle-faults-") as folder:
        scratch = pathlib.Path(folder)
        scenarios = make_scenarios(deckle, scratch, wanted)
        # LD_PRELOAD takes a space for the end of a path.
        preloaded = scratch / "fault.so"
        shutil.copyfile(fault, preloaded)
        runner = Runner(deckle, preloaded, scratch, show=case is not None)
        for scenario in scenarios:
            if not runner.measure(scenario):
                print("SKIPPED: a library cannot be preloaded here", file=sys.stderr)
                return SKIPPED
        cases = list(all_cases(scenarios, arguments.kind, arguments.memory))
        if case:
            cases = [(scenarios[0], case[1], int(case[2]), case[3], case[4])]
        elif arguments.sample and arguments.sample < len(cases):
            cases = [cases[i * len(cases) // arguments.sample] for i in range(arguments.sample)]
        made = bad = 0
        table = {}
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for one, wrong in zip(cases, pool.map(lambda c: runner.check(*c), cases)):
                scenario, kind, call, error, how = one
                made += wrong is not None
                row = table.setdefault(scenario.name, [0, 0, 0])
                row[0] += 1
                row[1] += wrong is not None
                row[2] += bool(wrong)
                if wrong:
                    bad += 1
                    print(f"{scenario.name} {kind} {call} {error} {how}: {'; '.join(wrong)}", flush=True)
        for name, (tried, hit, failed) in table.items():
            print(f"{name:12} {tried:6} cases, {hit:6} faults, {failed:4} wrong")
        print(f"{len(cases)} cases, {made} faults, {bad} wrong")
        return 1 if bad or not made else 0


if __name__ == "__main__":
    sys.exit(main())
