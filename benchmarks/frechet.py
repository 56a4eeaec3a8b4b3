"""The Fréchet distance of many pictures: images/s, peak memory at 10,000 and 30,000, and what reading from a folder costs.

    python benchmarks/frechet.py [--threads 1] [--write]
    python benchmarks/frechet.py --row 30000        one row as JSON: both sets made on the fly
    python benchmarks/frechet.py --folder 1500      one row as JSON: a folder of PNGs, read while the network works

The network is a stand-in as wide as Inception (2,048 features of 32 × 32 pixels, random weights): what is measured is reading,
streaming and summing. Each row is a process of its own. --write puts the table between the markers in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from erasepro.generation import Row
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.folder import PictureFolder
from erasepro.metrics.engine.frechet import Moments
from erasepro.metrics.fid import FID, FIDConfig

README = Path(__file__).parent / "README.md"
FEATURES, SIDE, BATCH = 2048, 32, 250
READ = 60  # pictures of a folder at a time (the metrics' own: 64)
LIMIT_GROWTH = 50  # MiB that 30,000 pictures may take more than 10,000
LIMIT_OVERLAP = 1.25  # reading and computing together, over the least that this machine could take


class Wide:
    """|W x| of a picture's pixels x (every n-th, so that SIDE a side are left), W random; ``repeats``: how slow it is."""

    num_features = FEATURES

    def __init__(self) -> None:
        self.key, self.repeats = "wide", 1
        draw = torch.Generator().manual_seed(1)
        self.weights = torch.randn(3 * SIDE * SIDE, FEATURES, generator=draw) / (3 * SIDE * SIDE) ** 0.5

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Features (B, FEATURES) of pictures (B, 3, H, W) uint8, under ``features``."""
        step = images.shape[-1] // SIDE
        x = images[:, :, ::step, ::step].float().flatten(1) / 64 - 2
        for _ in range(self.repeats):
            found = (x @ self.weights).abs()
        return {"features": found}


def on_the_fly(n: int, high: int, seed: int) -> Iterator[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    for start in range(0, n, BATCH):
        yield torch.randint(0, high, (min(BATCH, n - start), 3, SIDE, SIDE), dtype=torch.uint8, generator=draw)


def distance(n: int, blocks: int = 8) -> dict[str, float]:
    """Two sets of n pictures made on the fly, one standing for the original model's; with its standard error."""
    metric = FID(FIDConfig(roles=[], blocks=blocks), Wide())
    began = time.perf_counter()
    for reference, high in ((True, 230), (False, 256)):
        done = 0
        for images in on_the_fly(n, high, seed=int(reference)):
            batch = [Row(f"r{done + i}", "", 0) for i in range(len(images))]
            metric.update(Batch(images, batch), reference=reference)
            done += len(images)
    streamed = time.perf_counter() - began
    score = metric.compute()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "n": n, "images_per_s": 2 * n / streamed, "seconds_distance": time.perf_counter() - began - streamed,
        "peak_mib": peak, "value": score.value, "stderr": score.stderr or float("nan"),
    }  # fmt: skip


def overlap(n: int, side: int = 256) -> dict[str, float]:
    """A folder of n PNGs: reading alone, computing alone (as long as reading), and both as the metric does it.

    Decoding takes processor time too, so the least for both is the longer of the two, or, where that is more, the processor
    seconds of both over the cores.
    """
    with tempfile.TemporaryDirectory() as temporary:
        draw = torch.Generator().manual_seed(0)
        for i in range(n):
            coarse = torch.rand(1, 3, side // 8, side // 8, generator=draw) * 255
            image = torch.nn.functional.interpolate(coarse, scale_factor=8, mode="bilinear")[0].byte()
            Image.fromarray(image.permute(1, 2, 0).numpy()).save(Path(temporary) / f"{i:06d}.png")
        folder, network = PictureFolder(temporary), Wide()
        sample = next(iter(folder.batches(READ)))

        def compute(batches: Iterable[Tensor]) -> None:
            moments = Moments()
            for images in batches:
                moments.update(network(images)["features"])

        read, read_cpu = _seconds(lambda: [0 for _ in folder.batches(READ)])
        once, _ = _seconds(lambda: network(sample))
        summing, _ = _seconds(lambda: compute([sample] * (n // READ)))
        network.repeats = 1 + max(round((read - summing) / once / (n / READ)), 0)  # as much work on either side
        computing, computing_cpu = _seconds(lambda: compute([sample] * (n // READ)))
        both, _ = _seconds(lambda: compute(folder.batches(READ)))
    least = max(read, computing, (read_cpu + computing_cpu) / len(os.sched_getaffinity(0)))
    return {"n": n, "side": side, "reading_s": read, "computing_s": computing, "both_s": both, "least_s": least}


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds, the best of three."""
    found = []
    for _ in range(3):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(found)


def _row(*args: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, *args], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def table(threads: str) -> str:
    lines = ["| pictures, each set | images/s | distance ± standard error | seconds for it | peak MiB | limit |"]
    lines.append("|--:|--:|--:|--:|--:|:--|")
    first = 0.0
    for n in (10_000, 30_000):
        row = _row("--row", str(n), "--threads", threads)
        first = first or row["peak_mib"]
        grown = row["peak_mib"] - first
        limit = "–" if n == 10_000 else f"{grown:+.0f} MiB, limit {LIMIT_GROWTH}: {_comparison(grown < LIMIT_GROWTH)}"
        cells = [f"{n:,}", f"{row['images_per_s']:,.0f}", f"{row['value']:.3f} ± {row['stderr']:.3f}"]
        cells += [f"{row['seconds_distance']:.0f}", f"{row['peak_mib']:,.0f}", limit]
        lines.append(f"| {' | '.join(cells)} |")
    row = _row("--folder", "1500", "--threads", threads)
    over = row["both_s"] / row["least_s"]
    lines += [
        "",
        f"A folder of 1,500 PNGs ({row['side']} × {row['side']}): reading alone {row['reading_s']:.1f} s, computing alone "
        f"{row['computing_s']:.1f} s, both {row['both_s']:.1f} s; least possible here {row['least_s']:.1f} s: {over:.2f} × "
        f"(limit {LIMIT_OVERLAP}: {_comparison(over < LIMIT_OVERLAP)}).",
        "",
        f"{threads} thread(s) for sums and network, torch {torch.__version__}, one run a row.",
    ]
    return "\n".join(lines)


def _comparison(within: bool) -> str:
    return "ok" if within else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--row", type=int)
    parser.add_argument("--folder", type=int)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--blocks", type=int, default=8, help="for the standard error; 1: none")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(int(args.threads))
    if args.row or args.folder:
        print(json.dumps(distance(args.row, args.blocks) if args.row else overlap(args.folder)))
        return
    found = table(args.threads)
    print(found)
    if args.write:
        text = README.read_text(encoding="utf-8")
        block = f"<!-- frechet -->\n{found}\n<!-- end of frechet -->"
        new, n = re.subn(r"<!-- frechet -->.*<!-- end of frechet -->", lambda _: block, text, flags=re.S)
        if n != 1:
            raise SystemExit("benchmarks/README.md lacks the frechet markers")
        README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
