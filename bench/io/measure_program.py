#!/usr/bin/env python3
"""The program from outside: how soon it starts, what a second worker brings, how much memory it takes.

    bench/io/measure_program.py [--rounds 5] [--json FILE]

Needs nothing but Python. The inputs are the ILD six-quark sample laid end to end (an LCIO file may be) and
two files of the samples. Rounds are interleaved: each does everything once. What two workers can bring
depends on what else the machine is doing, so every round first times two busy loops beside one.
"""

import argparse
import filecmp
import json
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERF = ROOT / "build/perf"
PROGRAM = PERF / "bin/corpuscle"
MADE = PERF / "bench-data"
SAMPLES = ROOT.parent / "shared/data"
SMALL_JSON = ROOT / "tests/fuzz/corpus/edm4hep_json/new_schema.json"
SAMPLE, SAMPLE_EVENTS = SAMPLES / "ild_bbcsdu500_dst.slcio", 50


def run(*arguments):
    """Runs the program; wall-clock seconds, CPU seconds with all its processes, peak of the largest [MB]."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    command = [str(PROGRAM), *map(str, arguments)]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)}: failed")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_MB": usage.ru_maxrss / 1024}


def repeated(events):
    path = MADE / f"ild_{events}.slcio"
    if not path.exists():
        MADE.mkdir(parents=True, exist_ok=True)
        sample = SAMPLE.read_bytes()
        with open(f"{path}.part", "wb") as out:
            for _ in range(events // SAMPLE_EVENTS):
                out.write(sample)
        os.rename(f"{path}.part", path)
    return path


def busy_loops(n, seconds=0.5):
    """Wall-clock time of n processes that each compute for `seconds` of CPU time."""
    start = time.perf_counter()
    children = []
    for _ in range(n):
        child = os.fork()
        if child == 0:
            while time.process_time() < seconds:  # this clock starts at 0 in a new process
                pass
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return time.perf_counter() - start


def spare_cores():
    """How much two busy loops get done in the time of one: 2 on a machine that does nothing else."""
    return 2 * busy_loops(1) / busy_loops(2)


def measure_start(rounds):
    commands = {
        "corpuscle --help": ["--help"],
        "inspect --event 0, LCIO (0.5 MB)": ["inspect", "--event", 0, SAMPLES / "ild_nunuh250_dst.slcio"],
        "inspect --event 0, LCIO (2.0 MB)": ["inspect", "--event", 0, SAMPLE],
        "inspect --event 0, JSON (1 kB)": ["inspect", "--event", 0, SMALL_JSON],
        "inspect --event 0, JSON (2.8 MB)": ["inspect", "--event", 0, SAMPLES / "cld_ttbar_rec.edm4hep.json"],
    }
    walls = {name: [] for name in commands}
    for _ in range(10 * rounds):
        for name, arguments in commands.items():
            walls[name].append(run(*arguments)["wall_s"])
    return [{"command": name, "wall_ms_min": 1e3 * min(times), "wall_ms_median": 1e3 * statistics.median(times)}
            for name, times in walls.items()]


def measure_workers(rounds, events):
    source = repeated(events)
    outputs = {n: MADE / f"written_by_{n}.edm4hep.root" for n in (1, 2)}
    runs = {1: [], 2: []}
    spare = []
    for _ in range(rounds):
        spare.append(spare_cores())
        for n, output in outputs.items():
            runs[n].append(run("reconstruct", source, "-o", output, "--threads", n))
        if not filecmp.cmp(outputs[1], outputs[2], shallow=False):
            sys.exit("one worker and two wrote different bytes")
    for output in outputs.values():
        output.unlink()
    rates = {n: [events / r["wall_s"] for r in runs[n]] for n in runs}
    ratios = [two / one for one, two in zip(rates[1], rates[2])]
    return {"events": events, "rates": rates, "cpu_s": {n: [r["cpu_s"] for r in runs[n]] for n in runs},
            "ratios": ratios, "spare_cores": spare}


def measure_memory():
    results = []
    for container in ("ttree", "rntuple"):
        for events in (1000, 10000):
            output = MADE / "written.edm4hep.root"
            writing = run("reconstruct", repeated(events), "-o", output, "--format", container)
            reading = run("inspect", "--columns", output)
            results.append({"container": container, "events": events, "reconstruct_MB": writing["peak_MB"],
                            "inspect_MB": reading["peak_MB"], "file_MB": output.stat().st_size / 1e6})
            output.unlink()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=5000, help="of the input for one and two workers")
    parser.add_argument("--json", type=pathlib.Path, help="write the numbers here too")
    options = parser.parse_args()

    start = measure_start(options.rounds)
    print("| start-up | wall [ms] min | median |\n| --- | --: | --: |")
    for row in start:
        print(f"| {row['command']} | {row['wall_ms_min']:.1f} | {row['wall_ms_median']:.1f} |")

    workers = measure_workers(options.rounds, options.events)
    print(f"\n| reconstruct, {options.events} events, LCIO to TTree | best round | median |\n| --- | --: | --: |")
    for n in (1, 2):
        rates = workers["rates"][n]
        print(f"| events/s, {n} worker{'s' if n > 1 else ''} | {max(rates):.0f} | {statistics.median(rates):.0f} |")
    for name, key in (("two workers against one, same round", "ratios"), ("two busy loops against one", "spare_cores")):
        print(f"| {name} | {max(workers[key]):.2f} | {statistics.median(workers[key]):.2f} |")
    for n in (1, 2):
        cpu = workers["cpu_s"][n]
        print(f"| CPU [s], {n} worker{'s' if n > 1 else ''} | {min(cpu):.2f} | {statistics.median(cpu):.2f} |")
    print("\nThe outputs of one and of two workers are the same, byte for byte.")

    memory = measure_memory()
    print("\n| container | events | output [MB] | reconstruct, peak [MB] | inspect --columns, peak [MB] |")
    print("| --- | --: | --: | --: | --: |")
    for row in memory:
        print(f"| {row['container']} | {row['events']} | {row['file_MB']:.0f} | {row['reconstruct_MB']:.0f} "
              f"| {row['inspect_MB']:.0f} |")
    if options.json:
        options.json.write_text(json.dumps({"start": start, "workers": workers, "memory": memory}, indent=1) + "\n")


if __name__ == "__main__":
    main()
