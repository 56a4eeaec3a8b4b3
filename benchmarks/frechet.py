"""The Fréchet distance of many pictures: images/s, peak memory at 10,000 and 30,000, and what reading from a folder costs.

    python benchmarks/frechet.py [--threads 1] [--write]
    python benchmarks/frechet.py --row 30000        one row as JSON: both sets made on the fly
    python benchmarks/frechet.py --folder 3000      one row as JSON: a folder of PNGs, read while the network works

The network is a stand-in as wide as Inception (2,048 features of 32 × 32 pixels, random weights): what is measured is reading,
streaming and summing. Each row is a process of its own. --write puts the table between the markers in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from erasepro.generation import Row
from erasepro.metrics import Batch
from erasepro.metrics.fid import FID, FIDConfig
from erasepro.metrics.folder import PictureFolder
from erasepro.metrics.frechet import Moments

README = Path(__file__).parent / "README.md"
FEATURES, SIDE, BATCH = 2048, 32, 250
LIMIT_GROWTH = 50  # MiB that 30,000 pictures may take more than 10,000
LIMIT_OVERLAP = 0.75  # reading and computing together, of one after the other


class Wide:
    """|W x| of a picture's pixels x, W random; ``repeats`` makes it as slow as wished."""

    num_features = FEATURES

    def __init__(self, side: int = SIDE, repeats: int = 1) -> None:
        self.key, self.repeats = f"wide-{side}", repeats
        draw = torch.Generator().manual_seed(1)
        self.weights = torch.randn(3 * side * side, FEATURES, generator=draw) / (3 * side * side) ** 0.5

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        x = images.float().flatten(1) / 64 - 2
        for _ in range(self.repeats):
            found = (x @ self.weights).abs()
        return {"features": found}


def on_the_fly(n: int, high: int, seed: int) -> Iterator[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    for start in range(0, n, BATCH):
        yield torch.randint(0, high, (min(BATCH, n - start), 3, SIDE, SIDE), dtype=torch.uint8, generator=draw)


def distance(n: int) -> dict[str, float]:
    """Two sets of n pictures made on the fly, one standing for the original model's; with its standard error."""
    metric = FID(FIDConfig(roles=[]), Wide())
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


def overlap(n: int, side: int = 128) -> dict[str, float]:
    """A folder of n PNGs: reading alone, computing alone, and both as the metric does it."""
    with tempfile.TemporaryDirectory() as temporary:
        draw = torch.Generator().manual_seed(0)
        for i in range(n):
            coarse = torch.rand(1, 3, side // 8, side // 8, generator=draw) * 255
            image = torch.nn.functional.interpolate(coarse, scale_factor=8, mode="bilinear")[0].byte()
            Image.fromarray(image.permute(1, 2, 0).numpy()).save(Path(temporary) / f"{i:06d}.png")
        folder, network = PictureFolder(temporary), Wide(side)
        sample = next(iter(folder.batches(BATCH)))
        reading = _seconds(lambda: [0 for _ in folder.batches(BATCH)])
        once = _seconds(lambda: network(sample)) * n / len(sample)
        network.repeats = max(round(reading / once), 1)  # as much work on either side
        computing = _seconds(lambda: [_add(Moments(), network(sample)) for _ in range(n // BATCH)])
        moments = Moments()
        both = _seconds(lambda: [_add(moments, network(images)) for images in folder.batches(BATCH)])
    return {"n": n, "reading_s": reading, "computing_s": computing, "both_s": both}


def _add(moments: Moments, answer: dict[str, Tensor]) -> None:
    moments.update(answer["features"])


def _seconds(work) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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
        limit = "–" if n == 10_000 else f"{grown:+.0f} MiB, limit {LIMIT_GROWTH}: {_verdict(grown < LIMIT_GROWTH)}"
        cells = [f"{n:,}", f"{row['images_per_s']:,.0f}", f"{row['value']:.3f} ± {row['stderr']:.3f}"]
        cells += [f"{row['seconds_distance']:.0f}", f"{row['peak_mib']:,.0f}", limit]
        lines.append(f"| {' | '.join(cells)} |")
    row = _row("--folder", "3000", "--threads", threads)
    share = row["both_s"] / (row["reading_s"] + row["computing_s"])
    longer = row["both_s"] / max(row["reading_s"], row["computing_s"])
    lines += [
        "",
        f"A folder of 3,000 PNGs (128 × 128): reading alone {row['reading_s']:.1f} s, computing alone "
        f"{row['computing_s']:.1f} s, both {row['both_s']:.1f} s: {longer:.2f} × the longer, {share:.2f} of the sum (limit "
        f"{LIMIT_OVERLAP}: {_verdict(share < LIMIT_OVERLAP)}).",
        "",
        f"{threads} thread(s) for sums and network, torch {torch.__version__}, one run a row.",
    ]
    return "\n".join(lines)


def _verdict(within: bool) -> str:
    return "ok" if within else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--row", type=int)
    parser.add_argument("--folder", type=int)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(int(args.threads))
    if args.row or args.folder:
        print(json.dumps(distance(args.row) if args.row else overlap(args.folder)))
        return
    found = (
        table(args.threads)
        + f"\n\n{args.threads} thread(s) for sums and network, torch {torch.__version__}, one run a row."
    )
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
