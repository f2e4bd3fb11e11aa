"""Rows of models/measure: one line each of numbers.json, with errors."""

import json
import sys

JETS = "jets/ee_genkt_R0.4/"
COLUMNS = [
    ("jets: IQR/median", JETS + "response_iqr_over_median"),
    ("median", JETS + "response_median"),
    ("visible energy: RMS90", "event/energy/response_rms90"),
    ("median", "event/energy/response_median"),
    ("momentum [GeV]", "event/momentum/component_resolution"),
    ("missing p_T [GeV]", "event/missing_pt/component_resolution"),
    ("charged found", "particles/charged_hadron/efficiency_hard"),
    ("photons found", "particles/photon/efficiency_hard"),
    ("neutral hadrons found", "particles/neutral_hadron/efficiency_hard"),
    ("fakes", "particles/all/fake_rate"),
    ("fake photons", "particles/photon/fake_rate_hard"),
    ("fake neutral hadrons", "particles/neutral_hadron/fake_rate_hard"),
]


def cell(title, figure):
    value, error = figure["value"], figure.get("error")
    digits = 2 if "[GeV]" in title else 4
    return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if error else "")


if sys.argv[1] == "--header":
    print("| sample | particles | " + " | ".join(title for title, _ in COLUMNS) + " |")
    print("| --- | --- |" + " --: |" * len(COLUMNS))
else:
    sample, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        lines = json.load(file)["lines"]
    for line in ("network", "rules", "perfect", "naive"):
        figures = lines[line]["figures"]
        print(f"| {sample} | {line} | " + " | ".join(cell(title, figures[name]) for title, name in COLUMNS) + " |", flush=True)
