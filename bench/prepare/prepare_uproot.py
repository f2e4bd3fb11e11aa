#!/usr/bin/env python3
"""What `corpuscle prepare` does, as a physicist writes it: uproot, and a loop over events with numpy inside.

    .env/bin/python bench/prepare/prepare_uproot.py EVENTS.edm4hep.root OUT.npz

Features of tracks and clusters as in corpuscle-clusters-1, as far as a plain script has them: the depth is that behind
a cylinder, the helix goes to it without looking for the nearest face, there is no canonical order, nothing is checked.
Targets by the rule of 2023 (mlpf.md 2.1): particles by falling energy take a track by its link, else the cluster with
most of their energy by the links of hits.
"""

import sys

import numpy as np
import uproot

TRACKS, CLUSTERS, PARTICLES = "SiTracks_Refitted", "PandoraClusters", "MCParticles"
HITS = {"ECALBarrel": 0, "ECALEndcap": 0, "ECALOther": 0, "HCALBarrel": 1, "HCALEndcap": 1, "HCALOther": 1, "MUON": 2,
        "LumiCal_Hits": 2}
FIELD, RADIUS, HALF_LENGTH = 4.0, 1500.0, 2307.0  # CLIC [T, mm, mm]
ECAL_DEPTH = 202.0  # [mm]
N_FEATURES = 30


def columns(name, members):
    return [f"{name}/{name}.{member}" for member in members.split()]


def references(name):
    return [f"{name}/{name}.{member}" for member in ("index", "collectionID")]


BRANCHES = [
    *columns(TRACKS, "chi2 ndf trackStates_begin trackStates_end"),
    *columns(f"_{TRACKS}_trackStates", "location D0 phi omega Z0 tanLambda referencePoint.x referencePoint.y "
                                       "referencePoint.z covMatrix.values[21]"),
    *columns(CLUSTERS, "energy position.x position.y position.z iTheta iPhi hits_begin hits_end"),
    *references(f"_{CLUSTERS}_hits"),
    *columns(PARTICLES, "PDG generatorStatus charge mass momentum.x momentum.y momentum.z"),
    *[name for collection in HITS for name in columns(collection, "energy time position.x position.y position.z")],
    *[name for link in ("SiTracksMCTruthLink", "CalohitMCTruthLink")
      for name in (*columns(link, "weight"), *references(f"_{link}_from"), *references(f"_{link}_to"))],
    *columns("EventHeader", "runNumber eventNumber"),
]


def angles(x, y, z):
    r = np.hypot(x, y)
    return np.arcsinh(z / r), y / r, x / r


def depth_of(x, y, z):
    """Behind the face of the calorimeter, along the line from the origin."""
    distance = np.sqrt(x * x + y * y + z * z)
    face = np.minimum(RADIUS / np.hypot(x, y), HALF_LENGTH / np.maximum(np.abs(z), 1e-9))
    return distance * (1 - face)


def track_features(get):
    begin, end = get(TRACKS, "trackStates_begin"), get(TRACKS, "trackStates_end")
    states = {name: get(f"_{TRACKS}_trackStates", name)
              for name in ("location", "D0", "phi", "omega", "Z0", "tanLambda", "referencePoint.x", "referencePoint.y",
                           "referencePoint.z", "covMatrix.values[21]")}
    n = len(begin)
    at = {}
    track_of_state = np.repeat(np.arange(n), end - begin)
    for location in (1, 2, 3, 4):  # IP, first hit, last hit, calorimeter
        rows = np.full(n, -1)
        which = np.flatnonzero(states["location"] == location)
        rows[track_of_state[which]] = which
        at[location] = rows
    ip = at[1]
    omega, tan_lambda, phi = states["omega"][ip], states["tanLambda"][ip], states["phi"][ip]
    covariance = states["covMatrix.values[21]"][ip]
    pt = 0.299792458e-3 * FIELD / np.abs(omega)
    p = pt * np.sqrt(1 + tan_lambda**2)
    slope = tan_lambda / (1 + tan_lambda**2)
    variance = covariance[:, 5] / omega**2 - 2 * slope * covariance[:, 12] / omega + slope**2 * covariance[:, 14]
    # The helix from its last point to the calorimeter.
    last = np.where(at[4] >= 0, at[4], at[3])
    x, y, z = (states[f"referencePoint.{axis}"][last] for axis in "xyz")
    last_phi = states["phi"][last]
    x = x - states["D0"][last] * np.sin(last_phi)
    y = y + states["D0"][last] * np.cos(last_phi)
    z = z + states["Z0"][last]
    points = []
    for extra in (0.0, ECAL_DEPTH):
        # Path in the transverse plane to the barrel along a circle, or to the endcap.
        r = np.hypot(x, y)
        to_endcap = (np.sign(tan_lambda) * HALF_LENGTH - z) / np.where(tan_lambda == 0, 1e-9, tan_lambda)
        s = np.minimum(np.maximum(RADIUS - r, 0), np.maximum(to_endcap, 0)) + extra / np.sqrt(1 + tan_lambda**2)
        turn = last_phi - omega * s / 2
        points.append((x + s * np.cos(turn), y + s * np.sin(turn), z + s * tan_lambda))
    end_phi = last_phi - omega * s
    norm = np.sqrt(1 + tan_lambda**2)
    f = np.zeros((n, N_FEATURES), np.float32)
    f[:, 0], f[:, 1] = np.log(p), np.log(pt)
    f[:, 2], f[:, 3], f[:, 4] = angles(*points[1])
    f[:, 5], f[:, 6], f[:, 7] = angles(*points[0])
    f[:, 8], f[:, 9], f[:, 10] = np.cos(end_phi) / norm, np.sin(end_phi) / norm, tan_lambda / norm
    f[:, 11] = last >= 0
    f[:, 12], f[:, 13], f[:, 14] = np.arcsinh(tan_lambda), np.sin(phi), np.cos(phi)
    f[:, 15] = np.sign(omega)
    f[:, 16] = np.log(np.sqrt(np.maximum(variance, 1e-12)) / 1e-3)
    d0, z0 = states["D0"][ip], states["Z0"][ip]
    f[:, 17], f[:, 18] = np.arcsinh(d0 / 0.01), np.arcsinh(z0 / 0.01)
    f[:, 19] = np.arcsinh(d0 / np.sqrt(covariance[:, 0]))
    f[:, 20] = np.arcsinh(z0 / np.sqrt(covariance[:, 9]))
    ndf = get(TRACKS, "ndf")
    f[:, 21] = np.log(np.maximum(get(TRACKS, "chi2"), 1e-3) / np.maximum(ndf, 1))
    f[:, 22] = ndf / 10
    f[:, 23] = np.log(np.hypot(states["referencePoint.x"][at[2]], states["referencePoint.y"][at[2]]) / 100)
    f[:, 24] = np.hypot(states["referencePoint.x"][at[3]], states["referencePoint.y"][at[3]]) / 1000
    f[:, 25] = states["referencePoint.z"][at[3]] / 1000
    return f, p


def cluster_features(get, hits, member, cluster_of_member):
    """@param hits: columns of all hits of the event; member: which of them are in clusters, cluster by cluster"""
    energy = get(CLUSTERS, "energy").astype(float)
    x, y, z = (get(CLUSTERS, f"position.{axis}").astype(float) for axis in "xyz")
    theta, phi = get(CLUSTERS, "iTheta"), get(CLUSTERS, "iPhi")
    n = len(energy)
    distance = np.sqrt(x * x + y * y + z * z)
    direction = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], 1)
    f = np.zeros((n, N_FEATURES), np.float32)
    f[:, 0], f[:, 1] = np.log(energy), np.log(energy * np.hypot(x, y) / distance)
    f[:, 2], f[:, 3], f[:, 4] = angles(x, y, z)
    f[:, 8:11] = direction
    f[:, 11] = 1
    depth = depth_of(x, y, z)
    f[:, 21], f[:, 22] = distance / 1000, depth / 100
    centroid = np.stack([x, y, z], 1)
    axis = centroid / distance[:, None]
    f[:, 28] = np.arccos(np.clip((axis * direction).sum(1), -1, 1))
    for c in range(n):
        of_cluster = member[cluster_of_member == c]
        e = hits["energy"][of_cluster]
        kind = hits["kind"][of_cluster]
        d = hits["position"][of_cluster] - centroid[c]
        raw = e.sum()
        along = d @ axis[c]
        across2 = np.maximum((d * d).sum(1) - along**2, 0)
        for k in range(3):
            f[c, 13 + k] = e[kind == k].sum() / raw
        per_volume = np.where(kind == 0, e * 1e6 / (5.1 * 5.1 * 5.05), e * 1e6 / (30 * 30 * 26.5))
        f[c, 16] = (e / (1 + per_volume / 200))[kind == 0].sum() / raw
        f[c, 17] = (e / (1 + per_volume / 12))[kind == 1].sum() / raw
        f[c, 18] = (e / (1 + per_volume / 3))[kind == 1].sum() / raw
        f[c, 12] = np.log(raw)
        f[c, 19] = np.log(len(e) / 10)
        f[c, 20] = np.log(e.max() / 0.1)
        order = np.argsort(along)
        before = np.cumsum(e[order])
        begin, end = np.searchsorted(before, [0.1 * raw, 0.9 * raw])
        f[c, 23] = (depth[c] + along[order[min(begin, len(e) - 1)]]) / 100
        f[c, 24] = (depth[c] + along[order[min(end, len(e) - 1)]]) / 100
        front = order[:begin + 1]
        f[c, 5:8] = angles(*(centroid[c] + np.average(d[front], axis=0, weights=e[front])))
        mean = np.average(along, weights=e)
        f[c, 25] = np.arcsinh(np.sqrt(np.average((along - mean)**2, weights=e)) / 10)
        f[c, 26] = np.arcsinh(np.sqrt(np.average(across2, weights=e)) / 10)
        f[c, 27] = e[across2 < 15**2].sum() / raw
        f[c, 29] = np.arcsinh(np.average(hits["time"][of_cluster], weights=e))
    return f, energy


def targets_of(get, names, hits, first_hit, member, cluster_of_member, n_tracks, n_clusters):
    """For each element the row of its particle, or -1."""
    pdg, status = np.abs(get(PARTICLES, "PDG")), get(PARTICLES, "generatorStatus")
    mass = get(PARTICLES, "mass")
    momentum = np.stack([get(PARTICLES, f"momentum.{axis}") for axis in "xyz"], 1)
    energy = np.sqrt((momentum**2).sum(1) + mass**2)
    n_particles = len(pdg)

    track_weights = np.zeros((n_tracks, n_particles))
    np.add.at(track_weights, (get("_SiTracksMCTruthLink_from", "index"), get("_SiTracksMCTruthLink_to", "index")),
              get("SiTracksMCTruthLink", "weight"))
    # Energy of each particle in each cluster: the links of hits, by the cluster that the hit is in.
    cluster_of_hit = np.full(len(hits["energy"]), -1)
    cluster_of_hit[member] = cluster_of_member
    index, collection = get("_CalohitMCTruthLink_from", "index"), get("_CalohitMCTruthLink_from", "collectionID")
    linked = np.zeros(len(index), int)
    for id in np.unique(collection):
        is_in = collection == id
        linked[is_in] = first_hit[names[id]] + index[is_in]
    weight, particle = get("CalohitMCTruthLink", "weight"), get("_CalohitMCTruthLink_to", "index")
    deposit = hits["energy"][linked] * weight / np.bincount(linked, weight)[linked]
    inside = cluster_of_hit[linked] >= 0
    cluster_energies = np.zeros((n_clusters, n_particles))
    np.add.at(cluster_energies, (cluster_of_hit[linked][inside], particle[inside]), deposit[inside])

    target = np.full(n_tracks + n_clusters, -1)
    total = cluster_energies.sum(0)
    for p in np.argsort(-energy):
        if status[p] != 1 or pdg[p] in (12, 14, 16) or energy[p] < 0.01:
            continue
        on_tracks = np.flatnonzero(track_weights[:, p] >= 0.6) if n_tracks else []
        if len(on_tracks) == 0 and total[p] <= 0.1 * energy[p]:
            continue
        on_tracks = [t for t in on_tracks if target[t] < 0]
        if on_tracks:
            target[max(on_tracks, key=lambda t: track_weights[t, p])] = p
            continue
        for c in np.argsort(-cluster_energies[:, p]):
            if cluster_energies[c, p] <= 0:
                break
            if target[n_tracks + c] < 0:
                target[n_tracks + c] = p
                break
    charge = get(PARTICLES, "charge")
    label = np.select([pdg == 22, pdg == 11, pdg == 13, charge != 0], [3, 4, 5, 1], 2)
    found = target >= 0
    four = np.concatenate([energy[:, None], momentum, charge[:, None]], 1)
    return np.where(found, label[target], 0), np.where(found[:, None], four[target], 0).astype(np.float32)


def prepare(path):
    result = {name: [] for name in ("features", "type", "label", "target", "energy", "n", "run", "event")}
    with uproot.open(path) as file:
        about = file["podio_metadata"]["events___CollectionTypeInfo"]
        ids, names = (about[f"events___CollectionTypeInfo.{member}"].array(library="np")[0]
                      for member in ("collectionID", "name"))
        names = dict(zip(ids, names))
        for chunk in file["events"].iterate(BRANCHES, step_size=100, library="np"):
            for i in range(len(chunk[BRANCHES[0]])):
                def get(collection, member):
                    return chunk[f"{collection}/{collection}.{member}"][i]

                hits = {"energy": np.concatenate([get(name, "energy") for name in HITS]),
                        "time": np.concatenate([get(name, "time") for name in HITS]),
                        "position": np.stack([np.concatenate([get(name, f"position.{axis}") for name in HITS])
                                              for axis in "xyz"], 1).astype(float)}
                sizes = [len(get(name, "energy")) for name in HITS]
                hits["kind"] = np.repeat(list(HITS.values()), sizes)
                first_hit = dict(zip(HITS, np.cumsum([0, *sizes])))
                index, collection = get(f"_{CLUSTERS}_hits", "index"), get(f"_{CLUSTERS}_hits", "collectionID")
                member = np.zeros(len(index), int)
                for id in np.unique(collection):
                    is_in = collection == id
                    member[is_in] = first_hit[names[id]] + index[is_in]
                n_members = get(CLUSTERS, "hits_end") - get(CLUSTERS, "hits_begin")
                cluster_of_member = np.repeat(np.arange(len(n_members)), n_members)

                tracks, p = track_features(get)
                clusters, energy = cluster_features(get, hits, member, cluster_of_member)
                label, target = targets_of(get, names, hits, first_hit, member, cluster_of_member, len(p), len(energy))
                result["features"].append(np.concatenate([tracks, clusters]))
                result["type"].append(np.repeat(np.array([0, 1], np.uint8), [len(p), len(energy)]))
                result["energy"].append(np.concatenate([p, energy]))
                result["label"].append(label)
                result["target"].append(target)
                result["n"].append([len(label)])
                result["run"].append(get("EventHeader", "runNumber"))
                result["event"].append(get("EventHeader", "eventNumber"))
    return {name: np.concatenate(arrays) for name, arrays in result.items()}


if __name__ == "__main__":
    np.seterr(all="ignore")
    np.savez(sys.argv[2], **prepare(sys.argv[1]))
