"""Images a second of `generate` beside the loop that published scripts use, and where its time goes.

    python benchmarks/generation.py [--images 96] [--repeats 5] [--threads N] [--write]

The loop: for every prompt one call of the pipeline with one generator, the picture saved. Both draw the same prompts and
seeds with the miniature (16 steps, guidance 3), in turn, on the same threads. The share is the wall time of `generate` (from
its first line to its last file) that is spent inside the denoiser's and the decoder's forward passes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from closed_form import write as write_table

import erasepro
from erasepro.generation import Row, generate

STEPS, GUIDANCE = 16, 3.0
LIMITS = {"speed": 3.0, "share": 0.90}


def rows(number: int) -> list[Row]:
    """Test prompts of the miniature's first pairs, each with a seed of its own."""
    from erasepro.concepts.load import load_concepts
    from erasepro.prompts.evaluation_prompts import make_evaluation_prompts
    from erasepro.runs.resolve import resolve

    concepts = load_concepts(resolve(["concepts=mini/instance_5"]).concepts, "miniature")
    prompts = [prompt.prompt for prompt in make_evaluation_prompts(concepts)][:number]
    return [Row(f"p{i}", prompt, i) for i, prompt in enumerate(prompts)]


def loop(pipe: Any, listed: list[Row], folder: Path) -> None:
    for row in listed:
        generator = torch.Generator().manual_seed(row.seed)
        image = pipe(row.prompt, num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=generator).images[0]
        image.save(folder / f"{row.name}.png")


def ours(pipe: Any, listed: list[Row], folder: Path) -> None:
    generate(pipe, listed, folder, batch_size=32, steps=STEPS, guidance=GUIDANCE, progress=False)


def timed(draw: Callable[[Any, list[Row], Path], None], pipe: Any, listed: list[Row]) -> float:
    """Seconds from the first line to the last file."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        draw(pipe, listed, Path(folder))
        return time.perf_counter() - start


class Inside:
    """Seconds spent inside the denoiser's forward and the decoder, while it is in place."""

    def __init__(self, pipe: Any) -> None:
        self.seconds, self._pipe = 0.0, pipe

    def __enter__(self) -> Inside:
        self._kept = self._pipe.unet.forward, self._pipe.vae.decode
        self._pipe.unet.forward, self._pipe.vae.decode = (self._counted(call) for call in self._kept)
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.unet.forward, self._pipe.vae.decode = self._kept

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - start

        return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    pipe, listed = erasepro.load_model("miniature").pipe, rows(a.images)
    pipe.set_progress_bar_config(disable=True)
    timed(loop, pipe, listed[:2])  # warm
    timed(ours, pipe, listed[:4])
    speeds, ratios, shares = {"loop": [], "ours": []}, [], []
    for turn in range(a.repeats):
        with Inside(pipe) as inside:
            mine = timed(ours, pipe, listed)
        shares.append(inside.seconds / mine)
        few = listed[: max(len(listed) // 3, 1)]  # the loop is slow: a third of the list tells its speed
        theirs = timed(loop, pipe, few) * len(listed) / len(few)
        speeds["ours"].append(len(listed) / mine)
        speeds["loop"].append(len(listed) / theirs)
        ratios.append(theirs / mine)
        print(
            f"{turn + 1}: {speeds['ours'][-1]:.2f} images/s, loop {speeds['loop'][-1]:.2f}", file=sys.stderr, flush=True
        )
    table = "\n".join(
        [
            "| figure | median | lowest | highest | limit |",
            "|:--|--:|--:|--:|--:|",
            line("`generate`, images/s", speeds["ours"], ""),
            line("one prompt at a time, images/s", speeds["loop"], ""),
            line("`generate` over the loop, paired", ratios, f"≥ {LIMITS['speed']:g}"),
            line("share of wall time in denoiser and decoder", shares, f"≥ {LIMITS['share']:.2f}"),
            "",
            f"{len(listed)} images a repeat, {a.repeats} repeats, {a.threads} thread(s), "
            f"torch {torch.__version__.partition('+')[0]}.",
        ]
    )
    print(table)
    if a.write:
        write_table("generation", table)
        print("Written into benchmarks/README.md.")


def line(name: str, values: list[float], limit: str) -> str:
    return f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} | {limit} |"


if __name__ == "__main__":
    main()
