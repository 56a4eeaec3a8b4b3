"""Draws a work list with a diffusers pipeline: batched, resumable, and the same images however it is cut up.

Every image has its own CPU generator, seeded by its row, so it does not depend on the batch, the order or the device's
random state; between batch sizes images agree up to the rounding of batched matrix products. On one machine a resumed
run, or one by several processes, is equal to the bit: batches are always cut from the *whole* list, and one with anything
missing is drawn whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.generation.encode import PromptEncoder
from erasepro.generation.lost import tell_lost
from erasepro.generation.samplers import check_sampler, make_scheduler
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row, resolved, screened
from erasepro.generation.writer import Writer
from erasepro.models.architectures import architecture_of
from erasepro.runtime import distributed
from erasepro.runtime.progress import stage

OPTIONS = {
    "pixart": {"clean_caption": False, "use_resolution_binning": False}
}  # the prompt and the size as they are given


def generate(
    pipe: Any,
    rows: Iterable[Row],
    out_dir: str | Path,
    *,
    batch_size: int = 16,
    steps: int = 20,
    guidance: float = 3.0,
    size: int | None = None,
    scheduler: str | None = None,
    model_hash: str = "",
    edit_hash: str = "none",
    on_mismatch: str = "error",
    progress: bool = True,
    title: str = "Drawing",
) -> ImageStore:
    """Draws every row that `out_dir` does not hold yet; returns the folder as a store.

    Args:
        pipe: a diffusers pipeline (its scheduler, safety checker and progress bar are put back afterwards).
        rows: what to draw; rows that mention a minor are always left out.
        size: pixels a side; None: the model's own.
        scheduler: None (the model's own) | ddim | dpm++ | lms.
        model_hash, edit_hash: kept in the folder's manifest; a folder drawn otherwise raises UserError
            (``on_mismatch="regenerate"``: is emptied and drawn again).

    A row's own guidance, steps and size go before the arguments. An image in the folder that is not, byte for byte, what was
    drawn is drawn again, and a line on stderr says so. One with NaN pixels, or with one colour only, is recorded in the store's
    ``errors()`` and the run goes on. Under torchrun each process draws every n-th batch (see ``erasepro.runtime.distributed``).
    """
    check_sampler(steps, guidance, size, scheduler, batch_size)
    worklist = resolved(screened(rows), guidance, steps, size)
    for row in worklist:
        check_row(row)
    sampler = {
        "scheduler": scheduler_manifest(make_scheduler(pipe.scheduler, scheduler)),
        "steps": steps,
        "guidance": float(guidance),
        "size": size,
    }
    store = ImageStore(out_dir)

    def prepare() -> set[str]:
        store.open({"model": model_hash, "edit": edit_hash, "sampler": sampler}, on_mismatch)
        store.tie(worklist, on_mismatch)
        tell_lost(store.folder, store.drop_damaged(worklist))
        return {row.name for row in store.missing(worklist)}

    todo = distributed.on_main_process(prepare)
    if todo:
        done = len(worklist) - len(todo)
        bar = stage(title, len(worklist), done, "images", with_speed=True, show=progress)
        with bar as advance, _borrowed(pipe, scheduler):
            distributed.on_all_processes(lambda: _fill(store, pipe, worklist, todo, batch_size, advance))
    return store


def _fill(
    store: ImageStore, pipe: Any, rows: list[Row], todo: set[str], batch_size: int, advance: Callable[[int], None]
) -> None:
    """Draw this process's share of the batches that are to be drawn: every n-th of n processes."""
    batches = [batch for batch in cut(rows, batch_size) if any(row.name in todo for row in batch)]
    own_batches = batches[distributed.rank() :: distributed.world_size()]
    if not own_batches:
        return
    one_encoder = architecture_of(pipe).name == "stable-diffusion"
    guided = any((row.guidance or 0) > 1 for row in rows)
    texts = PromptEncoder(pipe, [row.prompt for row in rows], guided) if one_encoder else None
    shown = 0
    with Writer(store) as writer:
        for batch in own_batches:
            images = _draw(pipe, texts, batch)
            writer.put([(row, image) for row, image in zip(batch, images, strict=True) if row.name in todo])
            if distributed.world_size() == 1:
                advance(sum(row.name in todo for row in batch))
            else:  # everybody's images, as far as they are on the disk
                done = len(todo & store.names())
                advance(done - shown)
                shown = done


def cut(rows: Sequence[Row], batch_size: int) -> list[list[Row]]:
    """The list in batches of one guidance, number of steps and size each; it depends on the whole list only."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.sampler, []).append(row)
    return [group[i : i + batch_size] for group in groups.values() for i in range(0, len(group), batch_size)]


def check_row(row: Row) -> None:
    """A row's own values, as `check_sampler` checks the run's."""
    try:
        for side in (row.width, row.height):
            check_sampler(row.steps or 0, -1 if row.guidance is None else row.guidance, side, None)
    except UserError as error:
        raise UserError(f"Prompt {row.id!r}: {str(error).replace('generation.', '')}") from error


def scheduler_manifest(scheduler: Any) -> dict[str, Any]:
    """Class and settings of a scheduler, without keys that only say which library wrote them."""
    config = {k: v for k, v in scheduler.config.items() if not k.startswith("_")}
    return {"class": type(scheduler).__name__, **config}


@torch.inference_mode()
def _draw(pipe: Any, texts: PromptEncoder | None, batch: Sequence[Row]) -> Tensor:
    """Pixels (B, 3, H, W) in [0, 1], float32 on the CPU; of a video its middle frame. The rows share one sampler."""
    guidance, steps, width, height = batch[0].sampler
    prompts = [row.prompt for row in batch]
    if texts is None:  # pipelines differ in what they make of a prompt: they encode it themselves
        inputs: dict[str, Any] = {"prompt": prompts, **OPTIONS.get(architecture_of(pipe).name, {})}
    else:
        embeds, blank = texts(prompts, guided=(guidance or 0) > 1)
        inputs = {"prompt_embeds": embeds, "negative_prompt_embeds": blank}  # (B, L, d), (B, L, d) | None
    images = pipe(
        **inputs,
        generator=[torch.Generator("cpu").manual_seed(row.seed) for row in batch],
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=height,
        width=width,
        output_type="pt",
    )[0]
    if images.ndim == 5:  # (B, F, 3, H, W)
        images = images[:, images.shape[1] // 2]
    return images.float().cpu()


@contextmanager
def _borrowed(pipe: Any, scheduler: str | None) -> Iterator[None]:
    """The pipeline without its progress bar and safety checker, on a fresh scheduler; all put back at the end.

    A safety checker paints hits black, which would be counted as erased.
    """
    checked = hasattr(pipe, "safety_checker")
    kept = pipe.scheduler, getattr(pipe, "safety_checker", None), dict(getattr(pipe, "_progress_bar_config", {}))
    pipe.scheduler = make_scheduler(pipe.scheduler, scheduler)
    if checked:
        pipe.safety_checker = None
    pipe.set_progress_bar_config(**{**kept[2], "disable": True})
    try:
        yield
    finally:
        pipe.scheduler = kept[0]
        if checked:
            pipe.safety_checker = kept[1]
        pipe.set_progress_bar_config(**kept[2])
