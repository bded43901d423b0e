import concurrent.futures
import json
import os
import pathlib
import subprocess

from jsonschema import Draft202012Validator

schema = json.load(open("schema.json", encoding="utf-8"))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)


def accepted_by_deckle(chain):
    text = json.dumps(chain)
    run = subprocess.run([os.environ["DECKLE"], "plan", "-", os.environ["SAMPLES"] + "/grey.jpg"], input=text.encode(),
                         capture_output=True, check=False)
    return run.returncode != 2


def crop(**config):
    return {"layers": [{"class_name": "RandomCrop", "config": config}]}


configs = sorted(pathlib.Path(os.environ["CONFIGS"]).glob("*.json"))
assert configs
good = [json.load(path.open(encoding="utf-8")) for path in configs]
good += [
    {"$schema": "chain.schema.json", "layers": [{"class_name": "Cropping2D"}]},
    {"layers": [{"class_name": "Cropping2D", "cropping": 2}]},
    {"layers": [{"class_name": "Cropping2D", "cropping": [1, 2], "name": "c", "trainable": False}]},
    {"layers": [{"class_name": "ZeroPadding2D", "config": {"padding": [[1, 2], [3, 4]]}, "module": "keras.layers"}]},
    {"layers": [{"class_name": "ZeroPadding2D", "padding": [1, 2, 3, 4]}]},
    {"layers": [{"class_name": "ZeroPadding2D", "padding": {"top_pad": 1}}]},
    {"layers": [{"class_name": "UpSampling2D", "size": [2, 3], "dim_ordering": "tf"}]},
    {**crop(height=3, width=4, seed=[1, 2]), "seed": [1, -2], "copies": 3},
    {"layers": [{"class_name": "UpSampling1D", "length": 3}], "as": "model", "keras": "1.2"},
    {"layers": [{"class_name": "Rescaling", "scale": [1, 2.5, 3]}], "output": {"format": "npy", "dtype": "float16"}},
    {**crop(height=3, width=4, generator="keras", seed=3), "batch_size": 8},
    {**crop(height=3, width=4), "output": {"format": "webp", "quality": "lossless"}},
    {"layers": [{"class_name": "Cropping2D"}], "as": "model", "input": {"shape": [None, 9, 3], "dtype": "uint8"}},
]
for chain in good:
    errors = [error.message for error in validator.iter_errors(chain)]
    assert not errors, (chain, errors)

# The example of every layer, in both forms; with an argument that no layer has it is refused.
layers = subprocess.run([os.environ["DECKLE"], "layers"], capture_output=True, text=True, check=True).stdout
for name in [line.split()[0] for line in layers.splitlines()]:
    shown = subprocess.run([os.environ["DECKLE"], "layers", name], capture_output=True, text=True, check=True).stdout
    layer = json.loads(next(line for line in shown.splitlines() if line.startswith('  {"class_name"')))
    flat = {"class_name": name, **layer["config"]}
    for entry in layer, flat, {**layer, "keras": "2.9", "module": "keras.layers"}:
        errors = [error.message for error in validator.iter_errors({"layers": [entry]})]
        assert not errors, (entry, errors)
    for entry in {**layer, "config": {**layer["config"], "colour": 1}}, {**flat, "colour": 1}, {**layer, "colour": 1}:
        assert not validator.is_valid({"layers": [entry]}), entry

# A default is what the word's absence means: its own value is accepted.
for key, value in schema["properties"].items():
    if "default" in value:
        assert validator.is_valid({"layers": [{"class_name": "Cropping2D"}], key: value["default"]}), key
    for inner, inner_value in value.get("properties", {}).items():
        if "default" in inner_value:
            chain = {"layers": [{"class_name": "Cropping2D"}], key: {inner: inner_value["default"]}}
            assert validator.is_valid(chain), (key, inner)

# Forms are defined once: it stays readable.
assert len(open("schema.json", encoding="utf-8").read().splitlines()) < 3500

one = good[0]
bad = [
    [],
    {},
    {"layers": []},
    {"layers": {}},
    {"layers": [{}]},
    {"layers": ["Cropping2D"]},
    {"layers": [{"class_name": "RandomCorp"}]},
    {"layers": [{"class_name": "Cropping2D", "config": {"croping": 2}}]},
    {"layers": [{"class_name": "Cropping2D", "croping": 2}]},
    {"layers": [{"class_name": "Cropping2D", "config": {"cropping": -1}}]},
    {"layers": [{"class_name": "Cropping2D", "config": {"cropping": [1, 2, 3]}}]},
    {"layers": [{"class_name": "Cropping2D", "config": {"cropping": 2}, "cropping": 2}]},
    crop(height=3),
    crop(height=0, width=3),
    crop(height=3.7, width=3),
    crop(height=3, width=3, if_smaller="resise"),
    {**one, "outptu": {}},
    {**one, "seed": "42"},
    {**one, "seed": [1, 2, 3]},
    {**one, "seed_from": "name"},
    {**one, "copies": 0},
    {**one, "output": {"format": "gif"}},
    {**one, "output": {"quality": 101}},
    {**one, "output": {"compression": 10}},
    {**one, "output": {"dtype": "float8"}},
    {**one, "as": "tensor"},
    {"layers": [{"class_name": "UpSampling2D", "length": 2}]},
    {"layers": [{"class_name": "Cropping2D", "config": {"class_name": "Cropping2D"}}]},
    {"layers": [{"class_name": "Cropping2D", "config": 2}]},
    {"layers": [{"class_name": "RandomFlip", "mode": "sideways"}]},
    {"layers": [{"class_name": "Conv2D", "kernel_size": [3, 3, 3], "filters": 1}]},
    {**one, "input": {"truncated": True}},
    {**one, "input": {"max_pixels": 0}},
]
for chain in bad:
    assert not validator.is_valid(chain), chain

# The program agrees.
with concurrent.futures.ThreadPoolExecutor() as pool:
    for chain, accepted in zip(good + bad, pool.map(accepted_by_deckle, good + bad)):
        assert accepted == (chain in good), chain
