"""Asks TensorBoard and its HParams plugin what they see in an export, and compares it with the tables beside it.

    read_tensorboard.py FOLDER      with tensorboard/, trials.csv and curves.csv

Exit status 77 if TensorBoard is missing.
"""
import csv
import math
import pathlib
import sys

try:
    from tensorboard import context
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups
except ImportError as error:
    print(f"skipped: there is no TensorBoard ({error}); tools/setup --test-tools installs it")
    sys.exit(77)

folder = pathlib.Path(sys.argv[1])
trials = list(csv.DictReader((folder / "trials.csv").open(newline="")))
curves = list(csv.DictReader((folder / "curves.csv").open(newline="")))


def same(read, written):
    """What went through a float of 32 bits, half a unit of its last place off at most."""
    return math.isnan(read) and math.isnan(written) or read == written or abs(read - written) <= 2**-24 * abs(written)


multiplexer = plugin_event_multiplexer.EventMultiplexer()
multiplexer.AddRunsFromDirectory(str(folder / "tensorboard"))
multiplexer.Reload()
provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder / "tensorboard"))
plugin = backend_context.Context(base_plugin.TBContext(data_provider=provider, multiplexer=multiplexer))
request_context = context.RequestContext()

# 1. The curves.
for number, trial in enumerate(trials):
    losses = [(int(row["epoch"]), float(row["loss"])) for row in curves if int(row["trial"]) == number]
    read = [(event.step, event.tensor_proto) for event in multiplexer.Tensors(f"{number:05}", "loss")]
    assert [step for step, _ in read] == [epoch for epoch, _ in losses], (number, read, losses)
    for (_, tensor), (_, loss) in zip(read, losses):
        assert same(tensor.float_val[0], loss), (number, tensor, loss)

# 2. The space.
experiment = get_experiment.Handler(request_context, plugin, "", api_pb2.GetExperimentRequest()).run()
axes = {axis.name: axis for axis in experiment.hparam_infos}
assert experiment.name == "made-up study", experiment.name
assert sorted(axes) == ["bins", "dropout", "layers", "lr", "network", "width"], list(axes)
assert [value.string_value for value in axes["network"].domain_discrete.values] == ["gnn", "transformer", "windows"]
assert [value.number_value for value in axes["width"].domain_discrete.values] == [64, 128, 256]
assert axes["width"].type == api_pb2.DATA_TYPE_FLOAT64
assert (axes["lr"].domain_interval.min_value, axes["lr"].domain_interval.max_value) == (1e-5, 1e-2)
assert [metric.name.tag for metric in experiment.metric_infos] == ["score", "loss"]

# 3. The trials.
request = api_pb2.ListSessionGroupsRequest(
    start_index=0, slice_size=10000, aggregation_type=api_pb2.AGGREGATION_AVG,
    allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING, api_pb2.STATUS_UNKNOWN])
for axis in axes:
    request.col_params.add(hparam=axis)
groups = list_session_groups.Handler(request_context, plugin, "", request).run()
assert groups.total_size == len(trials), (groups.total_size, len(trials))
statuses = {"complete": api_pb2.STATUS_SUCCESS, "stopped": api_pb2.STATUS_SUCCESS, "failed": api_pb2.STATUS_FAILURE,
            "paused": api_pb2.STATUS_RUNNING, "running": api_pb2.STATUS_RUNNING}
seen = set()
for group in groups.session_groups:
    (session,) = group.sessions
    trial = trials[int(session.name)]
    seen.add(session.name)
    assert session.status == statuses[trial["state"]], (session, trial)
    for axis in axes:
        if trial[axis] == "":
            assert axis not in group.hparams, (session, axis)
        elif axis == "network":
            assert group.hparams[axis].string_value == trial[axis], (session, axis)
        else:
            assert group.hparams[axis].number_value == float(trial[axis]), (session, axis)
    values = {value.name.tag: value.value for value in session.metric_values}
    if trial["score"]:
        assert same(values["score"], float(trial["score"])), (values, trial)
assert len(seen) == len(trials)
print(f"{len(seen)} trials, {len(curves)} losses")
