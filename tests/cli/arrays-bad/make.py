"""Arrays that cannot be done, each for a reason of its own."""
import pathlib
import struct

folder = pathlib.Path("arrays")
folder.mkdir()


def npy(name, descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    (folder / name).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


npy("good.npy", "<f4", "(4, 4, 3)", bytes(4 * 4 * 3 * 4))
npy("nan.npy", "<f4", "(4, 4, 3)", struct.pack("<48f", *([1.0] * 18 + [float("nan")] + [2.0] * 29)))
npy("flat.npy", "|u1", "(4, 4)", bytes(16))
npy("nothing.npy", "|u1", "(0, 4, 4, 3)", b"")
npy("object.npy", "|O", "(4, 4, 3)", b"x")
npy("absurd.npy", "<f8", "(4294967296, 4294967296, 4294967296)", b"")
npy("cut.npy", "<u2", "(4, 4, 3)", bytes(90))
(folder / "text.npy").write_text("1 2 3\n")
