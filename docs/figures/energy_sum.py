"""Draws docs/figures/energy_sum.png: the energy of our particles against that of Pandora's, event by event.

Run from the root of the repository, after ./demo:  .env/bin/python docs/figures/energy_sum.py
"""
import subprocess
import tempfile

import ROOT
import uproot

SOURCE = "../shared/data/ild_bbcsdu500_dst.slcio"

with tempfile.TemporaryDirectory() as folder:
    output = folder + "/out.edm4hep.root"
    subprocess.run(["build/full/bin/corpuscle", "reconstruct", SOURCE, "-o", output], check=True)
    events = uproot.open(output)["events"]
    ours, pandora = (events[name + ".energy"].array(library="np") for name in ("CorpuscleParticles", "PandoraPFOs"))

ROOT.gROOT.SetBatch(True)
ROOT.gStyle.SetOptStat(0)
canvas = ROOT.TCanvas("canvas", "", 640, 560)
canvas.SetMargin(0.13, 0.04, 0.12, 0.04)
frame = canvas.DrawFrame(380, 380, 530, 530, ";energy sum of Pandora's PFOs [GeV];energy sum of Corpuscle's particles [GeV]")
frame.GetXaxis().SetTitleSize(0.045)
frame.GetYaxis().SetTitleSize(0.045)
frame.GetYaxis().SetTitleOffset(1.35)
diagonal = ROOT.TLine(380, 380, 530, 530)
diagonal.SetLineColor(ROOT.kGray + 1)
diagonal.Draw()
graph = ROOT.TGraph(len(ours))
for k, (a, b) in enumerate(zip(pandora, ours)):
    graph.SetPoint(k, float(a.sum()), float(b.sum()))
graph.SetMarkerStyle(20)
graph.SetMarkerColor(ROOT.kAzure + 2)
graph.Draw("P")
label = ROOT.TLatex()
label.SetNDC()
label.SetTextFont(42)
label.SetTextSize(0.042)
label.DrawLatex(0.17, 0.89, "e^{+}e^{-} #rightarrow b#bar{b}c#bar{s}d#bar{u}, 500 GeV, ILD full simulation")
label.DrawLatex(0.17, 0.83, f"{len(ours)} events, correlation {graph.GetCorrelationFactor():.3f}")
canvas.SaveAs("docs/figures/energy_sum.png")
