#!/usr/bin/env python3
"""Our reader beside uproot, on the same collections of the same file, in one run.

    .env/bin/python bench/io/compare_uproot.py [--rounds 7] [--json FILE]

Each side opens the file anew and reads every column of the collections that a particle-flow job needs.
uproot takes them in one call, by exact names, with the library and the executors that are fastest here:
all its variants run in every round, and the best of them counts. Before the clock starts, both sides have
run once, and must agree on the number of values and on their sum.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import awkward
import numpy
import uproot

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERF = ROOT / "build/perf"
COLLECTIONS = ["LDCTracks", "PandoraClusters", "PandoraPFOs", "PandoraPFOs_PID",
               "MCParticlesSkimmed", "RecoMCTruthLink"]


class Ours:
    """The program `read_columns`, which does one pass for each line it is sent."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [PERF / "bin/read_columns", path, *COLLECTIONS],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        events, values, total = self.process.stdout.readline().split()
        self.events, self.checksum = int(events), (int(values), float(total))

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        cpu, wall = self.process.stdout.readline().split()
        return float(cpu), float(wall)


class Uproot:
    """One way of calling uproot."""

    def __init__(self, path, library, threads):
        self.path, self.library = path, library
        self.name = f"uproot, library={library}" + (f", {threads} threads" if threads else "")
        self.executors = {}
        if threads:
            pool = ThreadPoolExecutor(threads)
            self.executors = {"decompression_executor": pool, "interpretation_executor": pool}
        with uproot.open(path) as file:
            tree = file["events"]
            names = [name for name in tree.keys() if self.is_wanted(name.split("/")[0])]
            branches = {name.rpartition("/")[0] for name in names}
            self.columns = [name for name in names if name not in branches]

    @staticmethod
    def is_wanted(branch):
        return any(branch == name or branch.startswith(f"_{name}_") for name in COLLECTIONS)

    def read(self):
        with uproot.open(self.path) as file:
            return file["events"].arrays(self.columns, library=self.library, **self.executors)

    def checksum(self):
        values, total = 0, 0.0
        arrays = self.read()
        for name in self.columns:
            if self.library == "ak":
                flat = awkward.to_numpy(awkward.flatten(arrays[name], axis=None))
            else:
                flat = numpy.concatenate([numpy.ravel(event) for event in arrays[name]])
            flat = flat.astype(float)
            values += len(flat)
            total += flat[numpy.isfinite(flat)].sum()
        return values, total

    def run(self):
        cpu, wall = time.process_time(), time.perf_counter()
        self.read()
        return time.process_time() - cpu, time.perf_counter() - wall


def agree(ours, theirs):
    """Equal counts; sums equal up to the rounding of two orders of summation."""
    return ours[0] == theirs[0] and abs(ours[1] - theirs[1]) <= 1e-9 * abs(ours[1])


def measure(path, rounds):
    ours = Ours(path)
    variants = [Uproot(path, library, threads) for library in ("np", "ak") for threads in (0, 2)]
    for variant in variants[0], variants[2]:
        found = variant.checksum()
        if not agree(ours.checksum, found):
            sys.exit(f"{path}: Corpuscle finds {ours.checksum}, {variant.name} {found}")
    runs = {"Corpuscle": [], **{variant.name: [] for variant in variants}}
    for _ in range(rounds):
        runs["Corpuscle"].append(ours.run())
        for variant in variants:
            runs[variant.name].append(variant.run())
    megabytes = pathlib.Path(path).stat().st_size / 1e6
    results = []
    for name, times in runs.items():
        cpu = [time[0] for time in times]
        wall = [time[1] for time in times]
        results.append({
            "reader": name, "events": ours.events, "values": ours.checksum[0], "file_MB": megabytes,
            "cpu_s_min": min(cpu), "cpu_s_median": statistics.median(cpu),
            "wall_s_min": min(wall), "wall_s_median": statistics.median(wall)})
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", default=PERF / "bench-data/ild_1000_ttree.edm4hep.root",
                        help="EDM4hep TTree file of ILD events (bench_io makes the default)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=pathlib.Path, help="write the numbers here too")
    options = parser.parse_args()
    results = measure(str(options.file), options.rounds)
    print(f"uproot {uproot.__version__}, awkward {awkward.__version__}, numpy {numpy.__version__}; "
          f"{results[0]['events']} events, {results[0]['values']} values, "
          f"{results[0]['file_MB']:.1f} MB; sums agree\n")
    print("| reader | events/s | MB/s of file | CPU [s] min | median | wall [s] min | median |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for r in results:
        print(f"| {r['reader']} | {r['events'] / r['cpu_s_min']:.0f} | {r['file_MB'] / r['cpu_s_min']:.0f} "
              f"| {r['cpu_s_min']:.3f} | {r['cpu_s_median']:.3f} | {r['wall_s_min']:.3f} | {r['wall_s_median']:.3f} |")
    ratios = {}
    for kind in ("cpu_s_min", "cpu_s_median", "wall_s_min", "wall_s_median"):
        ratios[kind] = min(r[kind] for r in results[1:]) / results[0][kind]
    print("\nCorpuscle is faster than the best of uproot by "
          f"{ratios['cpu_s_min']:.1f} in CPU time (median {ratios['cpu_s_median']:.1f}), "
          f"{ratios['wall_s_min']:.1f} in wall-clock time (median {ratios['wall_s_median']:.1f}); target 3")
    if options.json:
        options.json.write_text(json.dumps({"results": results, "ratios": ratios}, indent=1) + "\n")


if __name__ == "__main__":
    main()
