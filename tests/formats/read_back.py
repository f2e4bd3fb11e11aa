#!/usr/bin/env python3
"""Reads files written by `corpuscle reconstruct` with uproot, and compares.

  read_back.py PROGRAM DATA_DIRECTORY

Each input is reconstructed to a TTree and to an RNTuple. In both, every collection must have the objects
that `corpuscle inspect --json` counts, every column the least and greatest value it names, and the relations
of CorpuscleParticles must stay inside their collections. The branches of the TTree must be called and typed
as podio's are in edm4hep_example_ttree.root.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import awkward as ak
    import numpy as np
    import uproot
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(0)

INPUTS = ["cld_nunuHbb240_rec.edm4hep.root", "ild_nunuh250_dst.slcio"]
EXAMPLE = "edm4hep_example_ttree.root"

failures = []


def expect(is_true, message):
    if not is_true:
        failures.append(message)
        print(f"FAILED: {message}")


class Tree:
    """Members of collections in a TTree, flattened over events."""

    def __init__(self, path):
        self.tree = uproot.open(path)["events"]
        # An array is called "member[21]"; it is looked up as "member".
        self.names = {key.split("[")[0]: key for key in self.tree.keys()}

    def column(self, branch, member):
        name = self.names.get(f"{branch}/{branch}.{member}" if member else branch)
        return None if name is None else ak.to_numpy(ak.flatten(self.tree[name].array(), axis=None))

    def counts(self, branch):
        branch = self.tree[branch]
        leaf = branch.branches[0] if branch.branches else branch
        return ak.num(leaf.array())


class Ntuple:
    """The same of an RNTuple."""

    def __init__(self, path):
        self.events = uproot.open(path)["events"]

    def column(self, branch, member):
        array = self.events[branch].array()
        for part in member.split(".") if member else []:
            if part not in array.fields:
                return None
            array = array[part]
        return ak.to_numpy(ak.flatten(array, axis=None))

    def counts(self, branch):
        return ak.num(self.events[branch].array())


def branch_of(collection, column):
    """Branch and member in which podio keeps a column of `corpuscle inspect`."""
    if "[]" not in column:
        return collection, "" if column == "value" else column
    vector, member = column.split("[]")
    return f"_{collection}_{vector}", member.lstrip(".")


def compare_with_inspect(program, path, events):
    report = json.loads(subprocess.run([program, "inspect", "--json", path], check=True, capture_output=True).stdout)
    n_columns = 0
    for name, collection in report["collections"].items():
        is_subset = collection["type"].endswith("(subset)")
        counts = events.counts(name + "_objIdx" if is_subset else name)
        expect(int(ak.sum(counts)) == collection["objects"], f"{path}: {name} has {ak.sum(counts)} objects")
        if collection["objects"] == 0:
            continue
        for column, said in collection["columns"].items():
            values = events.column(*branch_of(name, column))
            if values is None:
                expect(False, f"{path}: {name}: uproot finds no column {column}")
                continue
            n_columns += 1
            expect(len(values) == said["values"], f"{path}: {name}.{column}: {len(values)} values, not {said['values']}")
            finite = values[np.isfinite(values)]
            expect(len(values) - len(finite) == said["not_finite"], f"{path}: {name}.{column}: values that are not finite")
            if len(finite) and "min" in said:
                # inspect prints nine digits, of 64-bit integers as doubles.
                close = np.allclose([float(finite.min()), float(finite.max())], [said["min"], said["max"]], rtol=1e-8, atol=0)
                expect(close, f"{path}: {name}.{column}: {finite.min()}..{finite.max()}, not {said['min']}..{said['max']}")
        for relation, targets in collection["relations"].items():
            if not is_subset:
                found = int(ak.sum(events.counts(f"_{name}_{relation}")))
                expect(found == targets, f"{path}: {name}.{relation}: {found} references, not {targets}")
    return n_columns


def check_relations(path, events, targets):
    """References of our particles: in range, and each range where the one before ended."""
    n = events.counts("CorpuscleParticles")
    expect(int(ak.sum(n)) > 0, f"{path}: no CorpuscleParticles")
    for relation, target in targets.items():
        branch = f"_CorpuscleParticles_{relation}"
        index = ak.unflatten(events.column(branch, "index"), events.counts(branch))
        expect(bool(ak.all(index >= 0)), f"{path}: {branch} refers to nothing")
        expect(bool(ak.all(index < events.counts(target))), f"{path}: {branch} runs beyond {target}")
        owners = set(events.column(branch, "collectionID").tolist())
        expect(len(owners) == 1, f"{path}: {branch} refers to collections {owners}")
        begin = ak.unflatten(events.column("CorpuscleParticles", f"{relation}_begin"), n)
        end = ak.unflatten(events.column("CorpuscleParticles", f"{relation}_end"), n)
        expect(bool(ak.all(begin <= end)), f"{path}: {relation} runs backwards")
        expect(bool(ak.all(begin[:, 1:] == end[:, :-1])), f"{path}: {relation} has gaps")
        expect(bool(ak.all(end[:, -1] == events.counts(branch))), f"{path}: {relation} does not end with its branch")


def branch_types(tree):
    """Names and types of the branches of one collection each, by the type of its objects."""
    types = {}
    for branch in tree.branches:
        types[branch.name] = (branch.typename, {b.name.split(".", 1)[-1]: b.typename for b in branch.branches})
    return types


def check_layout(path, example):
    ours, theirs = uproot.open(path), uproot.open(example)
    expect({key.split(";")[0] for key in ours.keys()} == {"events", "metadata", "podio_metadata"}, f"{path}: {ours.keys()}")
    ours_types, their_types = branch_types(ours["events"]), branch_types(theirs["events"])
    by_class = {}
    for name, (typename, members) in their_types.items():
        if members and not name.startswith("_") and "Link" not in typename:
            parts = {n[len(name) + 2 :]: t for n, t in their_types.items() if n.startswith(f"_{name}_")}
            by_class[typename] = (members, parts)
    compared = 0
    for name, (typename, members) in ours_types.items():
        if name.startswith("_") or typename not in by_class:
            continue
        compared += 1
        their_members, parts = by_class[typename]
        expect(members == their_members, f"{path}: members of {name} ({typename}): {members}, podio has {their_members}")
        our_parts = {n[len(name) + 2 :]: t for n, t in ours_types.items() if n.startswith(f"_{name}_")}
        for part, types in parts.items():
            expect(our_parts.get(part) == types, f"{path}: branch _{name}_{part} is {our_parts.get(part)}, podio has {types}")
    for name, types in their_types.items():
        if name.startswith("GP"):
            expect(ours_types.get(name) == types, f"{path}: branch {name} is {ours_types.get(name)}, podio has {types}")
    their_metadata = branch_types(theirs["podio_metadata"])
    our_metadata = branch_types(ours["podio_metadata"])
    for name, types in their_metadata.items():
        if name in our_metadata:
            expect(our_metadata[name] == types, f"{path}: podio_metadata.{name} is {our_metadata[name]}, podio has {types}")
    for name in ("events___CollectionTypeInfo", "PodioBuildVersion", "edm4hep___Version", "EDMDefinitions"):
        expect(name in our_metadata and name in their_metadata, f"{path}: podio_metadata.{name}")
    return compared


def main(program, data):
    data = pathlib.Path(data)
    missing = [name for name in [*INPUTS, EXAMPLE] if not (data / name).exists()]
    if missing:
        print(f"skipped: {data / missing[0]} is not there")
        return 0
    targets = {
        INPUTS[0]: {"tracks": "SiTracks_Refitted", "clusters": "PandoraClusters"},
        INPUTS[1]: {"tracks": "MarlinTrkTracks", "clusters": "PandoraClusters"},
    }
    with tempfile.TemporaryDirectory() as directory:
        for name in INPUTS:
            for container, reader in (("ttree", Tree), ("rntuple", Ntuple)):
                path = f"{directory}/{name}.{container}.root"
                subprocess.run([program, "reconstruct", str(data / name), "-o", path, "--format", container], check=True,
                               stdout=subprocess.DEVNULL)
                events = reader(path)
                n_columns = compare_with_inspect(program, path, events)
                check_relations(path, events, targets[name])
                print(f"{name} as {container}: {n_columns} columns compared")
                expect(n_columns > 100, f"{path}: only {n_columns} columns compared")
                if container == "ttree":
                    compared = check_layout(path, str(data / EXAMPLE))
                    print(f"{name} as {container}: layout of {compared} collections compared")
                    expect(compared > 5, f"{path}: only {compared} collections compared")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
