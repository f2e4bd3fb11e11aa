"""Draws what corpuscle-validate-simulation measured, and writes its table: docs/validation.md, docs/figures/validation.

    build/perf/bin/corpuscle-validate-simulation --json validation.json
    .env/bin/python bench/physics/plot_validation.py validation.json
"""
import array
import json
import pathlib
import sys

import ROOT

COLOURS = [ROOT.kAzure + 2, ROOT.kOrange + 7, ROOT.kTeal + 3, ROOT.kViolet - 3]
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "figures" / "validation"

HEADER = """# Validation of the simulation

What the simulation of CLICdet gives beside the reference sheet (detector.md, section 9 and the sections named), the
gates of mlpf.md 2.3 and real full-simulation files. Errors are statistical (bootstrap). A row is *ok* inside its target,
*ok within 2 sigma* if its error allows for it, and else says by how much it misses the nearer end.

This page is written by two commands:

    tools/build perf && build/perf/bin/corpuscle-validate-simulation --scale 0.5 --json build/validation.json
    .env/bin/python bench/physics/plot_validation.py build/validation.json

`--only jets` (tracks, photons, ...) measures one part alone, and prints its rows.

"""


def values(numbers):
    return array.array("d", numbers)


def graph(series):
    n = len(series["x"])
    errors = series["error"] or [0] * n
    return ROOT.TGraphErrors(n, values(series["x"]), values(series["y"]), values([0] * n), values(errors))


def steps(series, number):
    histogram = ROOT.TH1D(f"h{number}", "", len(series["x"]) - 1, values(series["x"]))
    histogram.SetDirectory(0)
    for bin, (content, error) in enumerate(zip(series["y"], series["error"]), start=1):
        histogram.SetBinContent(bin, content)
        histogram.SetBinError(bin, error)
    return histogram


def limits(plot):
    xs = [x for s in plot["series"] for x in s["x"]]
    ys = [y for s in plot["series"] for y in s["y"] if y > 0 or not plot["log_y"]]
    low, high = min(ys), max(ys)
    if plot["log_y"]:
        y_range = low / 2, high * (4 if len(plot["series"]) < 4 else 200)
    else:
        steps_only = all(s["style"] == "steps" for s in plot["series"])
        margin = max(0.25 * (high - low), 0.02 * abs(high))
        y_range = (0 if steps_only else low - margin), high + 1.6 * margin
    if plot["log_x"]:
        return min(xs) / 1.5, max(xs) * 1.5, *y_range
    margin = 0 if plot["series"][0]["style"] == "steps" else 0.05 * (max(xs) - min(xs))
    return min(xs) - margin, max(xs) + margin, *y_range


def draw(plot):
    x_low, x_high, y_low, y_high = limits(plot)
    canvas = ROOT.TCanvas(plot["name"], "", 600, 450)
    canvas.SetMargin(0.14, 0.04, 0.14, 0.07)
    canvas.SetLogx(plot["log_x"])
    canvas.SetLogy(plot["log_y"])
    frame = canvas.DrawFrame(x_low, y_low, x_high, y_high, f";{plot['x_title']};{plot['y_title']}")
    for axis in frame.GetXaxis(), frame.GetYaxis():
        axis.SetTitleSize(0.05)
        axis.SetLabelSize(0.045)
    frame.GetXaxis().SetMoreLogLabels(plot["log_x"])
    frame.GetXaxis().SetNoExponent()
    frame.GetYaxis().SetTitleOffset(1.4)
    legend = ROOT.TLegend(0.5, 0.91 - 0.05 * len(plot["series"]), 0.94, 0.91)
    legend.SetBorderSize(0)
    legend.SetFillStyle(0)
    keep = []
    pairs = any(s["style"] == "line" for s in plot["series"]) and len(plot["series"]) > 2
    for number, series in enumerate(plot["series"]):
        colour = COLOURS[(number // 2 if pairs else number) % len(COLOURS)]
        if series["style"] == "steps":
            item, option, entry = steps(series, number), "hist same", "l"
        else:
            item = graph(series)
            option, entry = ("p same", "pe") if series["style"] == "points" else ("l same", "l")
        item.SetLineColor(colour)
        item.SetMarkerColor(colour)
        item.SetMarkerStyle(20)
        item.SetLineWidth(2)
        if series["style"] == "line":
            item.SetLineStyle(2)
        item.Draw(option)
        legend.AddEntry(item, series["name"], entry)
        keep.append(item)
    legend.Draw()
    title = ROOT.TLatex()
    title.SetNDC()
    title.SetTextSize(0.042)
    title.DrawLatex(0.14, 0.945, plot["title"])
    canvas.SaveAs(str(FIGURES / f"{plot['name']}.png"))


def target(row):
    if row["low"] == row["high"]:
        return f"{row['low']:.4g}"
    return f"{row['low']:.4g} to {row['high']:.4g}"


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    ROOT.gROOT.SetBatch(True)
    ROOT.gErrorIgnoreLevel = ROOT.kWarning
    ROOT.gStyle.SetOptStat(0)
    FIGURES.mkdir(parents=True, exist_ok=True)
    lines = [HEADER, "| observable | from | target | measured | n | verdict |\n", "| --- | --- | --- | --- | --: | --- |\n"]
    missed = [row for row in report["rows"] if row["verdict"].startswith("misses")]
    for row in report["rows"]:
        verdict = f"**{row['verdict']}**" if row in missed else row["verdict"]
        lines.append(f"| {row['observable']} | {row['source']} | {target(row)} {row['unit']} "
                     f"| {row['measured']} ± {row['error']} | {row['n']} | {verdict} |\n")
    lines.append(f"\n{len(missed)} of {len(report['rows'])} rows miss their target.\n\n## Figures\n\n")
    for plot in report["plots"]:
        draw(plot)
        lines.append(f"![{plot['name'].replace('_', ' ')}](figures/validation/{plot['name']}.png)\n")
    (DOCS / "validation.md").write_text("".join(lines))


main()
