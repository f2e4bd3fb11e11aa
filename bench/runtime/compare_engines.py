#!/usr/bin/env python3
"""Our engine beside ONNX Runtime, OpenVINO and LibTorch: the same weights and events, in one run.

    bench/run inference        # makes all that this needs, then
    build/rivals/bin/python bench/runtime/compare_engines.py MODELS PROGRAMS [--rounds 5] [--only attention/128 ...] [--json FILE]

MODELS has files of random weights and the ONNX files that `corpuscle export` made of them, PROGRAMS the programs
`infer_rounds` and `measure_peak` (build/perf/bin). Every engine is a process of its own that is told by
turns to answer the same events, one at a time, with one thread; each row has the least and the median CPU time of
an event over the rounds, so what else runs on the machine matters little. Accuracy is that of all outputs against
LibTorch in double precision (in float for events of more than 1,280 elements), relative to 1 and to the value, and the
share of elements with the same class.
"""

import argparse
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy

HERE = pathlib.Path(__file__).resolve().parent

# model, lengths of events (a pair: drawn between), columns in which the classes are
REAL = (50, 150)
ALL = [64, 128, 256, 512, 1280, 5120, 10240, 100000]
CASES = [("window-transformer", [REAL, *ALL], slice(0, 6)),
         ("attention", [REAL, *ALL[:6]], slice(2, 8)),
         ("gnn-lsh", [REAL, *ALL], slice(0, 6)),
         ("kernel-transformer", [REAL, *ALL], slice(0, 6))]
RIVALS = [("onnxruntime", "fp32"), ("openvino", "fp32"), ("openvino", "bf16"), ("libtorch", "fp32"),
          ("libtorch", "bf16")]
LONGEST = {"onnxruntime": {"attention": 1280}}  # beyond, scores of all pairs do not fit into memory
LONGEST_IN_DOUBLE = 1280
PYTHON = ("onnxruntime", "openvino")


def write_events(path, lengths, n_features, seed):
    """Features as those of clusters where networks look: [ln E or type, pt, eta, sin phi, cos phi, E, normal ...]."""
    random = numpy.random.default_rng(seed)
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.uint32)
    n = int(offsets[-1])
    features = random.normal(size=(n, n_features)).astype(numpy.float32)
    phi = random.uniform(-numpy.pi, numpy.pi, n)
    features[:, 1] = random.exponential(size=n) + 0.1
    features[:, 2] = random.uniform(-2, 2, n)
    features[:, 3], features[:, 4] = numpy.sin(phi), numpy.cos(phi)
    features[:, 5] = features[:, 1] * numpy.cosh(features[:, 2])
    types = numpy.concatenate([numpy.arange(length) >= length // 3 for length in lengths]).astype(numpy.uint8)
    with open(path, "wb") as file:
        file.write(struct.pack("<2I", len(lengths), n_features))
        for array in (offsets, features, types):
            file.write(array.tobytes())


class Engine:
    """One process that answers the events of a file when told."""

    def __init__(self, programs, models, folder, model, engine, precision, events, threads=1):
        label = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "libtorch": "LibTorch"}.get(engine, "ours")
        self.name = f"{label} {precision}" + (", 2 threads" if threads == 2 else "")
        self.outputs = folder / f"{engine}-{precision}-{threads}"
        is_python = engine in PYTHON
        file = models / (model + (".onnx" if is_python else ".safetensors"))
        program = [sys.executable, HERE / "rival.py"] if is_python else \
            [programs / ("infer_rounds_torch" if engine == "libtorch" else "infer_rounds")]
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [*program, engine, precision, str(threads), file, events, self.outputs], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} of {model} failed")
        self.start_cpu = float(line)
        self.start_wall = time.monotonic() - begin
        self.seconds = []
        self.passes = 1

    def run(self):
        self.process.stdin.write(f"{self.passes}\n")
        self.process.stdin.flush()
        seconds = float(self.process.stdout.readline())
        self.seconds.append(seconds)
        self.passes = max(1, min(1000, int(0.1 / seconds)))  # of the next round

    def close(self):
        self.process.stdin.close()
        self.memory = int(self.process.stdout.readline()) / 1024  # MB
        self.process.wait()

    def answers(self, n_elements):
        return numpy.fromfile(self.outputs, numpy.float32).reshape(n_elements, -1)


def measure(arguments, model, length, classes, n_features):
    lengths = [length] * (4 if length < 1000 else 1) if isinstance(length, int) else \
        numpy.random.default_rng(5).integers(*length, 16, endpoint=True).tolist()
    longest = max(lengths)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        events = folder / "events"
        write_events(events, lengths, n_features, seed=longest)

        def start(engine, precision, threads=1):
            return Engine(arguments.programs, arguments.models, folder, model, engine, precision, events, threads)

        reference = start("libtorch", "fp64" if longest <= LONGEST_IN_DOUBLE else "fp32")
        expected = reference.answers(sum(lengths))
        reference.close()
        sides = [("avx512-bf16", "fp32"), ("avx512-bf16", "bf16")]
        sides += [("avx512-bf16", "fp32", 2), ("openvino", "fp32", 2)] if length == 1280 else []
        sides += [side for side in RIVALS if longest <= LONGEST.get(side[0], {}).get(model, 1 << 30)]
        engines = []
        for side in sides:
            try:
                engines.append(start(*side))
            except RuntimeError as error:
                print(error, file=sys.stderr)
        for engine in engines:
            engine.run()  # warms up, and says how many passes a round should have
            engine.seconds.clear()
        for _ in range(arguments.rounds if longest < 5000 else min(2, arguments.rounds)):
            for engine in engines:
                engine.run()
        rows = []
        for engine in engines:
            engine.close()
            found = engine.answers(sum(lengths))
            deviation = numpy.abs(found - expected) / (1 + numpy.abs(expected))
            same = found[:, classes].argmax(1) == expected[:, classes].argmax(1)
            rows.append({"model": model, "elements": length, "engine": engine.name,
                         "ms_min": 1000 * min(engine.seconds) / len(lengths),
                         "ms_median": 1000 * statistics.median(engine.seconds) / len(lengths),
                         "largest_deviation": float(deviation.max()), "mean_deviation": float(deviation.mean()),
                         "same_class": float(same.mean()), "memory_MB": engine.memory,
                         "start_cpu_ms": 1000 * engine.start_cpu, "start_wall_ms": 1000 * engine.start_wall})
        return rows


def print_table(rows):
    name = rows[0]["elements"]
    title = f"{name}" if isinstance(name, int) else "{} to {}".format(*name)
    rivals = [row for row in rows if "ours" not in row["engine"] and "2 threads" not in row["engine"]]
    # For bf16 a rival in fp32 counts, too, if it is faster: it is more exact.
    best = {"fp32": min((row["ms_min"] for row in rivals if "fp32" in row["engine"]), default=None),
            "bf16": min((row["ms_min"] for row in rivals), default=None)}
    print(f"\n| {rows[0]['model']}, {title} elements | CPU [ms] min | median | beside the best rival | deviation, largest | mean "
          "| same class | peak memory [MB] | start [ms CPU] |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for row in rows:
        number = "fp32" if "fp32" in row["engine"] else "bf16"
        ratio = f"{best[number] / row['ms_min']:.2f}" if best[number] and "ours" in row["engine"] else ""
        print(f"| {row['engine']} | {row['ms_min']:.3g} | {row['ms_median']:.3g} | {ratio} | {row['largest_deviation']:.1g} "
              f"| {row['mean_deviation']:.1g} | {100 * row['same_class']:.2f} % | {row['memory_MB']:.0f} "
              f"| {row['start_cpu_ms']:.0f} |", flush=True)


def print_summary(rows):
    """A line per network and length: ours beside the fastest rival, which in bf16 may be one in fp32."""
    print("\n| network | elements | fp32 [ms] | fastest rival | ratio | bf16 [ms] | fastest rival | ratio "
          "| largest deviation, fp32 | same class, bf16 | memory, fp32 / bf16 [MB] | of the rivals |")
    print("| --- | --: | --: | --- | --: | --: | --- | --: | --: | --: | --- | --- |")
    cases = dict.fromkeys((row["model"], str(row["elements"])) for row in rows)
    for model, elements in cases:
        case = [row for row in rows if (row["model"], str(row["elements"])) == (model, elements)
                and "2 threads" not in row["engine"]]
        ours = {row["engine"].split()[-1]: row for row in case if "ours" in row["engine"]}
        rivals = [row for row in case if "ours" not in row["engine"]]
        cells = []
        for number in ("fp32", "bf16"):
            best = min((row for row in rivals if number == "bf16" or "fp32" in row["engine"]),
                       key=lambda row: row["ms_min"])
            mine = ours[number]["ms_min"]
            cells.append(f"{mine:.3g} | {best['engine']} {best['ms_min']:.3g} | {best['ms_min'] / mine:.2f}")
        memory = [row["memory_MB"] for row in rivals]
        length = elements.strip("()[]").replace(", ", " to ")
        print(f"| {model} | {length} | {cells[0]} | {cells[1]} | {ours['fp32']['largest_deviation']:.0e} "
              f"| {100 * ours['bf16']['same_class']:.2f} % | {ours['fp32']['memory_MB']:.0f} / "
              f"{ours['bf16']['memory_MB']:.0f} | {min(memory):.0f} to {max(memory):.0f} |")


def n_features_of(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        return json.loads(json.loads(file.read(size))["__metadata__"]["architecture"])["features"]


def print_sizes(arguments):
    import onnxruntime
    import openvino

    def megabytes(*paths):
        return sum(path.stat().st_size for path in paths) / 1e6

    ort = list((pathlib.Path(onnxruntime.__file__).parent / "capi").glob("*.so*"))
    vino = [path for path in (pathlib.Path(openvino.__file__).parent / "libs").glob("*")
            if any(part in path.name for part in ("libopenvino.so", "intel_cpu", "onnx_frontend", "tbb"))]
    print("\n| file | MB |\n| --- | --: |")
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, arguments.programs / "infer_rounds"], check=True)
        print(f"| infer_rounds: a program with all of ours | {megabytes(pathlib.Path(stripped.name)):.1f} |")
    print(f"| ONNX Runtime's library | {megabytes(*ort):.1f} |")
    print(f"| OpenVINO's libraries for a CPU and ONNX | {megabytes(*vino):.1f} |")
    for path in sorted(arguments.models.iterdir()):
        if path.suffix in (".onnx", ".safetensors"):
            print(f"| {path.name} | {megabytes(path):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="MODEL/ELEMENTS, as attention/1280 or gnn-lsh/50-150")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    with open("/proc/cpuinfo") as file:
        cpu = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    print(f"{cpu}, load {os.getloadavg()[0]:.1f}; "
          + subprocess.run([arguments.programs / "measure_peak"], capture_output=True, text=True, check=True).stdout)
    rows = []
    for model, lengths, classes in CASES:
        n_features = n_features_of(arguments.models / f"{model}.safetensors")
        for length in lengths:
            name = length if isinstance(length, int) else "{}-{}".format(*length)
            if not arguments.only or f"{model}/{name}" in arguments.only:
                rows += measure(arguments, model, length, classes, n_features)
                print_table([row for row in rows if row["model"] == model and row["elements"] == length])
                if arguments.json:
                    arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    print_summary(rows)
    print_sizes(arguments)


if __name__ == "__main__":
    main()
