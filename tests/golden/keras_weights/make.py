#!/usr/bin/env python3
"""Writes the files beside it: one small model and its weights, as each Keras lays them out.

    /usr/bin/python3 make.py        needs numpy and h5py

No Keras is needed: what stands where was read in the sources of Keras 1.2.2, 2.3.1, 2.9, 2.13, 3.0 and 3.15.
The files are committed; the script says what is in them.
"""
import io
import json
import os
import zipfile

import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random = np.random.default_rng(6)


def numbers(*shape):
    # Eighths: float16 and bfloat16 hold them exactly.
    return (random.integers(-8, 9, shape) / 8).astype(np.float32)


# Conv2D, SeparableConv2D, Conv2D: kernels and biases in the layout of Keras 2 and 3.
WEIGHTS = [
    [numbers(3, 3, 3, 4), numbers(4)],
    [numbers(2, 3, 4, 2), numbers(1, 1, 8, 5), numbers(5)],
    [numbers(1, 2, 5, 3), numbers(3)],
]
NAMES = ["first", "middle", "last"]
VERSION_OF_ARCHIVE = (1980, 1, 1, 0, 0, 0)


def layers(keras):
    """The layers' JSON as Keras 1, 2 or 3 writes it (what only training needs is left out)."""
    first = {"name": NAMES[0], "trainable": True, "activation": "relu"}
    middle = {"name": NAMES[1], "trainable": True, "activation": "linear"}
    last = {"name": NAMES[2], "trainable": True, "activation": "linear"}
    if keras == 1:
        first.update(nb_filter=4, nb_row=3, nb_col=3, border_mode="same", subsample=[1, 1], dim_ordering="tf",
                     bias=True, init="glorot_uniform", batch_input_shape=[None, None, None, 3], input_dtype="float32")
        middle.update(nb_filter=5, nb_row=2, nb_col=3, border_mode="valid", subsample=[1, 1], depth_multiplier=2,
                      dim_ordering="tf", bias=True)
        last.update(nb_filter=3, nb_row=1, nb_col=2, border_mode="same", subsample=[2, 2], dim_ordering="tf", bias=True)
        classes = ["Convolution2D", "SeparableConvolution2D", "Convolution2D"]
        return [{"class_name": c, "config": l} for c, l in zip(classes, [first, middle, last])]
    common = {"data_format": "channels_last", "use_bias": True}
    first.update(common, filters=4, kernel_size=[3, 3], strides=[1, 1], padding="same", dilation_rate=[1, 1])
    middle.update(common, filters=5, kernel_size=[2, 3], strides=[1, 1], padding="valid", depth_multiplier=2)
    last.update(common, filters=3, kernel_size=[1, 2], strides=[2, 2], padding="same")
    classes = ["Conv2D", "SeparableConv2D", "Conv2D"]
    if keras == 2:
        first.update(batch_input_shape=[None, None, None, 3], dtype="float32")
        return [{"class_name": c, "config": l} for c, l in zip(classes, [first, middle, last])]
    entries = [{"module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
                "config": {"batch_shape": [None, None, None, 3], "dtype": "float32", "sparse": False, "name": "input_layer"}}]
    return entries + [{"module": "keras.layers", "class_name": c, "config": l, "registered_name": None}
                      for c, l in zip(classes, [first, middle, last])]


def model(keras):
    if keras == 1:
        return {"class_name": "Sequential", "config": layers(1)}
    if keras == 2:
        return {"class_name": "Sequential", "config": {"name": "sequential_1", "layers": layers(2)}}
    return {"module": "keras", "class_name": "Sequential", "registered_name": None,
            "config": {"name": "sequential", "trainable": True, "layers": layers(3)}}


def weight_names(keras, layer, count):
    if keras == 1:
        ends = {2: ["W", "b"], 3: ["depthwise_W", "pointwise_W", "b"]}[count]
        return [f"{layer}_{end}" for end in ends]
    ends = {2: ["kernel:0", "bias:0"], 3: ["depthwise_kernel:0", "pointwise_kernel:0", "bias:0"]}[count]
    return [f"{layer}/{end}" for end in ends]


def by_name(group, keras, version, backend="tensorflow", weights=WEIGHTS, dtype=np.float32, vlen=False, parts=1, **how):
    """What Keras 1's and 2's save_weights puts into a group."""
    def attribute(at, name, values):
        values = [v.encode() for v in values]
        if vlen:
            at.attrs.create(name, [v.decode() for v in values], dtype=h5py.string_dtype()) if values else None
        elif parts > 1 and len(values) > 1:
            for i, part in enumerate(np.array_split(np.asarray(values), parts)):
                at.attrs[f"{name}{i}"] = part
        else:
            at.attrs[name] = np.asarray(values) if values else []  # NumPy's empty list is of float64
    names = ["input_1"] + NAMES if keras == 2 else NAMES
    attribute(group, "layer_names", names)
    group.attrs["backend"] = backend.encode()
    group.attrs["keras_version"] = version.encode()
    for name in names:
        g = group.create_group(name)
        arrays = weights[NAMES.index(name)] if name in NAMES else []
        of_layer = weight_names(keras, name, len(arrays)) if arrays else []
        attribute(g, "weight_names", of_layer)
        for weight, array in zip(of_layer, arrays):
            g.create_dataset(weight, data=array.astype(dtype), **how)


def full(file, keras, version, vlen=False):
    text = json.dumps(model(keras))
    file.attrs["model_config"] = text if vlen else text.encode()
    file.attrs["keras_version"] = version.encode()
    file.attrs["backend"] = b"tensorflow"
    by_name(file.create_group("model_weights"), keras, version, vlen=vlen)


def by_class(file, container="layers/", step=1, named=True, bfloat16=False):
    """What Keras 3 (and, by twos, 2.13) writes."""
    file.create_group("vars")
    file.create_group("optimizer/vars").create_dataset("0", data=np.int64(3))
    for group, arrays, name in zip(["conv2d", "separable_conv2d", f"conv2d_{step}"], WEIGHTS, NAMES):
        at = file.create_group(container + group).create_group("vars")
        if named:
            at.attrs["name"] = name
        for i, array in enumerate(arrays):
            if bfloat16:
                data = (array.view(np.uint32) >> 16).astype(np.uint16).view("V2")
                at.create_dataset(str(i), data=data).attrs["dtype"] = "bfloat16"
            else:
                at.create_dataset(str(i), data=array)


def archive(name, version, members):
    with zipfile.ZipFile(name, "w") as z:
        metadata = {"keras_version": version, "date_saved": "2024-01-01@00:00:00"}
        for member, data in [("metadata.json", json.dumps(metadata)), *members]:
            z.writestr(zipfile.ZipInfo(member, VERSION_OF_ARCHIVE), data)


np.savez("first.npz", kernel=WEIGHTS[0][0], bias=WEIGHTS[0][1])
np.savez("middle.npz", depthwise=WEIGHTS[1][0], pointwise=WEIGHTS[1][1], bias=WEIGHTS[1][2])
np.savez("last.npz", kernel=WEIGHTS[2][0], bias=WEIGHTS[2][1])
for keras, version in [(1, "1.2.2"), (2, "2.3.1"), (3, "3.15.1")]:
    text = model(keras)
    if keras < 3:
        text["keras_version"] = version
    with open(f"model{keras}.json", "w") as f:
        json.dump(text, f, indent=1)
        f.write("\n")

with h5py.File("keras1.h5", "w") as f:
    full(f, 1, "1.2.2")
with h5py.File("keras2.h5", "w") as f:
    full(f, 2, "2.3.1")
with h5py.File("keras2-vlen.h5", "w") as f:
    full(f, 2, "2.9.0", vlen=True)
with h5py.File("keras2-weights.h5", "w") as f:
    by_name(f, 2, "2.3.1")
with h5py.File("parts-gzip-float64.h5", "w") as f:
    by_name(f, 2, "2.3.1", parts=2, dtype=np.float64, compression="gzip", shuffle=True)
with h5py.File("float16.h5", "w") as f:
    by_name(f, 2, "2.9.0", dtype=np.float16)
with h5py.File("big-endian.h5", "w") as f:
    by_name(f, 2, "2.9.0", dtype=">f4")
with h5py.File("lzf.h5", "w") as f:
    by_name(f, 2, "2.9.0", dtype=np.float32, compression="lzf")
turned = [[np.ascontiguousarray(w[0][::-1, ::-1]), *w[1:]] if len(w) == 2 else w for w in WEIGHTS]
with h5py.File("keras2-theano.h5", "w") as f:
    by_name(f, 2, "2.3.1", backend="theano", weights=turned)
with h5py.File("keras2.13.weights.h5", "w") as f:
    by_class(f, container="_layer_checkpoint_dependencies\\", step=2, named=False)
with h5py.File("keras3.weights.h5", "w") as f:
    by_class(f)
with h5py.File("bfloat16.weights.h5", "w") as f:
    by_class(f, bfloat16=True)
with h5py.File("huge.weights.h5", "w") as f:  # chunks that nobody wrote take no room
    f.create_dataset("layers/conv2d/vars/0", (1 << 20, 1 << 20, 3, 4), np.float32, chunks=(1, 1, 3, 4))
with h5py.File("other.h5", "w") as f:
    f["temperature"] = np.arange(3.0)
memory = io.BytesIO()
with h5py.File(memory, "w") as f:
    by_class(f, named=False)
archive("keras3.keras", "3.0.5", [("config.json", json.dumps(model(3))), ("model.weights.h5", memory.getvalue())])
archive("no-weights.keras", "3.0.5", [("config.json", json.dumps(model(3)))])
