"""read_safetensors.py TEST_ARTIFACT: lets the test program write a file and reads it as a user of Python would."""
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy

TYPES = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "U8": "<u1"}


def read_by_hand(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    assert length % 8 == 0, "data begin at a multiple of 8 bytes"
    header = json.loads(data[8 : 8 + length])
    assert data[8 : 8 + length].rstrip(b" ").endswith(b"}"), "padded with blanks"
    metadata = header.pop("__metadata__")
    body = data[8 + length :]
    arrays = {
        name: numpy.frombuffer(body[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }
    return arrays, metadata


def read_with_package(path):
    import safetensors

    with safetensors.safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def check(arrays, metadata):
    expected = {
        "weights": numpy.array([[1, 2, 3], [4, 5, 6.5]], "f4"),
        "flags": numpy.array([0, 255, 7], "u1"),
        "offsets": numpy.array([0, -1], "i8"),
        "nothing": numpy.zeros((0, 4), "f4"),
        "halves": numpy.array([1, -2], "f2"),
    }
    assert arrays.keys() == expected.keys(), arrays.keys()
    for name, values in expected.items():
        assert arrays[name].dtype == values.dtype and numpy.array_equal(arrays[name], values), name
        assert arrays[name].shape == values.shape, name
    assert metadata["purpose"] == 'a test, with "quotes" and \n a second line'


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "test.safetensors")
    subprocess.run(
        [sys.argv[1], "--gtest_filter=*AreLeftForPython"],
        env={**os.environ, "CORPUSCLE_SAFETENSORS": path},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    check(*read_by_hand(path))
    try:
        check(*read_with_package(path))
    except ModuleNotFoundError:
        print("read by hand only: the package safetensors is not installed")
