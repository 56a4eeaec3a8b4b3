"""Pictures that the model draws itself for training, as latents, kept on the disk with the sums of captions.

Shapes: latents (n, C, h, w).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from erasepro.errors import UserError
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.models.tensor_hashes import tensor_hash
from erasepro.runtime.files import digest, replacing
from erasepro.runtime.progress import stage
from erasepro.runtime.source_digest import source_digest
from erasepro.solvers.training.denoiser import Denoiser
from erasepro.solvers.training.loop import step_seed

BATCH = 8


def own_latents(
    denoiser: Denoiser, prompts: Sequence[str], number: int, guidance: float, seed: int, weights_hash: str,
    store: StatisticsStore,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Latents of pictures that the original model draws, each from noise of its own, and which prompt each is of.

    Args:
        prompts: the i-th picture is of the i-th of them, and so on from the first.
        weights_hash: the model's; "" keeps nothing.
        store: whose folder keeps them, counted in what it may take.

    Returns:
        latents (n, C, h, w) and places (n,) in `prompts`; n ≤ number: pictures that are no numbers are left out.

    Raises:
        UserError: none is left.
    """
    weight = next(denoiser.frozen.parameters())
    code = source_digest(__name__, ("erasepro.solvers.training",))  # other code's pictures are drawn again
    how = [list(denoiser.shape), denoiser.times, str(weight.dtype), weight.device.type, torch.__version__, code]
    facts = [weights_hash, list(prompts), number, guidance, seed, how]
    file = store.folder / f"pictures-{digest(facts)}.safetensors" if store.folder is not None and weights_hash else None
    latents = None
    if file is not None and file.is_file():
        try:
            held = load_file(file)
            latents = held["latents"].to(denoiser.device)
            if tensor_hash(held["latents"]) != bytes(held["sha256"].tolist()).decode():
                raise ValueError("its numbers are not those that were written")
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            warnings.warn(f"{file} is damaged ({error}): the pictures are drawn again.", stacklevel=2)
            latents = None
    if latents is None:
        latents = _draw(denoiser, prompts, number, guidance, seed)
        if file is not None and bool(torch.isfinite(latents).all()):
            sha = torch.tensor(list(tensor_hash(latents.cpu()).encode()), dtype=torch.uint8)
            try:
                with replacing(file, durable=False) as part:
                    part.write_bytes(save({"latents": latents.cpu().contiguous(), "sha256": sha}))
            except OSError as error:
                warnings.warn(f"{file.parent} keeps no pictures ({error}): they are drawn again next time.", stacklevel=2)
    fit = torch.isfinite(latents).flatten(1).all(1)
    if not bool(fit.any()):
        raise UserError(
            f"The model draws no picture of {prompts[0]!r} to train on: all are no numbers. Load it in float32 "
            "(model.dtype=float32), or fetch it again."
        )
    return latents[fit], (torch.arange(number) % len(prompts))[fit.cpu()]


def _draw(denoiser: Denoiser, prompts: Sequence[str], number: int, guidance: float, seed: int) -> Tensor:
    conditions, blank = denoiser.condition(prompts), denoiser.condition([""])
    places = torch.arange(number) % len(prompts)
    drawn = []
    with stage("Drawing the anchors", number, unit="pictures", with_speed=True) as advance:
        for first in range(0, number, BATCH):
            numbers = range(first, min(first + BATCH, number))
            noises = [denoiser.start(1, torch.Generator("cpu").manual_seed(step_seed(seed, i))) for i in numbers]
            condition = conditions.rows(places[first : first + len(noises)])
            drawn.append(
                denoiser.draw_to(denoiser.frozen, torch.cat(noises), condition, blank, len(denoiser.times), guidance)
            )
            advance(len(noises))
    return torch.cat(drawn)
