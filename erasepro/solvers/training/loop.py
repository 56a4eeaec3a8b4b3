"""One training loop for all trained methods: seeded by the step, checkpointed, resumed to the same weights."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.runtime.progress import stage
from erasepro.solvers.configs.training import TrainingConfig
from erasepro.solvers.training.checkpoint import (
    TrainingState,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)

Loss = Callable[[int, torch.Generator], tuple[Tensor, dict[str, float]]]
"""Of a step's number and its generator: the loss, and what else its curve is to show."""


class TrainingLoop:
    """Trains parameters in place by Adam; `run` leaves them (or their moving average) as trained.

    Every step has a generator of its own, seeded by the setting ``seed`` and the step's number, so that a training that was
    killed and goes on from its checkpoint ends with the same bits on a CPU.

    Args:
        config: the method's settings.
        parameters: by name; they require gradients.
        identity: of the method, its settings, its concepts and the base's weights: a checkpoint of another is refused.
        folder: where the checkpoint and the losses go; None: nowhere, and nothing is resumed.
        betas: of Adam.
        rates: learning rates of parameters that have another than the setting.
    """

    def __init__(
        self,
        config: TrainingConfig,
        parameters: Mapping[str, nn.Parameter],
        identity: str = "",
        folder: Path | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        rates: Mapping[str, float] | None = None,
    ) -> None:
        self.config, self.parameters, self.identity, self.folder = config, dict(parameters), identity, folder
        self.names = list(self.parameters)
        if not self.names:
            raise UserError(f"Solver {config.name!r} finds no weight of this model that it trains: it has another layout.")
        rate_of = {name: (rates or {}).get(name, config.learning_rate) for name in self.names}
        groups = [{"params": [value], "lr": rate_of[name]} for name, value in self.parameters.items()]
        self.optimiser = torch.optim.Adam(groups, lr=config.learning_rate, betas=betas, foreach=False)
        self.average = {name: value.detach().clone() for name, value in self.parameters.items()} if config.ema else {}
        self.state = TrainingState()
        self._resume()

    def run(self, loss_at: Loss) -> list[dict[str, float]]:
        """Do the steps that are left; return the figures of all, ``loss`` among them.

        Raises:
            UserError: a loss or a gradient that is no number (the checkpoint then holds the last good weights), or no memory.
        """
        state, config = self.state, self.config
        saved = time.monotonic()
        with stage("Training", config.steps, state.step, "steps", with_speed=True) as advance:
            while state.step < config.steps:
                start = time.monotonic()
                figures = self._step(loss_at)
                state.step += 1
                state.seconds += time.monotonic() - start
                state.curve.append(figures)
                advance(1)
                if time.monotonic() - saved >= 60 * config.checkpoint_minutes and state.step < config.steps:
                    self.save()
                    saved = time.monotonic()
        self.save()  # until its edit is saved, a training that has ended is there to be read
        with torch.no_grad():
            for name, value in self.average.items():
                self.parameters[name].copy_(value)
        return state.curve

    def save(self) -> None:
        """Write a checkpoint, where there is a folder for it."""
        if self.folder is None:
            return
        tensors: dict[str, Tensor] = {f"weight.{name}": value for name, value in self.parameters.items()}
        tensors |= {f"average.{name}": value for name, value in self.average.items()}
        self.state.tensors = tensors | optimiser_tensors(self.optimiser, self.names)
        save_state(self.folder, self.state, self.identity)
        self.state.tensors = {}

    def _step(self, loss_at: Loss) -> dict[str, float]:
        number = self.state.step
        generator = torch.Generator("cpu").manual_seed(step_seed(self.config.seed, number))
        try:
            loss, figures = loss_at(number, generator)
            value = float(loss.detach())
            self.optimiser.zero_grad(set_to_none=True)
            if math.isfinite(value):
                loss.backward()
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise out_of_memory(self.config) from error
            raise
        if not math.isfinite(value) or not self._gradients_are_finite():
            raise self._no_number(number, "loss" if not math.isfinite(value) else "gradient")
        self.optimiser.step()
        if self.average:
            decay = min(self.config.ema, (1 + number) / (10 + number))  # else a short training would keep its start
            with torch.no_grad():
                for name, kept in self.average.items():
                    kept.lerp_(self.parameters[name], 1 - decay)
        return {"loss": value, **figures}

    def _gradients_are_finite(self) -> bool:
        gradients = [value.grad for value in self.parameters.values() if value.grad is not None]
        return all(bool(torch.isfinite(gradient).all()) for gradient in gradients)

    def _no_number(self, number: int, what: str) -> UserError:
        self.save()
        kept = f" The weights before it are kept in '{self.folder}'." if self.folder is not None else ""
        return UserError(
            f"The {what} of {self.config.name} is no number at step {number + 1} of {self.config.steps}: set a lower "
            f"solver.learning_rate (now {self.config.learning_rate:g}), or solver.precision=float32.{kept}"
        )

    def _resume(self) -> None:
        held = None if self.folder is None else load_state(self.folder, self.identity)
        if held is None:
            return
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(held.tensors[f"weight.{name}"])
            for name, kept in self.average.items():
                kept.copy_(held.tensors[f"average.{name}"])
        restore_optimiser(self.optimiser, self.names, held.tensors)
        self.state = TrainingState(held.step, held.seconds, {}, held.curve)


def out_of_memory(config: TrainingConfig) -> UserError:
    """What to do where memory runs out in a training."""
    return UserError(
        f"Not enough memory to train {config.name}: set solver.gradient_checkpointing=true, a smaller solver.batch_size (now "
        f"{config.batch_size}) or solver.size, or solver.precision=bfloat16."
    )


def step_seed(seed: int, number: int) -> int:
    """The seed of one step's generator: 32 bits, of which torch's CPU generator takes no more."""
    return int(hashlib.sha256(f"{seed} {number}".encode()).hexdigest()[:8], 16)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that a device's or the machine's memory is used up."""
    told = str(error).lower()
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in told or "can't allocate memory" in told
