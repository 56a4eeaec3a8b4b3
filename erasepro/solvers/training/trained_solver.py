"""The frame of a trained method: what it trains, on what loss, and the edit that comes of it."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from torch import nn

from erasepro.edit import Edit
from erasepro.edit.fingerprints import fingerprints
from erasepro.edit.record import TABLE
from erasepro.errors import UserError
from erasepro.models.computing import check_layers
from erasepro.runtime.files import digest
from erasepro.solvers.base import Solver
from erasepro.solvers.configs.training import TrainingConfig
from erasepro.solvers.training.denoiser import COMPONENT, Denoiser, check_architecture, parameters_of
from erasepro.solvers.training.loop import Loss, TrainingLoop
from erasepro.solvers.training.trained_edit import trained_edit

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.models.base import Model

C = TypeVar("C", bound=TrainingConfig)
SPEED = ("checkpoint_minutes", "gradient_checkpointing")
"""Settings that change no weight (checkpointing: to rounding)."""


class TrainedSolver(Solver[C]):
    """Base of the methods that train the denoiser. One gives `is_trained` and `loss`."""

    needs_denoiser = True
    deterministic = False
    betas: ClassVar[tuple[float, float]] = (0.9, 0.999)
    """Of Adam."""

    uses_anchor: ClassVar[bool] = True
    """Whether it moves the target towards its anchor, rather than away from itself."""
    memory_advice = "train fewer weights (esd_x rather than esd_u), or take a machine with more"

    @abstractmethod
    def is_trained(self, name: str) -> bool:
        """Whether a parameter, by its name in an edit, is trained."""

    @abstractmethod
    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        """What a step minimises.

        Args:
            network: the copy that is trained; ``denoiser.frozen`` is the original.
        """

    def solve(self, model: Model, prompts: EditPrompts) -> Edit:
        self._check()
        pipe = model.pipe
        if getattr(pipe, TABLE, None) is not None:
            raise UserError("The pipeline carries an edit: revert it before another is trained on it.")
        config = self.config
        denoiser = Denoiser(pipe, config.sampling_steps, config.size)
        network, parameters = denoiser.trainable_copy(self.is_trained, config.gradient_checkpointing)
        check_layers(pipe, parameters)
        loop = TrainingLoop(config, parameters, self._identity(model, prompts, list(parameters)), self.folder, self.betas)
        curve = loop.run(self.loss(denoiser, network, prompts))
        facts = {
            **({} if self.uses_anchor else {"uses_anchor": False}),
            "training": {
                "steps": config.steps,
                "seconds": round(loop.state.seconds, 3),
                "first_loss": _mean(curve[: max(1, len(curve) // 10)]),
                "last_loss": _mean(curve[-max(1, len(curve) // 10) :]),
                "weights": sum(value.numel() for value in parameters.values()),
            }
        }
        weights = {name: value.detach() for name, value in parameters.items()}
        del loop.optimiser
        edit = trained_edit(model, prompts, config, weights, facts)
        loop.finish()
        return edit

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        """A copy of the denoiser in float32; gradient and Adam's two moments of each trained weight. Not what passes hold."""
        check_architecture(pipe)
        named = parameters_of(getattr(pipe, COMPONENT))
        trained = sum(value.numel() for name, value in named.items() if self.is_trained(name))
        return 4 * (sum(value.numel() for value in named.values()) + 3 * trained)

    def sentences(self, prompts: EditPrompts) -> list[tuple[str, str]]:
        """(target, anchor) sentences that it is trained on: the concepts' names, or the prompts that an edit is fitted on."""
        if self.config.prompts == "bare":
            return [(pair.target, pair.anchor) for pair in prompts.concepts.pairs]
        return [(pair.target_prompt, pair.anchor_prompt) for pair in prompts.pairs]

    def _identity(self, model: Model, prompts: EditPrompts, names: list[str]) -> str:
        settings = {key: value for key, value in dataclasses.asdict(self.config).items() if key not in SPEED}
        base = {name: print_["sha256"] for name, print_ in fingerprints(model.pipe, names).items()}
        return digest([self.name, self.version, settings, self.sentences(prompts), list(prompts.preserve), base])


def _mean(curve: list[dict[str, float]]) -> float | None:
    return sum(point["loss"] for point in curve) / len(curve) if curve else None
