"""Opens an SQLite export with Optuna and compares what it sees with the tables beside it.

    read_optuna.py FOLDER      with study.db, trials.csv and curves.csv

Exit status 77 if Optuna is missing.
"""
import datetime
import os
import time

from optuna_tables import compare_best, compare_losses, compare_trials, folder, optuna, trials

os.environ["TZ"] = "UTC"  # Optuna tells local times
time.tzset()
storage = f"sqlite:///{folder}/study.db"
assert [summary.study_name for summary in optuna.get_all_study_summaries(storage)] == ["made-up study"]
study = optuna.load_study(study_name="made-up study", storage=storage)
assert study.user_attrs == {"scheduler": "asha", "searcher": "tpe", "max_epochs": 54}, study.user_attrs

texts = {"network": str, "width": str, "lr": float, "dropout": float, "bins": int, "layers": int}
for read, written in compare_trials(study, texts):
    if written["state"] in ("stopped", "complete"):
        assert read.value == float(written["score"]), (read.value, written)
    begin = written["begin"] and datetime.datetime.fromisoformat(written["begin"].rstrip("Z"))
    assert read.datetime_start == (begin or None), (read.datetime_start, begin)
    assert read.user_attrs.get("worker", "") == written["worker"]
    if written["reason"] not in ("", "imported"):
        assert read.user_attrs["reason"] == written["reason"]

losses = compare_losses(study)
best = compare_best(study)

# Optuna goes on from here.
study.sampler = optuna.samplers.TPESampler(seed=1)
trial = study.ask({name: study.best_trial.distributions[name] for name in ("network", "lr")})
study.tell(trial, 0.0)
assert study.best_trial.number == len(trials) and study.best_value == 0
print(f"{len(trials)} trials, {len(losses)} losses, best {best['score']}")
