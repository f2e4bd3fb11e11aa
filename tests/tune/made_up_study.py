"""A small study with a made-up objective, and what its journal says, for tests of workers on clusters."""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

TRIALS, EPOCHS = 8, 9
COMPLETE = 1  # of Optuna's states

# Which configurations are trained, and how far, does not depend on who is first: there is no scheduler and the
# searcher does not learn.
CONFIGURATION = """\
name: made_up
objective:
  command: "{python} {objective} {{directory}} {{epochs}} {{x}}"
  silence: 5
epochs: {epochs}
scheduler: {{kind: none, trials: {trials}}}
searcher: {{kind: random, seed: 3}}
parameters:
  - {{name: x, kind: real, low: 0, high: 1}}
"""


class MadeUpStudy:
    def __init__(self, program, directory):
        """Makes the study. @param program  `corpuscle`"""
        self.program = program
        self.directory = pathlib.Path(directory)
        objective = self.directory.parent / "made_up_objective.py"  # without blanks in its path, as in a command
        shutil.copy(pathlib.Path(__file__).with_name(objective.name), objective)
        configuration = self.directory.with_name("study.yaml")
        configuration.write_text(CONFIGURATION.format(python=sys.executable, objective=objective, trials=TRIALS,
                                                      epochs=EPOCHS))
        self.tune("init", configuration, "-o", directory)

    def command(self, verb, *arguments):
        return [str(word) for word in (self.program, "tune", verb, *arguments)]

    def tune(self, verb, *arguments, seconds_per_epoch=0, **options):
        """Runs `corpuscle tune VERB ARGUMENTS`, and returns what it prints."""
        environment = {**options.pop("env", os.environ), "MADE_UP_SECONDS": str(seconds_per_epoch)}
        return subprocess.run(self.command(verb, *arguments), env=environment, check=True, text=True,
                              stdout=subprocess.PIPE, timeout=300, **options).stdout

    def lines(self):
        """The lines of the journal so far, without one that is being written."""
        text = (self.directory / "journal.log").read_text()
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def losses(self):
        """(trial, epoch, loss) of every report, in the order of the journal."""
        return [(line["trial_id"], line["step"], line["intermediate_value"]) for line in self.lines()
                if line["op_code"] == 7]

    def states(self):
        """The state of each trial that has ended."""
        return {line["trial_id"]: line["state"] for line in self.lines() if line["op_code"] == 6}

    def workers(self):
        """Names of those who have reported losses."""
        return {line["worker_id"] for line in self.lines() if line["op_code"] == 7}

    def faults(self):
        """Why programs ended that are taken to have failed."""
        deeds = [line.get("system_attr", {}).get("corpuscle", {}) for line in self.lines()]
        return [deed["reason"] for deed in deeds if deed.get("fault")]

    def begun_again(self):
        """How many epochs began that had begun before."""
        begun = collections.Counter((file.parent.name, epoch) for file in self.directory.glob("trials/*/begun")
                                    for epoch in file.read_text().split())
        return sum(begun.values()) - len(begun)


def expect_undisturbed(study, reference, interruptions):
    """Checks that a study, of whose programs so many were interrupted, has what an undisturbed one has.

    An epoch that is interrupted begins again; no other does.
    """
    assert study.states() == {trial: COMPLETE for trial in range(TRIALS)}, study.states()
    assert len(reference.losses()) == TRIALS * EPOCHS, reference.losses()
    assert sorted(study.losses()) == sorted(reference.losses()), sorted(study.losses())
    assert study.begun_again() <= interruptions, f"{study.begun_again()} epochs began again"
    assert not study.faults(), study.faults()
