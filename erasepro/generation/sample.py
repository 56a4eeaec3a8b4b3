"""Draws a work list with a diffusers pipeline: batched, resumable, and the same images however it is cut up.

Every image has its own CPU generator, seeded by its row, so it does not depend on the batch, the order or the device's
random state; between batch sizes images agree up to the rounding of batched matrix products. On one machine a resumed
run is equal to the bit: batches are always cut from the *whole* list, and a batch with anything missing is drawn whole.
"""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import UserError, unknown
from erasepro.generation.progress import progress_bar
from erasepro.generation.schedulers import SCHEDULERS, make_scheduler
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row, screened
from erasepro.models.architectures import architecture_of

logger = logging.getLogger(__name__)
OPTIONS = {
    "pixart": {"clean_caption": False, "use_resolution_binning": False}
}  # the prompt and the size as they are given
MOST_STEPS = 1000  # noise levels that Stable Diffusion is trained on


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

    A damaged image in the folder is drawn again. One with NaN pixels, or with one colour only, is recorded in the
    store's ``errors()`` and the run goes on.
    """
    check_sampler(steps, guidance, size, scheduler, batch_size)
    worklist = screened(rows)
    sampler = {
        "scheduler": scheduler_manifest(make_scheduler(pipe.scheduler, scheduler)),
        "steps": steps,
        "guidance": float(guidance),
        "size": size,
    }
    store = ImageStore(out_dir).open({"model": model_hash, "edit": edit_hash, "sampler": sampler}, on_mismatch)
    store.drop_damaged(worklist, size or _own_size(pipe))
    todo = {row.name for row in store.missing(worklist)}
    if not todo:
        return store
    one_encoder = architecture_of(pipe).name == "stable-diffusion"
    texts = PromptEncoder(pipe, [row.prompt for row in worklist], guidance > 1.0) if one_encoder else None
    batches = [worklist[i : i + batch_size] for i in range(0, len(worklist), batch_size)]
    with progress_bar(title, len(worklist), len(worklist) - len(todo), progress) as advance, _borrowed(pipe, scheduler):
        for batch in batches:
            wanted = [row.name in todo for row in batch]
            if any(wanted):
                images = _draw(pipe, texts, batch, steps, guidance, size)
                for row, image, want in zip(batch, images, wanted, strict=True):
                    if want:
                        _keep(store, row, image)
                advance(sum(wanted))
    return store


def check_sampler(steps: int, guidance: float, size: int | None, scheduler: str | None, batch_size: int = 1) -> None:
    """Raise UserError, naming the key, for a value that no sampler can work with; needs no model."""
    if batch_size < 1:
        raise UserError(f"generation.batch_size must be at least 1, not {batch_size}.")
    if not 1 <= steps <= MOST_STEPS:
        raise UserError(f"generation.steps must be at least 1 and at most {MOST_STEPS}, not {steps}.")
    if not 0 <= guidance < math.inf:
        raise UserError(f"generation.guidance must be 0 or more and finite, not {guidance}; 1 switches it off.")
    if size is not None and (size < 8 or size % 8):
        raise UserError(
            f"generation.size must be a positive multiple of 8 pixels, or null for the model's own; not {size}."
        )
    if scheduler is not None and scheduler not in SCHEDULERS:
        raise unknown("generation.scheduler", scheduler, SCHEDULERS)


def scheduler_manifest(scheduler: Any) -> dict[str, Any]:
    """Class and settings of a scheduler, without keys that only say which library wrote them."""
    config = {k: v for k, v in scheduler.config.items() if not k.startswith("_")}
    return {"class": type(scheduler).__name__, **config}


@torch.inference_mode()
def _draw(
    pipe: Any, texts: PromptEncoder | None, batch: tuple[Row, ...], steps: int, guidance: float, size: int | None
) -> Tensor:
    """Pixels (B, 3, H, W) in [0, 1], float32 on the CPU; of a video its middle frame."""
    prompts = [row.prompt for row in batch]
    if texts is None:  # pipelines differ in what they make of a prompt: they encode it themselves
        told: dict[str, Any] = {"prompt": prompts, **OPTIONS.get(architecture_of(pipe).name, {})}
    else:
        embeds, blank = texts(prompts)
        told = {"prompt_embeds": embeds, "negative_prompt_embeds": blank}  # (B, L, d), (B, L, d) | None
    images = pipe(
        **told,
        generator=[torch.Generator("cpu").manual_seed(row.seed) for row in batch],
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=size,
        width=size,
        output_type="pt",
    )[0]
    if images.ndim == 5:  # (B, F, 3, H, W)
        images = images[:, images.shape[1] // 2]
    return images.float().cpu()


def _own_size(pipe: Any) -> int | None:
    """Pixels a side of the model's own pictures; None where they are not square, or it does not say."""
    native = pipe.unet.config.sample_size if getattr(pipe, "unet", None) is not None else None  # in latent cells
    return native * pipe.vae_scale_factor if isinstance(native, int) else None


def _keep(store: ImageStore, row: Row, image: Tensor) -> None:
    if not torch.isfinite(image).all():
        store.record_error(row, "nan", "the model returned NaN or infinite pixels; try dtype=float32 or a smaller edit")
        return
    pixels = (image * 255).round().clamp(0, 255).to(torch.uint8)
    if bool((pixels == pixels[:, :1, :1]).all()):
        store.record_error(row, "constant", f"every pixel is {pixels[:, 0, 0].tolist()}: a blank image")
        return
    store.save(row.name, pixels)


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


class PromptEncoder:
    """Text embeddings of a list of prompts, each encoded once, in chunks cut from the list of different prompts.

    Chunks depend on the whole list only, so that a resumed run sees the same rounding. The last 16 chunks are kept
    (at 77 × 768 floats a prompt, all of COCO's would be 7 GB).
    """

    chunk, keep = 64, 16

    def __init__(self, pipe: Any, prompts: list[str], guided: bool) -> None:
        self._pipe, self._guided = pipe, guided
        self._prompts = list(dict.fromkeys(prompts))
        self._place = {prompt: divmod(i, self.chunk) for i, prompt in enumerate(self._prompts)}
        self._cache: OrderedDict[int, Tensor] = OrderedDict()
        self._blank = self._encode([""])[0] if guided else None  # (L, d)
        self._warn_of_long_prompts()

    def __call__(self, prompts: list[str]) -> tuple[Tensor, Tensor | None]:
        """Embeddings (B, L, d) of the prompts and of the empty prompt (None without guidance)."""
        embeds = torch.stack([self._one(prompt) for prompt in prompts])
        return embeds, None if self._blank is None else self._blank.expand_as(embeds)

    def _one(self, prompt: str) -> Tensor:
        chunk, index = self._place[prompt]
        if chunk not in self._cache:
            start = chunk * self.chunk
            self._cache[chunk] = self._encode(self._prompts[start : start + self.chunk])
            if len(self._cache) > self.keep:
                self._cache.popitem(last=False)
        return self._cache[chunk][index]

    @torch.inference_mode()
    def _encode(self, prompts: list[str]) -> Tensor:
        device = self._pipe._execution_device
        with _quiet("diffusers", "transformers"):  # they print every long prompt; we say it once, below
            return self._pipe.encode_prompt(prompts, device, 1, do_classifier_free_guidance=False)[0]

    def _warn_of_long_prompts(self) -> None:
        longest = self._pipe.tokenizer.model_max_length
        with _quiet("transformers"):
            long = sum(len(ids) > longest for ids in self._pipe.tokenizer(self._prompts).input_ids)
        if long:
            message = "%d of %d prompts are longer than %d tokens; what comes after is ignored."
            logger.warning(message, long, len(self._prompts), longest)


@contextmanager
def _quiet(*libraries: str) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in libraries]
    levels = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for log, level in zip(loggers, levels, strict=True):
            log.setLevel(level)
