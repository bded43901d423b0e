import json
import struct

values = [float(i % 7 - 3) for i in range(81)]
with open("x.npy", "wb") as file:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 6, 6), }"
    header = header.ljust(117) + "\n"
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    file.write(struct.pack("<108f", *[float(i * i % 11) for i in range(108)]))
kernel = [[[values[27 * a + 9 * b + 3 * c:27 * a + 9 * b + 3 * c + 3] for c in range(3)] for b in range(3)]
          for a in range(3)]
config = {"nb_filter": 3, "nb_row": 3, "nb_col": 3, "bias": False, "border_mode": "same", "dim_ordering": "th"}
layer = {"class_name": "Convolution2D", "config": config, "weights": [kernel]}
chains = {"words": {}, "said": {"keras": "1.2"}, "later": {"keras": "2.9"}}
for name, more in chains.items():
    with open(name + ".json", "w") as file:
        json.dump({**more, "layers": [layer]}, file)
config["use_bias"] = config.pop("bias")
with open("mixed.json", "w") as file:
    json.dump({"layers": [layer]}, file)
