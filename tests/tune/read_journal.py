"""Opens a journal with Optuna and compares what it sees with the tables beside it.

    read_journal.py FOLDER      with journal.log, trials.csv and curves.csv

Exit status 77 if Optuna is missing.
"""
import math

from optuna_tables import compare_best, compare_losses, compare_trials, folder, optuna, trials

try:
    from optuna.storages.journal import JournalFileBackend  # from version 4 on
except ImportError:
    from optuna.storages import JournalFileStorage as JournalFileBackend
storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder / "journal.log")))
study = optuna.load_study(study_name="small", storage=storage)

for read, written in compare_trials(study, {"kind": str, "x": float, "lr": float, "width": int}):
    if written["state"] == "complete" or written["state"] == "stopped" and written["reason"] != "imported":
        assert read.value == float(written["score"]), (read.value, written)
    assert (read.datetime_complete is None) == (written["state"] in ("running", "paused")), (read, written)
    assert read.datetime_start is not None

losses = compare_losses(study)
assert -math.inf in losses
assert {trial.state.name for trial in study.trials} == {"RUNNING", "PRUNED", "COMPLETE", "FAIL"}
best = compare_best(study)
print(f"Optuna {optuna.__version__}: {len(trials)} trials, {len(losses)} losses, best {best['score']}")
