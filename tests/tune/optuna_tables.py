"""What read_journal.py and read_optuna.py share: tables beside a study, and a study as Optuna sees it."""
import csv
import math
import pathlib
import sys

try:
    import optuna
except ImportError as error:
    print(f"skipped: there is no Optuna ({error}); tools/setup --test-tools installs it")
    sys.exit(77)

optuna.logging.set_verbosity(optuna.logging.WARNING)
folder = pathlib.Path(sys.argv[1])
trials = list(csv.DictReader((folder / "trials.csv").open(newline="")))
curves = list(csv.DictReader((folder / "curves.csv").open(newline="")))

STATES = {"running": "RUNNING", "paused": "RUNNING", "stopped": "PRUNED", "complete": "COMPLETE", "failed": "FAIL"}


def compare_trials(study, texts):
    """Numbers, states, parameters (as `texts` reads them from the table) and losses.

    Yields each trial of Optuna's with its row, for what else there is to compare.
    """
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    assert len(study.trials) == len(trials), len(study.trials)
    for read, written in zip(study.trials, trials):
        number = int(written["trial"])
        assert read.number == number
        assert read.state.name == STATES[written["state"]], (read.state, written)
        params = {name: text(written[name]) for name, text in texts.items() if written[name]}
        assert read.params == params, (read, written)
        losses = {int(row["epoch"]): float(row["loss"]) for row in curves if int(row["trial"]) == number}
        assert read.intermediate_values.keys() == losses.keys(), (read, losses)
        for epoch, loss in losses.items():
            value = read.intermediate_values[epoch]
            assert value == loss or math.isnan(value) and math.isnan(loss), (number, epoch, value, loss)
        yield read, written


def compare_losses(study):
    """There are losses that are no numbers, and infinite ones. Returns all."""
    read = [value for trial in study.trials for value in trial.intermediate_values.values()]
    assert any(map(math.isnan, read)) and math.inf in read
    return read


def compare_best(study):
    """The best complete trial is the same. Returns its row."""
    best = min((row for row in trials if row["state"] == "complete"), key=lambda row: float(row["score"]))
    assert study.best_value == float(best["score"])
    assert study.best_trial.number == int(best["trial"])
    return best
