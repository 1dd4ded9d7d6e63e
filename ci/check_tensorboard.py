"""Compares the event file of a run with its metrics, by TensorBoard's own reader.

    python ci/check_tensorboard.py RUN_DIR

needs the package `tensorboard`. RUN_DIR holds config.toml, metrics.jsonl and, somewhere in it, one
event file with content. Exits with 1 at the first difference.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

STATISTICS = ("batch", "running", "population")
METRICS = {
    "accuracy_percent": lambda score: 100.0 * score["accuracy"],
    "error_percent": lambda score: 100.0 * (1.0 - score["accuracy"]),
    "bits_per_character": lambda score: score["loss"] / math.log(2.0),
    "squared_error": lambda score: score["loss"],
}


def number(value):
    """A number of a line, in which null stands for one that is not finite."""
    return math.nan if value is None else value


def single(value):
    """A number of the diagnostics, which are f32."""
    return float(np.float32(number(value)))


def evaluated(line, metric):
    yield "train/loss", line["train_loss"]
    yield "train/gradient_norm", line["gradient_norm"]
    yield "train/learning_rate", line["learning_rate"]
    yield "train/epoch", line["epoch"]
    yield from scores("valid", line["valid"], metric)


def measured(line, metric):
    yield from scores("test", line["test"], metric)
    yield "test/selected_update", line["selected"]


def scores(part, kinds, metric):
    for kind in STATISTICS:
        score = {name: number(value) for name, value in kinds[kind].items()}
        yield f"{part}/loss/{kind}", score["loss"]
        yield f"{part}/{metric}/{kind}", METRICS[metric](score)


def diagnosed(line, _):
    seen = line["diagnostics"]
    norms = [single(norm) for norm in seen["gradient_norms"]]
    if norms:
        yield "gradient/first_step", norms[0]
        yield "gradient/last_step", norms[-1]
        yield "gradient/smallest", np.min(norms)
    for gate in seen["gates"]:
        for side in ("low", "high"):
            yield f"gates/{gate['cell']}/{gate['gate']}/saturated_{side}", gate[side]
    for site in seen["sites"]:
        for distance in ("mean_distance", "variance_distance"):
            if site[distance] is not None:
                yield f"statistics/{site['path']}/{distance}", site[distance]
        if site["smallest_variance"]:
            smallest = np.min([single(variance) for variance in site["smallest_variance"]])
            yield f"statistics/{site['path']}/smallest_variance", smallest
    for update in seen["updates"]:
        if update["weight"] != 0:
            yield f"updates/{update['path']}", single(update["change"]) / single(update["weight"])


def scalars_of(line, metric):
    """The points of a line, by the fields that it has."""
    for field, points in (("valid", evaluated), ("test", measured), ("diagnostics", diagnosed)):
        if field in line:
            yield from points(line, metric)


def metric_of(tags):
    """The metric whose name is in the tags."""
    names = {tag.split("/")[1] for tag in tags if tag.startswith(("valid/", "test/"))} & METRICS.keys()
    check(len(names) == 1, f"the tags name {sorted(names) or 'no metric'}; want one metric")
    return names.pop()


def same(found, expected):
    """Whether a scalar is the number of the metrics, rounded to the f32 that TensorBoard keeps."""
    with np.errstate(over="ignore"):
        expected = np.float32(number(expected))
    return found == expected or (not np.isfinite(found) and np.isnan(expected))


def check(holds, message):
    if not holds:
        sys.exit(f"ci/check_tensorboard.py: {message}")


def check_scalars(events, lines):
    tags = events.Tags()["scalars"]
    metric = metric_of(tags)
    expected = {}
    for line in lines:
        for tag, value in scalars_of(line, metric):
            expected.setdefault(tag, []).append((line["update"], value))
    check(set(tags) <= expected.keys(), f"no metrics for the tags {sorted(set(tags) - expected.keys())}")
    for tag, points in expected.items():
        check(tag in tags, f"the tag {tag} is missing")
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        steps, want = [step for step, _ in found], [step for step, _ in points]
        check(steps == want, f"{tag} has the steps {steps}; the metrics have {want}")
        for (step, value), (_, in_metrics) in zip(found, points):
            check(same(value, in_metrics), f"{tag} at {step} is {value}; the metrics have {in_metrics}")
    return sum(len(points) for points in expected.values())


def check_histograms(events, lines):
    tag = "gradient/log10_norms"
    expected = []
    for line in lines:
        norms = [norm for norm in line.get("diagnostics", {}).get("gradient_norms", []) if norm is not None]
        if norms:
            expected.append((line["update"], np.maximum(np.float32(norms), np.finfo(np.float32).tiny)))
    found = events.Histograms(tag) if expected else []
    steps, want = [event.step for event in found], [step for step, _ in expected]
    check(steps == want, f"{tag} has the steps {steps}; the metrics have {want}")
    for event, (step, norms) in zip(found, expected):
        logs = np.log10(norms.astype(np.float64))
        histogram = event.histogram_value
        limits = histogram.bucket_limit
        edges = [-np.inf, *limits[:-1], np.inf]
        counts = np.histogram(logs, edges)[0]
        check(list(counts) == histogram.bucket, f"{tag} at {step} counts {histogram.bucket}; want {counts}")
        # Two libraries may round a logarithm differently.
        ends = np.allclose([histogram.min, histogram.max], [logs.min(), logs.max()], rtol=1e-14, atol=1e-15)
        check(ends, f"{tag} at {step} is from {histogram.min} to {histogram.max}")
        check(histogram.num == len(norms), f"{tag} at {step} has {histogram.num} norms; want {len(norms)}")


def check_text(events, tag, texts):
    """Texts stand in the file as code of Markdown: four spaces before each line."""
    found = []
    for event in events.Tensors(tag) if tag in events.Tags()["tensors"] else []:
        text = event.tensor_proto.string_val[0].decode()
        found.append((event.step, [line[4:] for line in text.splitlines()]))
    want = [(step, text.splitlines()) for step, text in texts]
    check(found == want, f"the text {tag} is {found}; want {want}")


def main():
    run = Path(sys.argv[1])
    # A run that was taken up again leaves an empty one.
    files = [path for path in run.rglob("events.out.tfevents.*") if path.stat().st_size]
    check(len(files) == 1, f"{len(files)} event files with content in {run}; want one")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    # All points instead of a sample.
    everything = dict.fromkeys(("scalars", "histograms", "tensors"), 0)
    events = EventAccumulator(str(files[0].parent), size_guidance=everything)
    events.Reload()
    points = check_scalars(events, lines)
    check_histograms(events, lines)
    check_text(events, "config", [(0, (run / "config.toml").read_text())])
    diverged = [(line["update"], line["diverged"]) for line in lines if "diverged" in line]
    check_text(events, "diverged", diverged)
    print(f"TensorBoard reads all {points} points of {len(lines)} lines")


main()
