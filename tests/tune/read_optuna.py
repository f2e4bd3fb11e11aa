"""Opens an SQLite export with Optuna and compares what it sees with the tables beside it.

    read_optuna.py FOLDER      with study.db, trials.csv and curves.csv

Exit status 77 if Optuna is missing.
"""
import csv
import datetime
import math
import os
import pathlib
import sys
import time

try:
    import optuna
except ImportError as error:
    print(f"skipped: there is no Optuna ({error}); tools/setup --test-tools installs it")
    sys.exit(77)

os.environ["TZ"] = "UTC"  # Optuna tells local times
time.tzset()
folder = pathlib.Path(sys.argv[1])
trials = list(csv.DictReader((folder / "trials.csv").open(newline="")))
curves = list(csv.DictReader((folder / "curves.csv").open(newline="")))

optuna.logging.set_verbosity(optuna.logging.WARNING)
storage = f"sqlite:///{folder}/study.db"
assert [summary.study_name for summary in optuna.get_all_study_summaries(storage)] == ["made-up study"]
study = optuna.load_study(study_name="made-up study", storage=storage)
assert study.direction == optuna.study.StudyDirection.MINIMIZE
assert study.user_attrs == {"scheduler": "asha", "searcher": "tpe", "max_epochs": 54}, study.user_attrs
assert len(study.trials) == len(trials), len(study.trials)

states = {"running": "RUNNING", "paused": "RUNNING", "stopped": "PRUNED", "complete": "COMPLETE", "failed": "FAIL"}
texts = {"network": str, "width": str, "lr": float, "dropout": float, "bins": int, "layers": int}
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
    if written["state"] in ("stopped", "complete"):
        assert read.value == float(written["score"]), (read.value, written)
    begin = written["begin"] and datetime.datetime.fromisoformat(written["begin"].rstrip("Z"))
    assert read.datetime_start == (begin or None), (read.datetime_start, begin)
    assert read.user_attrs.get("worker", "") == written["worker"]
    if written["reason"] not in ("", "imported"):
        assert read.user_attrs["reason"] == written["reason"]

read = [value for trial in study.trials for value in trial.intermediate_values.values()]
assert any(map(math.isnan, read)) and math.inf in read

complete = [row for row in trials if row["state"] == "complete"]
best = min(complete, key=lambda row: float(row["score"]))
assert study.best_value == float(best["score"])
assert study.best_trial.number == int(best["trial"])

# Optuna goes on from here.
study.sampler = optuna.samplers.TPESampler(seed=1)
trial = study.ask({name: study.best_trial.distributions[name] for name in ("network", "lr")})
study.tell(trial, 0.0)
assert study.best_trial.number == len(trials) and study.best_value == 0
print(f"{len(trials)} trials, {len(read)} losses, best {best['score']}")
