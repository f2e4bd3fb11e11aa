"""Makes clic_toy.edm4hep.json: three toy events in CLIC, for a demo without any other file.

Not a simulation: pions, photons and K0L shot from the origin, one track and one cluster each, smeared. The
events balance to rest and sum to 91 GeV.  python3 examples/data/make_sample.py > examples/data/clic_toy.edm4hep.json
"""
import json
import math
import random

FIELD, RADIUS, HALF_LENGTH = 4.0, 1500.0, 2307.0  # T, mm: detectors/clic.yaml


def helix_to_face(px, py, pz, charge):
    """Point (mm) and direction where a particle from the origin meets a cylinder around the ECAL face."""
    pt, phi = math.hypot(px, py), math.atan2(py, px)
    omega = charge * 2.99792458e-4 * FIELD / pt
    reach = RADIUS * abs(omega) / 2
    s_side = 2 / abs(omega) * math.asin(reach) if omega and reach < 1 else (RADIUS if not omega else math.inf)
    s = min(s_side, HALF_LENGTH * pt / max(abs(pz), 1e-9))
    x = s * math.cos(phi) if not omega else (math.sin(phi) - math.sin(phi - omega * s)) / omega
    y = s * math.sin(phi) if not omega else (math.cos(phi - omega * s) - math.cos(phi)) / omega
    return (x, y, s * pz / pt), phi - omega * s, omega


def make_event(number, rng):
    tracks, clusters, particles = [], [], []
    momenta = []
    for _ in range(rng.randint(8, 12)):
        cos_theta, phi, p = rng.uniform(-0.9, 0.9), rng.uniform(-math.pi, math.pi), rng.expovariate(1 / 4) + 1.2
        sin_theta = math.sqrt(1 - cos_theta**2)
        momentum = (p * sin_theta * math.cos(phi), p * sin_theta * math.sin(phi), p * cos_theta)
        momenta += [momentum, tuple(-c for c in momentum)]
    kinds = [rng.choices(((211, 1, 0.13957), (-211, -1, 0.13957), (22, 0, 0.0), (130, 0, 0.497611)), (30, 30, 30, 10))[0]
             for _ in momenta]
    low, high = 0.0, 100.0
    for _ in range(60):  # scale the momenta until the energies sum to 91 GeV
        scale = (low + high) / 2
        total = sum(math.hypot(scale * math.hypot(*m), k[2]) for m, k in zip(momenta, kinds))
        low, high = (scale, high) if total < 91 else (low, scale)
    for momentum, (pdg, charge, mass) in zip(momenta, kinds):
        px, py, pz = (scale * c for c in momentum)
        p = math.hypot(px, py, pz)
        energy = math.hypot(p, mass)
        particles.append({"PDG": pdg, "generatorStatus": 1, "simulatorStatus": 0, "charge": float(charge), "time": 0.0,
                          "mass": mass, "vertex": {"x": 0.0, "y": 0.0, "z": 0.0}, "endpoint": {"x": 0.0, "y": 0.0, "z": 0.0},
                          "momentum": {"x": px, "y": py, "z": pz}, "parents": [], "daughters": []})
        (x, y, z), phi, omega = helix_to_face(px, py, pz, charge)
        tan_lambda = pz / math.hypot(px, py)
        if charge:
            pt_error = math.hypot(2e-5 * p, 2e-3)
            covariance = [0.0] * 21
            covariance[0], covariance[2], covariance[9], covariance[14] = 4e-4, 1e-6, 4e-4, 1e-6
            omega *= rng.gauss(1, pt_error)
            covariance[5] = (pt_error * omega) ** 2
            state = {"D0": 0.0, "Z0": 0.0, "time": 0.0, "tanLambda": tan_lambda, "omega": omega, "covMatrix": covariance}
            states = [dict(state, location=1, phi=math.atan2(py, px), referencePoint={"x": 0.0, "y": 0.0, "z": 0.0}),
                      dict(state, location=4, phi=phi, referencePoint={"x": x, "y": y, "z": z})]
            tracks.append({"type": 0, "chi2": 19.0, "ndf": 19, "radiusOfInnermostHit": 31.0, "dEdx": 0.0, "dEdxError": 0.0,
                           "subDetectorHitNumbers": [], "trackStates": states, "dxQuantities": [], "trackerHits": [], "tracks": []})
        is_photon = pdg == 22
        seen = max(0.1, rng.gauss(energy, math.sqrt(energy) * (0.16 if is_photon else 0.5)))
        depth = rng.uniform(50, 90) if is_photon else rng.uniform(120, 400)
        norm = math.hypot(1, tan_lambda)
        position = {"x": x + depth * math.cos(phi) / norm, "y": y + depth * math.sin(phi) / norm,
                    "z": z + depth * tan_lambda / norm}
        in_ecal = seen if is_photon else rng.uniform(0.1, 0.5) * seen
        clusters.append({"type": 0, "energy": seen, "energyError": 0.0, "position": position, "positionError": [0.0] * 6,
                         "iTheta": math.atan2(1, tan_lambda), "phi": math.remainder(phi, 2 * math.pi),
                         "directionError": {"x": 0.0, "y": 0.0, "z": 0.0}, "shapeParameters": [],
                         "subdetectorEnergies": [in_ecal, seen - in_ecal, 0.0, 0.0, 0.0, 0.0],
                         "clusters": [], "hits": [], "particleIDs": []})

    def collection(identifier, kind, objects):
        return {"collID": identifier, "collType": f"edm4hep::{kind}Collection", "collection": objects}

    header = [{"eventNumber": number, "runNumber": 1, "timeStamp": 0, "weight": 1.0}]
    return {"EventHeader": collection(1, "EventHeader", header), "MCParticles": collection(2, "MCParticle", particles),
            "SiTracks_Refitted": collection(3, "Track", tracks), "PandoraClusters": collection(4, "Cluster", clusters),
            "edm4hepVersion": "0.7.0"}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


generator = random.Random(1)
print(json.dumps(rounded({f"Event {n}": make_event(n, generator) for n in range(3)}), separators=(",", ":")))
