#!/usr/bin/env python3
"""A study by the ranks of an mpirun, which ends all of them when one is killed, is finished by another mpirun and
ends as an undisturbed study by one worker does. A rank is a plain worker: no MPI library is involved.

    mpi_study_test.py PATH/TO/corpuscle
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from made_up_study import EPOCHS, TRIALS, MadeUpStudy, expect_undisturbed
from one_node_slurm import SKIPPED, wait_for

RANKS = 3
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def start(study, seconds_per_epoch):
    return subprocess.Popen(["mpirun", "-n", str(RANKS), "--oversubscribe", *study.command("worker", study.directory)],
                            env={**ENVIRONMENT, "MADE_UP_SECONDS": str(seconds_per_epoch)}, stdin=subprocess.DEVNULL)


def children(process):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], text=True, stdout=subprocess.PIPE).stdout
    return [int(word) for word in listed.split()]


def main(program):
    if not shutil.which("mpirun"):
        print("skipped: there is no mpirun; tools/setup --test-tools installs OpenMPI")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="mpi") as temporary:
        folder = pathlib.Path(temporary)
        reference = MadeUpStudy(program, folder / "reference")
        reference.tune("run", reference.directory, "-j", 1)

        study = MadeUpStudy(program, folder / "study")
        mpirun = start(study, seconds_per_epoch=0.5)
        try:
            wait_for(lambda: len(study.workers()) == RANKS, 60, "not every rank reported a loss")
            ranks = children(mpirun.pid)
            assert len(ranks) == RANKS, ranks
            os.kill(ranks[1], signal.SIGKILL)
            assert mpirun.wait(60) != 0, "mpirun is to say that a rank was killed"
            assert len(study.losses()) < TRIALS * EPOCHS, "nothing was left to do"
            mpirun = start(study, seconds_per_epoch=0)
            assert mpirun.wait(120) == 0, mpirun.returncode
        finally:
            mpirun.kill()  # nothing if it has ended
            mpirun.wait()
        expect_undisturbed(study, reference, interruptions=RANKS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
