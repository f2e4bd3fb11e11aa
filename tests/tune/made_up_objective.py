#!/usr/bin/env python3
"""Pretends to train, for tests of studies: made_up_objective.py DIRECTORY EPOCHS X

The loss of an epoch depends on X and the epoch alone. An epoch takes MADE_UP_SECONDS (0). What a real training keeps
in its checkpoint is here the file `losses` of DIRECTORY; it is said again after every start. The file `begun` gets a
line for every epoch that begins, so a test can tell what was trained twice. SIGTERM ends it at once, as most programs.
"""
import os
import pathlib
import sys
import time

directory, epochs, x = pathlib.Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


def say(epoch, loss):
    print(f"epoch {epoch} loss {loss}", flush=True)


def append(name, line):
    with open(directory / name, "a") as file:
        file.write(f"{line}\n")


checkpoint = directory / "losses"
known = checkpoint.read_text().split() if checkpoint.exists() else []
for epoch, loss in enumerate(known, 1):
    say(epoch, loss)
for epoch in range(len(known) + 1, epochs + 1):
    append("begun", epoch)
    time.sleep(float(os.environ.get("MADE_UP_SECONDS", 0)))
    loss = (x - 0.3) ** 2 + 1 / (1 + epoch)
    append("losses", loss)
    say(epoch, loss)
