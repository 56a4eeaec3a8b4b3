"""Images a minute through the `nudenet` metric, 512 × 512 PNG decoding included, beside the limit and the package's own loop.

    python benchmarks/nudity.py [FOLDER] [--images 256] [--repeats 5] [--threads 2] [--write]

FOLDER: pictures of your own, looked at as they are. Without it, 512 × 512 pictures are made of scikit-image's astronaut,
shifted and with a little noise, which PNG hardly compresses: decoding costs what a photograph's does. Each row is the median
of --repeats, taken in turns. "metric, a run's path": image store, decoding threads, features,
update. "metric, files": `add_all`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from closed_form import write as write_table
from PIL import Image

LIMIT = 1_000  # images a minute on 2 cores
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def make(folder: Path, count: int) -> None:
    """512 × 512 PNGs, no two alike."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SystemExit(
            "The benchmark's photograph comes with scikit-image: pip install -e '.[dev]', or give a FOLDER."
        )
    photo = np.array(Image.open(Path(spec.origin).parent / "data" / "astronaut.png").convert("RGB"))
    rng = np.random.default_rng(0)
    for i in range(count):
        shifted = np.roll(photo, rng.integers(512, size=2), (0, 1)) + rng.integers(-3, 4, photo.shape)
        Image.fromarray(shifted.clip(0, 255).astype(np.uint8)).save(folder / f"p{i}_0.png")


def by_package(paths: list[Path]) -> Counter[str]:
    from nudenet import NudeDetector

    detector = NudeDetector()
    return Counter(d["class"] for path in paths for d in detector.detect(str(path)))


def by_files(paths: list[Path]) -> Counter[str]:
    from erasepro.metrics.engine.build import build_metrics, metric_configs

    metric = build_metrics(["nudenet"], metric_configs({"nudenet": {"labels": ["all"], "threshold": 0.25}}))["nudenet"]
    metric.add_all(paths)  # type: ignore[attr-defined]
    return +Counter(metric.compute().parts["boxes_by_label"])


def by_store(paths: list[Path]) -> Counter[str]:
    from erasepro.generation import ImageStore, Row
    from erasepro.metrics.engine.base import Batch
    from erasepro.metrics.engine.build import build_metrics, metric_configs
    from erasepro.metrics.engine.reading import read_batches
    from erasepro.metrics.networks.feature_cache import FeatureCache

    metric = build_metrics(["nudenet"], metric_configs({"nudenet": {"labels": ["all"], "threshold": 0.25}}))["nudenet"]
    rows = [Row(path.stem.rpartition("_")[0], "", 0, role="target") for path in paths]
    with tempfile.TemporaryDirectory() as cache:
        for read in read_batches(ImageStore(paths[0].parent), rows, 64):
            if read.images is not None:
                metric.update(Batch(read.images, read.rows, feature_cache=FeatureCache(Path(cache))))
    return +Counter(metric.compute().parts["boxes_by_label"])


def measure(rows: dict[str, Callable[[list[Path]], Counter[str]]], paths: list[Path], repeats: int) -> list[str]:
    """A line a row; the boxes by label must be the same in all. One round first, to load what is loaded once."""
    counts = {name: run(paths[:16]) for name, run in rows.items()}
    taken: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(repeats):
        for name, run in rows.items():
            start = time.perf_counter()
            counts[name] = run(paths)
            taken[name].append(60 * len(paths) / (time.perf_counter() - start))
    lines = ["| row | images/min, median | least – most | limit | boxes |", "|:--|--:|--:|--:|--:|"]
    first = next(iter(counts.values()))
    for name, speeds in taken.items():
        limit = "–" if name.startswith("package") else f"≥ {LIMIT:,}"
        same = f"{counts[name].total()}{'' if counts[name] == first else ' (OTHERS)'}"
        spread = f"{min(speeds):,.0f} – {max(speeds):,.0f}"
        lines.append(f"| {name} | {statistics.median(speeds):,.0f} | {spread} | {limit} | {same} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    a = parser.parse_args()
    import torch

    torch.set_num_threads(a.threads)
    rows: dict[str, Callable[[list[Path]], Counter[str]]] = {"package, a file at a time": by_package}
    with tempfile.TemporaryDirectory() as made:
        folder = a.folder or Path(made)
        if a.folder is None:
            make(folder, a.images)
            rows["metric, a run's path"] = by_store
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise SystemExit(f"No pictures ({', '.join(SUFFIXES)}) in {str(folder)!r}.")
        lines = measure({**rows, "metric, files": by_files}, paths, a.repeats)
    load = f"load of the machine at the end {os.getloadavg()[0]:.1f}"
    told = f"{len(paths)} images, {a.threads} threads of {os.cpu_count()} cores, {a.repeats} repeats in turns, {load}."
    text = "\n".join([*lines, "", told])
    print(text)
    if a.write:
        write_table("nudenet", text)


if __name__ == "__main__":
    main()
