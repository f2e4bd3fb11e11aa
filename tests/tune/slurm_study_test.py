#!/usr/bin/env python3
"""A study by a job array of a real Slurm (one_node_slurm.py), one task of which is killed and the others requeued,
ends as an undisturbed study by one worker does.

    slurm_study_test.py PATH/TO/corpuscle
"""
import pathlib
import sys
import tempfile

from made_up_study import EPOCHS, TRIALS, MadeUpStudy, expect_undisturbed
from one_node_slurm import SKIPPED, OneNodeSlurm, missing_programs, wait_for

TASKS = 3
SECONDS_PER_EPOCH = 0.5  # 12 s for three workers: time to interfere


def field(slurm, task, name):
    words = slurm.ask("scontrol", "show", "job", task).split()
    return next((word.partition("=")[2] for word in words if word.startswith(name + "=")), None)


def main(program):
    missing = missing_programs()
    if missing:
        print("skipped: there is no " + ", ".join(missing) + "; tools/setup --test-tools installs Slurm")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="slurm") as temporary:
        folder = pathlib.Path(temporary)
        reference = MadeUpStudy(program, folder / "reference")
        reference.tune("run", reference.directory, "-j", 1)
        study = MadeUpStudy(program, folder / "50% of Bob's study")
        with OneNodeSlurm(folder / "slurm") as slurm:
            study.tune("submit", study.directory, "--tasks", TASKS, "--", "--time=10", "--comment=two words",
                       env=slurm.environment, seconds_per_epoch=SECONDS_PER_EPOCH)
            job = slurm.ask("squeue", "--noheader", "--format=%F").split()[0]
            assert field(slurm, f"{job}_0", "TimeLimit") == "00:10:00", "options reach sbatch"
            wait_for(lambda: len(study.workers()) == TASKS, 60, "not every task of the array reported a loss")

            slurm.ask("scancel", "--batch", "--signal=KILL", f"{job}_1")  # kill -9 of the worker itself
            requeued = [f"{job}_0", f"{job}_2"]
            for task in requeued:
                slurm.ask("scontrol", "requeue", task)  # SIGTERM for the worker and all that it has started
            assert len(study.losses()) < TRIALS * EPOCHS / 2, "too late to disturb anything"
            for task in requeued:
                wait_for(lambda: field(slurm, task, "JobState") == "PENDING", 60, f"{task} was not requeued")
                # Not after Slurm's two minutes. In the second of the requeue itself it would refuse to start the task.
                slurm.ask("scontrol", "update", f"jobid={task}", "StartTime=now+5seconds")
            wait_for(lambda: not slurm.ask("squeue", "--noheader"), 200, "the tasks of the array did not end")

            logs = sorted(study.directory.glob("slurm/*.log"))
            print(*(f"---- {log.name}\n{log.read_text()}" for log in logs), sep="\n")  # for whoever looks for a failure
            assert [log.name for log in logs] == [f"{job}_{task}.log" for task in range(TASKS)], logs
            ends = [(field(slurm, f"{job}_{task}", "ExitCode"), field(slurm, f"{job}_{task}", "Restarts"))
                    for task in range(TASKS)]
            assert ends == [("0:0", "1"), ("0:9", "0"), ("0:0", "1")], ends
        expect_undisturbed(study, reference, interruptions=TASKS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
