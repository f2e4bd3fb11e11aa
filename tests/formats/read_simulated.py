#!/usr/bin/env python3
"""Reads files written by `corpuscle simulate` with uproot, as software for the CLIC data set does.

  read_simulated.py PROGRAM

Events of a particle gun are simulated to a TTree and to an RNTuple. Both must have the branches and members that
MLPF's preprocessing asks for (mlpf.md 1.3), relations must stay inside the collections they name, and every hit
must belong to the collection that the `system` in its cell id says.
"""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from read_back import Ntuple, Tree, expect, failures  # exits, saying so, where uproot is not there

import numpy as np
import uproot

HITS = "cellID energy energyError time type position.x position.y position.z"
STATES = "tanLambda D0 phi omega Z0 time referencePoint.x referencePoint.y location"
CALORIMETERS = {"ECALBarrel": [20], "ECALEndcap": [29], "ECALOther": [21], "HCALBarrel": [10], "HCALEndcap": [11],
                "HCALOther": [12], "MUON": [13, 14], "LumiCal_Hits": [15]}  # and their systems in CLIC_o3_v14
TRACKERS = {  # hits: relations, simulated hits
    "VXDTrackerHits": ("VXDTrackerHitRelations", "VertexBarrelCollection"),
    "VXDEndcapTrackerHits": ("VXDEndcapTrackerHitRelations", "VertexEndcapCollection"),
    "ITrackerHits": ("InnerTrackerBarrelHitsRelations", "InnerTrackerBarrelCollection"),
    "ITrackerEndcapHits": ("InnerTrackerEndcapHitsRelations", "InnerTrackerEndcapCollection"),
    "OTrackerHits": ("OuterTrackerBarrelHitsRelations", "OuterTrackerBarrelCollection"),
    "OTrackerEndcapHits": ("OuterTrackerEndcapHitsRelations", "OuterTrackerEndcapCollection"),
}
MEMBERS = {
    "EventHeader": "eventNumber runNumber weight",
    "MCParticles": "PDG generatorStatus simulatorStatus charge mass time momentum.x momentum.y momentum.z "
                   "vertex.x endpoint.x parents_begin parents_end daughters_begin daughters_end",
    "SiTracks_Refitted": "type chi2 ndf trackStates_begin trackStates_end trackerHits_begin trackerHits_end",
    "_SiTracks_Refitted_trackStates": STATES,
    "SiTracks_Refitted_dQdx": "dQdx.value dQdx.error",
    "PandoraClusters": "type position.x position.y position.z iTheta iPhi energy hits_begin hits_end",
    "SiTracksMCTruthLink": "weight",
    "CalohitMCTruthLink": "weight",
    "ClusterMCTruthLink": "weight",
    **{name: HITS for name in CALORIMETERS},
    **{name: "cellID eDep time position.x position.y position.z" for name in TRACKERS},
}
RELATIONS = {  # branch: the collections it points to
    "_MCParticles_daughters": ["MCParticles"],
    "_MCParticles_parents": ["MCParticles"],
    "_SiTracks_Refitted_trackerHits": list(TRACKERS),
    "_PandoraClusters_hits": list(CALORIMETERS),
    "_SiTracksMCTruthLink_from": ["SiTracks_Refitted"],
    "_SiTracksMCTruthLink_to": ["MCParticles"],
    "_ClusterMCTruthLink_from": ["PandoraClusters"],
    "_ClusterMCTruthLink_to": ["MCParticles"],
    "_CalohitMCTruthLink_from": list(CALORIMETERS),
    "_CalohitMCTruthLink_to": ["MCParticles"],
    **{f"_{simulated}_particle": ["MCParticles"] for _, simulated in TRACKERS.values()},
    **{f"_{relations}_from": [hits] for hits, (relations, _) in TRACKERS.items()},
    **{f"_{relations}_to": [simulated] for relations, simulated in TRACKERS.values()},
}


def check_members(path, events):
    for branch, members in MEMBERS.items():
        for member in members.split():
            expect(events.column(branch, member) is not None, f"{path}: uproot finds no {branch}.{member}")


def check_relations(path, events, ids):
    for branch, targets in RELATIONS.items():
        index, collection = events.column(branch, "index"), events.column(branch, "collectionID")
        expect(set(collection) <= {ids[name] for name in targets}, f"{path}: {branch} points to other collections")
        for name in targets:
            # Over all events together: no reference may be beyond the longest collection.
            longest = int(np.max(events.counts(name)))
            inside = index[collection == ids[name]]
            expect(np.all((inside >= 0) & (inside < longest)), f"{path}: {branch} points beyond {name}")


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        for container, reader in (("ttree", Tree), ("rntuple", Ntuple)):
            path = f"{directory}/{container}.root"
            # Pions leave tracks and showers, and make further particles in the tracker.
            subprocess.run([program, "simulate", "gun", "--pdg", "-211", "--energy", "20", "--multiplicity", "10", "-n", "4",
                            "--format", container, "-o", path], check=True, stdout=subprocess.DEVNULL)
            events = reader(path)
            check_members(path, events)
            info = uproot.open(path)["podio_metadata"]["events___CollectionTypeInfo"].array()[0]
            fields = {field.split(".")[-1]: field for field in info.fields}
            ids = dict(zip(info[fields["name"]].tolist(), info[fields["collectionID"]].tolist()))
            check_relations(path, events, ids)
            for name, systems in CALORIMETERS.items():
                found = set((events.column(name, "cellID") & 31).tolist())
                expect(found <= set(systems), f"{path}: {name} has hits of systems {found}")
            n_hits = sum(len(events.column(name, "cellID")) for name in CALORIMETERS)
            n_states = len(events.column("_SiTracks_Refitted_trackStates", "location"))
            n_tracks = len(events.column("SiTracks_Refitted", "chi2"))
            print(f"{container}: {n_tracks} tracks with {n_states} states, {n_hits} calorimeter hits")
            # A track that ends in the tracker has no state at the calorimeter.
            expect(n_tracks >= 20 and 3 * n_tracks <= n_states <= 4 * n_tracks, f"{path}: {n_tracks} tracks, {n_states} states")
            expect(n_hits > 1000, f"{path}: only {n_hits} hits of 40 pions of 20 GeV")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
