#!/usr/bin/env python3
"""Convolutions beside PyTorch's: random layers of every kind, on small random arrays.

    tests/torch/differential.py --deckle build/ci/deckle [--cases N] [--seed N]

Ends with 77, skipped, where there is no PyTorch. What Keras means is said in PyTorch's terms here, by its rules of
padding alone; nothing of deckle's is used but the program.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

try:
    import numpy as np
    import torch
    from torch.nn import functional as F
except ImportError as error:
    print(f"SKIPPED: {error}", file=sys.stderr)
    sys.exit(77)

ACTIVATIONS = {
    "linear": lambda x: x, "relu": torch.relu, "relu6": F.relu6, "elu": F.elu, "selu": F.selu, "softplus": F.softplus,
    "softsign": F.softsign, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "exponential": torch.exp, "swish": F.silu,
    "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "hard_sigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0, 1), "softmax": None,  # over the last axis, below
}
CONV = [F.conv1d, F.conv2d, F.conv3d]
TRANSPOSED = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d]
CHANNELS_FIRST_TO_LAST = {1: (0, 2, 1), 2: (0, 2, 3, 1), 3: (0, 2, 3, 4, 1)}


class Case:
    """A layer, what goes in and what PyTorch makes of it."""

    def __init__(self, number, seed):
        self.random = random = np.random.default_rng([seed, number])
        kind = random.choice(["Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose"])
        rank = int(random.integers(1, 4 if kind in ("Conv", "ConvTranspose") else 3))
        self.rank = rank
        name = f"Conv{rank}DTranspose" if kind == "ConvTranspose" else f"{kind}{rank}D"
        self.first = bool(random.integers(0, 2))
        channels = int(random.integers(1, 9))
        filters = int(random.integers(1, 9))
        groups = 1
        if kind == "Conv" and random.integers(0, 3) == 0:
            groups = int(random.integers(2, 4))
            channels, filters = channels * groups, filters * groups
        size = random.integers(1, 6 if rank < 3 else 4, rank)
        stride = random.integers(1, 4, rank)
        dilation = random.integers(1, 4, rank)
        paddings = ["valid", "same"] + (["causal"] if kind == "Conv" and rank == 1 else [])
        padding = str(random.choice(paddings))
        reach = (size - 1) * dilation + 1
        length = reach + random.integers(0, 12, rank)
        batch = int(random.integers(1, 4))
        activation = str(random.choice(list(ACTIVATIONS)))
        biased = bool(random.integers(0, 2))

        self.image = self.numbers(batch, channels, *length)  # as PyTorch takes it
        multiplier = int(random.integers(1, 4))
        kernels = {
            "Conv": [self.numbers(*size, channels // groups, filters)],
            "DepthwiseConv": [self.numbers(*size, channels, multiplier)],
            "SeparableConv": [self.numbers(*size, channels, multiplier),
                              self.numbers(*[1] * rank, channels * multiplier, filters)],
            "ConvTranspose": [self.numbers(*size, filters, channels)],
        }[kind]
        made = channels * multiplier if kind == "DepthwiseConv" else filters
        bias = self.numbers(made) if biased else None
        config = {"kernel_size": size.tolist(), "strides": stride.tolist(), "dilation_rate": dilation.tolist(),
                  "padding": padding, "activation": activation, "use_bias": biased,
                  "data_format": "channels_first" if self.first else "channels_last"}
        if kind in ("DepthwiseConv", "SeparableConv"):
            config["depth_multiplier"] = multiplier
        if kind != "DepthwiseConv":
            config["filters"] = filters
        if kind == "Conv":
            config["groups"] = groups
        arrays = kernels + ([bias] if biased else [])
        config["weights"] = [array.tolist() for array in arrays]
        self.layer = {"class_name": name, "config": config}

        # Their axes: (out, in, size..), transposed (in, out, size..); ours: (size.., in, out), transposed (.., out, in).
        x = torch.from_numpy(self.image).double()
        weight = [torch.from_numpy(np.moveaxis(k, (-1, -2), (0, 1)).copy()).double() for k in kernels]
        b = torch.from_numpy(bias).double() if biased else None
        if kind == "ConvTranspose":
            y = self.transposed(x, weight[0], b, length, reach, stride, dilation, padding)
        else:
            x = self.padded(x, length, reach, stride, padding)
            how = {"stride": stride.tolist(), "dilation": dilation.tolist()}
            if kind == "Conv":
                y = CONV[rank - 1](x, weight[0], b, groups=groups, **how)
            else:  # (multiplier, channels, ..) to (channels * multiplier, 1, ..)
                each = weight[0].transpose(0, 1).reshape(channels * multiplier, 1, *size)
                last = kind == "DepthwiseConv"
                y = CONV[rank - 1](x, each, b if last else None, groups=channels, **how)
                if not last:
                    y = CONV[rank - 1](y, weight[1], b)
        if activation != "softmax":
            y = ACTIVATIONS[activation](y)
        y = y if self.first else y.permute(CHANNELS_FIRST_TO_LAST[rank])
        if activation == "softmax":  # the last axis whatever the layout
            y = torch.softmax(y, -1)
        self.want = y.numpy()

    def numbers(self, *shape):
        return self.random.uniform(-1, 1, shape).astype(np.float32)

    @staticmethod
    def padded(x, length, reach, stride, padding):
        pads = []
        for n, r, s in zip(length.tolist(), reach.tolist(), stride.tolist()):
            before = after = 0
            if padding == "same":
                total = max((math.ceil(n / s) - 1) * s + r - n, 0)
                before, after = total // 2, total - total // 2
            elif padding == "causal":
                before = r - 1
            pads.insert(0, (before, after))
        return F.pad(x, [p for pair in pads for p in pair])

    def transposed(self, x, weight, bias, length, reach, stride, dilation, padding):
        # All of it, then the part that TensorFlow keeps; where a kernel is smaller than its stride there is more.
        full = TRANSPOSED[self.rank - 1](x, weight, None, stride=stride.tolist(), dilation=dilation.tolist())
        for a in range(self.rank):
            n, r, s = int(length[a]), int(reach[a]), int(stride[a])
            out = n * s if padding == "same" else n * s + max(r - s, 0)
            before = max((n - 1) * s + r - out, 0) // 2 if padding == "same" else 0
            have = full.shape[a + 2]
            pad = [0, 0] * self.rank
            pad[2 * (self.rank - 1 - a) + 1] = max(out + before - have, 0)
            full = F.pad(full, pad).narrow(a + 2, before, out)
        return full if bias is None else full + bias.reshape(1, -1, *[1] * self.rank)


def run(deckle, folder, number, seed):
    """None, or what is wrong."""
    case = Case(number, seed)
    here = folder / str(number)
    here.mkdir()
    given = case.image if case.first else case.image.transpose(CHANNELS_FIRST_TO_LAST[case.rank])
    np.save(here / "x.npy", np.ascontiguousarray(given))
    (here / "chain.json").write_text(json.dumps({"layers": [case.layer], "output": {"format": "npy"}}))
    ran = subprocess.run([deckle, "run", "-q", "-j1", here / "chain.json", here / "x.npy", "-o", here / "out"],
                         capture_output=True, text=True)
    about = json.dumps({**case.layer, "config": {k: v for k, v in case.layer["config"].items() if k != "weights"}})
    if ran.returncode != 0:
        return f"{number}: {about} of {given.shape}: exit {ran.returncode}: {ran.stderr}"
    got = np.load(here / "out" / "x.npy")
    if got.shape != case.want.shape or got.dtype != np.float32:
        return f"{number}: {about} of {given.shape}: {got.dtype} {got.shape}, not float32 {case.want.shape}"
    error = np.max(np.abs(got - case.want) / (1 + np.abs(case.want)), initial=0)
    return None if error < 1e-5 else f"{number}: {about} of {given.shape}: off by {error}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deckle", required=True)
    parser.add_argument("--cases", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    deckle = str(pathlib.Path(arguments.deckle).resolve())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda n: run(deckle, pathlib.Path(folder), n, arguments.seed), range(arguments.cases)))
    wrong = [result for result in results if result]
    for result in wrong[:10]:
        print(result)
    print(f"{len(results) - len(wrong)} of {len(results)} layers as PyTorch computes them")
    sys.exit(1 if wrong else 0)


main()
