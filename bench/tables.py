#!/usr/bin/env python3
"""Names the machine and prints the results of Google Benchmark programs as Markdown tables.

    bench/tables.py MACHINE_JSON RESULT_JSON...    (writes the first, reads the others)

Rates are per second of CPU time, of the best and of the median repetition.
"""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys


def machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name")), platform.machine())
    cache = pathlib.Path(__file__).resolve().parents[1] / "build/perf/CMakeCache.txt"
    compiler = next((line.partition("=")[2] for line in cache.read_text().splitlines()
                     if line.startswith("CMAKE_CXX_COMPILER:")), "c++")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    return {"cpu": model, "cores": os.cpu_count(), "compiler": version.splitlines()[0],
            "system": platform.platform(), "load": os.getloadavg()[0]}


def table(path):
    runs = {}
    found = json.loads(pathlib.Path(path).read_text())["benchmarks"]
    for run in sorted(found, key=lambda run: (run["family_index"], run["per_family_instance_index"])):
        if run.get("run_type") != "iteration":
            continue
        if run.get("error_occurred"):
            sys.exit(f"{run['name']}: {run['error_message']}")
        runs.setdefault(run["run_name"], []).append(run)
    units = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}
    print("| benchmark | events/s best | median | MB/s best | CPU [ms] min | median |")
    print("| --- | --: | --: | --: | --: | --: |")
    for name, repetitions in runs.items():
        rates = [run["events/s"] for run in repetitions]
        times = [run["cpu_time"] * units[run["time_unit"]] for run in repetitions]
        megabytes = f"{max(run['MB/s'] for run in repetitions):.0f}" if "MB/s" in repetitions[0] else ""
        print(f"| {name} | {max(rates):.0f} | {statistics.median(rates):.0f} | {megabytes} "
              f"| {min(times):.3g} | {statistics.median(times):.3g} |")


def main():
    about = machine()
    pathlib.Path(sys.argv[1]).write_text(json.dumps(about, indent=1) + "\n")
    print(f"{about['cpu']}, {about['cores']} cores, {about['compiler']}, {about['system']}; "
          f"load {about['load']:.1f} as the tables were made")
    for path in sys.argv[2:]:
        print()
        table(path)


if __name__ == "__main__":
    main()
