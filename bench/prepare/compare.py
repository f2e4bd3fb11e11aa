#!/usr/bin/env python3
"""`corpuscle prepare` beside a plain uproot/numpy script, and `prepare --simulate` beside `simulate`, in one run.

    .env/bin/python bench/prepare/compare.py [--rounds 5] [--events 300] [--json FILE]

Makes its input, ttbar events with hits. Each program runs with few and with all events, interleaved, one thread; CPU
time, its children's included, is that of the difference, so without start-up; the whole run is given too. Both datasets
must agree first: as many elements of each type, the same energies, and the same labels but for a few. The speed of the
simulator in memory is that of bench_sim.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = pathlib.Path(__file__).with_name("prepare_uproot.py")


def cpu_seconds(command):
    with open(os.devnull, "w") as quiet:
        child = subprocess.Popen([str(word) for word in command], stdout=quiet)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: failed")
    return usage.ru_utime + usage.ru_stime


def shard(folder):
    raw = (folder / "shard-00000.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + size])
    types = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}

    def array(name):
        begin, end = (8 + size + offset for offset in header[name]["data_offsets"])
        return np.frombuffer(raw[begin:end], types[header[name]["dtype"]]).reshape(header[name]["shape"])

    return array


def check(ours, theirs):
    """The script keeps the order of the file, ours has its own: sums and counts are compared."""
    array, plain = shard(ours), np.load(theirs)
    labels = [np.bincount(label, minlength=6) for label in (array("label"), plain["label"])]
    energies = [array("reference")[:, 0].sum(dtype=float), plain["energy"].sum(dtype=float)]
    if not np.array_equal(np.bincount(array("type")), np.bincount(plain["type"])):
        sys.exit("the datasets have different elements")
    if abs(energies[0] / energies[1] - 1) > 1e-5:
        sys.exit(f"the sums of energies are {energies}")
    differ = np.abs(labels[0] - labels[1]).sum() / labels[0].sum()
    if differ > 0.01:
        sys.exit(f"the labels are {labels}")
    return {"elements": int(labels[0].sum()), "labels_differ": float(differ)}


def in_memory(rounds):
    """CPU seconds per event of the simulator alone: bench_sim, if it is built."""
    program = ROOT / "build/perf/bin/bench_sim"
    if not program.exists():
        return None
    text = subprocess.run([program, "--benchmark_filter=simulate_collisions/ttbar", f"--benchmark_repetitions={rounds}",
                           "--benchmark_format=json"], capture_output=True, text=True, check=True).stdout
    runs = [run for run in json.loads(text)["benchmarks"] if run.get("run_type") == "iteration"]
    per_event = [run["cpu_time"] / 1e3 for run in runs]  # an iteration is an event, in ms
    return {"name": "simulator in memory (bench_sim)", "cpu_s_per_event_min": min(per_event),
            "cpu_s_per_event_median": statistics.median(per_event)}


def measure(commands, few, many, rounds):
    """@param commands  name -> function of the number of events"""
    times = {name: {n: [] for n in (few, many)} for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            for n in (few, many):
                times[name][n].append(cpu_seconds(command(n)))
    rows = []
    for name, of in times.items():
        each = [(b - a) / (many - few) for a, b in zip(of[few], of[many])]
        rows.append({"name": name, "cpu_s_per_event_min": (min(of[many]) - min(of[few])) / (many - few),
                     "cpu_s_per_event_median": statistics.median(each), "cpu_s_whole_min": min(of[many])})
    return rows


def table(rows, events):
    print("| program | events/s | median | CPU [ms] per event | median | whole run [s] |")
    print("| --- | --: | --: | --: | --: | --: |")
    for row in rows:
        low, middle = row["cpu_s_per_event_min"], row["cpu_s_per_event_median"]
        whole = f"{row['cpu_s_whole_min']:.2f}" if "cpu_s_whole_min" in row else ""
        print(f"| {row['name']} | {1 / low:.0f} | {1 / middle:.0f} | {1e3 * low:.2f} | {1e3 * middle:.2f} | {whole} |")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/perf/bin/corpuscle")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/perf/bench-data",
                        help="where inputs and outputs lie meanwhile")
    parser.add_argument("--json", type=pathlib.Path, help="write the numbers here too")
    options = parser.parse_args()
    folder, many = options.folder, options.events
    few = max(1, many // 10)
    folder.mkdir(parents=True, exist_ok=True)
    inputs = {n: folder / f"ttbar_{n}.edm4hep.root" for n in (few, many)}
    for n, path in inputs.items():
        if not path.exists():
            cpu_seconds([options.program, "simulate", "ttbar", "-n", n, "-o", path])
    dataset, plain, simulated = folder / "prepared", folder / "prepared.npz", folder / "simulated.edm4hep.root"

    def prepare(*arguments):
        shutil.rmtree(dataset, ignore_errors=True)
        return [options.program, "prepare", *arguments, "--threads", 1, "-o", dataset]

    commands = {
        "corpuscle prepare": lambda n: prepare(inputs[n], "--rule", 2023),
        "uproot and numpy": lambda n: [sys.executable, SCRIPT, inputs[n], plain],
    }
    for command in commands.values():  # also warms the files up
        cpu_seconds(command(many))
    agreement = check(dataset, plain)
    print(f"{many} ttbar events, {agreement['elements']} elements, {inputs[many].stat().st_size / 1e6:.0f} MB; counts "
          f"of labels differ by {100 * agreement['labels_differ']:.1f} %; load {os.getloadavg()[0]:.1f}\n")
    files = measure(commands, few, many, options.rounds)
    table(files, many)
    ratios = {kind: files[1][kind] / files[0][kind] for kind in ("cpu_s_per_event_min", "cpu_s_per_event_median",
                                                                 "cpu_s_whole_min")}
    print(f"corpuscle prepare is faster by {ratios['cpu_s_per_event_min']:.1f} (median "
          f"{ratios['cpu_s_per_event_median']:.1f}; whole run {ratios['cpu_s_whole_min']:.1f}); target 10\n")

    memory = measure({
        "prepare --simulate": lambda n: prepare("--simulate", "ttbar", "-n", n),
        "simulate to a file": lambda n: [options.program, "simulate", "ttbar", "-n", n, "--threads", 1, "-o", simulated],
    }, few, many, options.rounds)
    alone = in_memory(options.rounds)
    if alone:
        memory.append(alone)
    table(memory, many)
    for row in memory[1:]:
        ratio = row["cpu_s_per_event_min"] / memory[0]["cpu_s_per_event_min"]
        ratios[row["name"]] = ratio
        print(f"prepare --simulate has {ratio:.2f} of the speed of: {row['name']}; target 0.5")
    shutil.rmtree(dataset)
    for path in (plain, simulated):
        path.unlink()
    if options.json:
        options.json.write_text(json.dumps({"agreement": agreement, "files": files, "memory": memory,
                                            "ratios": ratios}, indent=1) + "\n")


if __name__ == "__main__":
    main()
