"""A training's state on the disk: weights, optimiser, moving average and the curve of its losses, in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from erasepro.errors import UserError
from erasepro.results.training_curve import CURVE, write_curve
from erasepro.runtime.files import replacing

FILE = "checkpoint.safetensors"
START, EDIT = "start", "edit"
"""Folders of what a training starts from: one that is trained first, and its edit."""


@dataclass
class TrainingState:
    """Where a training stands.

    Attributes:
        step: steps done.
        seconds: that they took.
        tensors: what it goes on from, by name.
        curve: of each step its figures, by name.
    """

    step: int = 0
    seconds: float = 0.0
    tensors: dict[str, Tensor] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)


def save_state(folder: Path, state: TrainingState, identity: str) -> None:
    """Write the checkpoint, whole or not at all, and the losses so far as a table. OSError as any write.

    Args:
        identity: of what is trained, how and on what; another training does not go on from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"step": str(state.step), "seconds": repr(state.seconds), "identity": identity, "curve": json.dumps(state.curve)}
    with replacing(folder / FILE) as temporary:
        save_file({name: value.detach().cpu().contiguous() for name, value in state.tensors.items()}, str(temporary), facts)
    write_curve(folder / CURVE, state.curve)


def load_state(folder: Path, identity: str) -> TrainingState | None:
    """The state in a folder; None where there is none.

    Raises:
        UserError: the file is damaged, or another training's.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        with safe_open(str(file), framework="pt") as handle:
            facts = handle.metadata() or {}
        curve = json.loads(facts["curve"])
        state = TrainingState(int(facts["step"]), float(facts["seconds"]), load_file(str(file)), curve)
    except (SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"The checkpoint '{file}' is damaged ({error}): remove it, and the training begins anew.") from error
    if facts.get("identity") != identity:
        raise UserError(
            f"'{file}' is the checkpoint of another training (other settings, concepts or weights): remove it, or choose "
            "another folder."
        )
    return state


def close_training(folder: Path) -> None:
    """Remove what a training goes on from, once its edit is saved: checkpoints, and edits that it started from. Losses stay."""
    for place in (folder, folder / START):
        (place / FILE).unlink(missing_ok=True)
    for file in sorted((folder / START / EDIT).glob("*")):
        file.unlink()
    if (folder / START / EDIT).is_dir():
        (folder / START / EDIT).rmdir()


def optimiser_tensors(optimiser: torch.optim.Optimizer, names: list[str]) -> dict[str, Tensor]:
    """An optimiser's state by parameter, as ``optimiser.KEY.NAME``."""
    state = optimiser.state_dict()["state"]
    return {
        f"optimiser.{key}.{names[place]}": torch.as_tensor(value)
        for place, held in state.items()
        for key, value in held.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, names: list[str], tensors: dict[str, Tensor]) -> None:
    """Put back what `optimiser_tensors` gave."""
    place = {name: i for i, name in enumerate(names)}
    state: dict[int, dict[str, Tensor]] = {}
    for full, value in tensors.items():
        if full.startswith("optimiser."):
            _, key, name = full.split(".", 2)
            state.setdefault(place[name], {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
