#!/usr/bin/env python3
"""Time and memory of every network against the number of elements of an event, as tables and as a figure.

    .env/bin/python bench/model/scaling.py [--program build/perf/bin/measure_network] [--figure FILE.png] [--json FILE]

Each point is a process of its own: one event, one thread, float32; the least CPU time of a few passes, and the peak of
memory above that before. Inference ("forward") as far as time and memory allow, training ("step": forward and backward)
to 10,000 elements. From the last decade of inference the exponent of N is told: 1 is linear. Points that FILE.json
has already are not measured again.
"""

import argparse
import array
import json
import math
import os
import pathlib
import subprocess
import sys

ROOT_FOLDER = pathlib.Path(__file__).resolve().parents[2]
SIZES = [100, 1_000, 10_000, 100_000, 1_000_000]
# network, what it is called, largest event for inference
NETWORKS = [
    ("window-transformer", "window transformer (ours)", 1_000_000),
    ("kernel-transformer", "kernel transformer", 1_000_000),
    ("gnn-lsh", "GNN-LSH", 100_000),
    ("attention", "softmax attention", 100_000),
]
LARGEST_STEP = 10_000


def measure(program, network, n, what):
    run = subprocess.run([program, network, str(n), what], capture_output=True, text=True)
    if run.returncode != 0:
        print(f"{network}, {n} elements, {what}: {run.stderr.strip() or 'killed'}", file=sys.stderr)
        return None
    low, middle, megabytes = map(float, run.stdout.split())
    return {"network": network, "elements": n, "what": what, "cpu_s_min": low, "cpu_s_median": middle,
            "peak_MB": megabytes}


def exponent(points, key):
    """Of N, from the last two points."""
    before, last = points[-2:]
    return math.log(last[key] / before[key]) / math.log(last["elements"] / before["elements"])


def milliseconds(seconds):
    return f"{1e3 * seconds:,.0f}" if seconds >= 0.1 else f"{1e3 * seconds:.3g}"


def table(points, what):
    names = [(network, name) for network, name, _ in NETWORKS]
    print(f"\n| {what}: elements | " + " | ".join(name for _, name in names) + " |")
    print("| --: |" + " --: |" * len(names))
    for n in SIZES:
        found = {p["network"]: p for p in points if p["elements"] == n and p["what"] == what}
        if found:
            cells = [f"{milliseconds(found[network]['cpu_s_min'])} ms, {found[network]['peak_MB']:,.0f} MB"
                     if network in found else "" for network, _ in names]
            print(f"| {n:,} | " + " | ".join(cells) + " |")


def draw(points, path):
    import ROOT
    ROOT.gROOT.SetBatch(True)
    ROOT.gErrorIgnoreLevel = ROOT.kWarning
    canvas = ROOT.TCanvas("canvas", "", 1300, 560)
    canvas.Divide(2, 1)
    colours = [ROOT.kAzure + 2, ROOT.kTeal + 3, ROOT.kOrange + 7, ROOT.kViolet - 3]
    keep = []
    for pad, (key, factor, title) in enumerate([("cpu_s_min", 1e3, "CPU time per event [ms]"),
                                                ("peak_MB", 1, "peak memory [MB]")], start=1):
        canvas.cd(pad)
        ROOT.gPad.SetLogx()
        ROOT.gPad.SetLogy()
        ROOT.gPad.SetGrid()
        ROOT.gPad.SetLeftMargin(0.12)
        ROOT.gPad.SetRightMargin(0.03)
        ROOT.gPad.SetTopMargin(0.03)
        ROOT.gPad.SetBottomMargin(0.12)
        graphs = ROOT.TMultiGraph("", f";elements of an event;{title}")
        legend = ROOT.TLegend(0.15, 0.72, 0.58, 0.95)
        for colour, (network, name, _) in zip(colours, NETWORKS):
            for what, style in (("forward", 1), ("step", 2)):
                # Below a megabyte is what malloc had at hand.
                of = [p for p in points if p["network"] == network and p["what"] == what and p[key] > 0]
                if not of:
                    continue
                graph = ROOT.TGraph(len(of), array.array("d", [p["elements"] for p in of]),
                                    array.array("d", [factor * p[key] for p in of]))
                graph.SetLineColor(colour)
                graph.SetMarkerColor(colour)
                graph.SetLineStyle(style)
                graph.SetLineWidth(2)
                graph.SetMarkerStyle(20 if what == "forward" else 24)
                graphs.Add(graph)
                keep.append(graph)
                if what == "forward":
                    legend.AddEntry(graph, name, "lp")
        graphs.Draw("ALP")
        graphs.GetXaxis().SetTitleSize(0.045)
        graphs.GetYaxis().SetTitleSize(0.045)
        graphs.GetXaxis().SetTitleOffset(1.2)
        if pad == 1:
            training = ROOT.TGraph(1, array.array("d", [1]), array.array("d", [1]))
            training.SetLineStyle(2)
            training.SetLineWidth(2)
            training.SetMarkerStyle(24)
            legend.AddEntry(training, "dashed: training step", "lp")
            keep.append(training)
            legend.Draw()
        keep += [graphs, legend]
    canvas.SaveAs(str(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=ROOT_FOLDER / "build/perf/bin/measure_network")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="no larger events")
    parser.add_argument("--figure", type=pathlib.Path, help="draw it here (needs ROOT)")
    parser.add_argument("--json", type=pathlib.Path, help="write the numbers here")
    options = parser.parse_args()
    points = []
    if options.json and options.json.exists():
        points = json.loads(options.json.read_text())["points"]
    else:
        print(f"load {os.getloadavg()[0]:.1f} at the start")
    have = {(p["network"], p["elements"], p["what"]) for p in points}
    for n in SIZES:
        for network, _, largest in NETWORKS:
            for what in ("forward", "step"):
                limit = min(options.largest, largest if what == "forward" else LARGEST_STEP)
                if n > limit or (network, n, what) in have:
                    continue
                point = measure(options.program, network, n, what)
                if point:
                    points.append(point)
                if options.json:
                    options.json.write_text(json.dumps({"points": points}, indent=1) + "\n")
    points.sort(key=lambda p: p["elements"])
    table(points, "forward")
    table(points, "step")
    print("\n| network | time goes with N to the power | memory |\n| --- | --: | --: |")
    for network, name, _ in NETWORKS:
        of = [p for p in points if p["network"] == network and p["what"] == "forward"]
        print(f"| {name} | {exponent(of, 'cpu_s_min'):.2f} | {exponent(of, 'peak_MB'):.2f} |")
    if options.figure:
        draw(points, options.figure)


if __name__ == "__main__":
    main()
