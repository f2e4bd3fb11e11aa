"""Opens a journal with Optuna and compares what it sees with the tables beside it.

    read_journal.py FOLDER      with journal.log, trials.csv and curves.csv

Exit status 77 if Optuna is missing.
"""
import csv
import math
import pathlib
import sys

try:
    import optuna
except ImportError as error:
    print(f"skipped: there is no Optuna ({error}); tools/setup --test-tools installs it")
    sys.exit(77)

folder = pathlib.Path(sys.argv[1])
trials = list(csv.DictReader((folder / "trials.csv").open(newline="")))
curves = list(csv.DictReader((folder / "curves.csv").open(newline="")))

optuna.logging.set_verbosity(optuna.logging.WARNING)
try:
    from optuna.storages.journal import JournalFileBackend  # from version 4 on
except ImportError:
    from optuna.storages import JournalFileStorage as JournalFileBackend
storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder / "journal.log")))
study = optuna.load_study(study_name="small", storage=storage)
assert study.direction == optuna.study.StudyDirection.MINIMIZE
assert len(study.trials) == len(trials), len(study.trials)

states = {"running": "RUNNING", "paused": "RUNNING", "stopped": "PRUNED", "complete": "COMPLETE", "failed": "FAIL"}
texts = {"kind": str, "x": float, "lr": float, "width": int}
for read, written in zip(study.trials, trials):
    number = int(written["trial"])
    assert read.number == number
    assert read.state.name == states[written["state"]], (read.state, written)
    assert read.params == {name: text(written[name]) for name, text in texts.items() if written[name]}, (read, written)
    losses = {int(row["epoch"]): float(row["loss"]) for row in curves if int(row["trial"]) == number}
    assert read.intermediate_values.keys() == losses.keys(), (read, losses)
    for epoch, loss in losses.items():
        value = read.intermediate_values[epoch]
        assert value == loss or math.isnan(value) and math.isnan(loss), (number, epoch, value, loss)
    if written["state"] == "complete" or written["state"] == "stopped" and written["reason"] != "imported":
        assert read.value == float(written["score"]), (read.value, written)
    assert (read.datetime_complete is None) == (written["state"] in ("running", "paused")), (read, written)
    assert read.datetime_start is not None

read = [value for trial in study.trials for value in trial.intermediate_values.values()]
assert any(map(math.isnan, read)) and math.inf in read and -math.inf in read
assert {trial.state.name for trial in study.trials} == {"RUNNING", "PRUNED", "COMPLETE", "FAIL"}

best = min((row for row in trials if row["state"] == "complete"), key=lambda row: float(row["score"]))
assert study.best_value == float(best["score"])
assert study.best_trial.number == int(best["trial"])
print(f"Optuna {optuna.__version__}: {len(trials)} trials, {len(read)} losses, best {best['score']}")
