#!/usr/bin/env python3
"""ONNX Runtime or OpenVINO on the events of a file: as infer_rounds.cpp, whose protocol this is.

    rival.py ENGINE PRECISION THREADS MODEL.onnx EVENTS OUTPUTS

ENGINE is onnxruntime or openvino. Both have all optimisations of graphs switched on, as many threads as they are told,
and no second stream. OpenVINO takes bf16 as a hint, and compiles for the length of the events if that is one: it is
faster so. Compiling is not counted.
"""

import pathlib
import struct
import sys
import time

import numpy


def read_events(path):
    raw = pathlib.Path(path).read_bytes()
    n_events, n_features = struct.unpack_from("<2I", raw)
    offsets = numpy.frombuffer(raw, numpy.uint32, n_events + 1, 8)
    begin = 8 + 4 * (n_events + 1)
    features = numpy.frombuffer(raw, numpy.float32, int(offsets[-1]) * n_features, begin).reshape(-1, n_features)
    types = numpy.frombuffer(raw, numpy.uint8, int(offsets[-1]), begin + 4 * features.size).astype(numpy.int64)
    return [(features[a:b], types[a:b]) for a, b in zip(offsets, offsets[1:])]


def onnxruntime_answer(precision, threads, path, length):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda features, types: session.run(None, {"features": features, "types": types})[0]


def openvino_answer(precision, threads, path, length):
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    if length:
        model.reshape({"features": [length, model.input("features").partial_shape[1].get_length()], "types": [length]})
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "ENABLE_CPU_PINNING": False,
                "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision]}
    request = core.compile_model(model, "CPU", settings).create_infer_request()

    def answer(features, types):
        return next(iter(request.infer({"features": features, "types": types}, share_inputs=True).values()))

    return answer


def main():
    engine, precision, threads, model, events, outputs = sys.argv[1:]
    events = read_events(events)
    lengths = {len(types) for _, types in events}
    length = lengths.pop() if len(lengths) == 1 else None
    load = {"onnxruntime": onnxruntime_answer, "openvino": openvino_answer}[engine]
    answer = load(precision, int(threads), model, length)
    numpy.concatenate([answer(*event) for event in events]).astype(numpy.float32).tofile(outputs)
    print(time.process_time(), flush=True)
    for line in sys.stdin:
        passes = int(line)
        before = time.process_time()
        for _ in range(passes):
            for event in events:
                answer(*event)
        print((time.process_time() - before) / passes, flush=True)
    status = pathlib.Path("/proc/self/status").read_text()
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


if __name__ == "__main__":
    main()
