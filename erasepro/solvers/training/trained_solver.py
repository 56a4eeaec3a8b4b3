"""The frame of a trained method: what it trains, on what loss, and the edit that comes of it."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from torch import Tensor, nn

from erasepro.concepts.pairs import folded
from erasepro.edit import Edit
from erasepro.edit.fingerprints import fingerprints
from erasepro.edit.meta import pairs_of
from erasepro.edit.record import TABLE
from erasepro.edit.store import edit_folder, stored_hash
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate, Update
from erasepro.models.architectures import architecture_of
from erasepro.models.computing import check_layers, unwrapped
from erasepro.models.features.text_stack import tokenizer_of
from erasepro.models.features.token_pairing import pair_tokens
from erasepro.models.sites import TEXT_ENCODER
from erasepro.runtime.files import as_path, digest
from erasepro.solvers.base import Solver
from erasepro.solvers.configs.training import TrainingConfig
from erasepro.solvers.engine.fit import check_finite
from erasepro.solvers.training.denoiser import COMPONENT, Denoiser, check_architecture, parameters_of
from erasepro.solvers.training.loop import Loss, TrainingLoop, is_out_of_memory, out_of_memory
from erasepro.solvers.training.trained_edit import trained_edit, weight_changes

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.models.base import Model

C = TypeVar("C", bound=TrainingConfig)
SPEED = ("checkpoint_minutes", "gradient_checkpointing")
"""Settings that change no weight (checkpointing: to rounding)."""


@dataclass(frozen=True)
class Trainee:
    """What a training trains.

    network: the net that the loss runs. parameters: by name, those that the optimiser moves.
    changes: once they are trained, what was added to each of the base's weights, by its name in an edit.
    names: of the weights that are changed. relative: whether changes are counted from the edit that training started from,
        and not from the base.
    """

    network: nn.Module
    parameters: dict[str, nn.Parameter]
    changes: Callable[[], dict[str, Update]]
    names: list[str]
    relative: bool = True
    rates: Mapping[str, float] = field(default_factory=dict)
    """Learning rates of those parameters that have another than ``learning_rate``."""


class TrainedSolver(Solver[C]):
    """Base of the methods that train the denoiser. One gives `is_trained` and `loss`."""

    needs_denoiser = True
    deterministic = False
    betas: ClassVar[tuple[float, float]] = (0.9, 0.999)
    """Of Adam."""

    uses_anchor: ClassVar[bool] = True
    """Whether it moves the target towards its anchor, rather than away from itself."""
    weights_hash: str = ""
    """Of the model that it is trained on; "" where that is not known."""
    part: ClassVar[str] = "the denoiser"
    """What its passes are of."""
    memory_advice = "train fewer weights (esd_x rather than esd_u), or take a machine with more"

    @abstractmethod
    def is_trained(self, name: str) -> bool:
        """Whether a parameter, by its name in an edit, is trained."""

    def open(self, pipe: Any, start: Edit | None) -> Any:
        """What of the pipeline is trained, from `start` on: its denoiser, unless a method trains another part."""
        return Denoiser(pipe, self.config.sampling_steps, self.config.size, start)

    def steps(self, prompts: EditPrompts) -> int:
        """Steps of the optimiser."""
        return self.config.steps

    def prepare(self, denoiser: Denoiser) -> Trainee:
        """What is trained: the chosen weights themselves, unless a method adds others."""
        network, parameters = denoiser.trainable_copy(self.is_trained, self.config.gradient_checkpointing)
        return Trainee(network, parameters, lambda: weight_changes(denoiser.pipe, parameters), list(parameters), False)

    @abstractmethod
    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        """What a step minimises.

        Args:
            network: the copy that is trained; ``denoiser.frozen`` is the original.
        """

    def solve(self, model: Model, prompts: EditPrompts) -> Edit:
        self._check()
        try:
            return self._solve(model, prompts)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise out_of_memory(self.config) from error
            raise

    def _solve(self, model: Model, prompts: EditPrompts) -> Edit:
        pipe = model.pipe
        if getattr(pipe, TABLE, None) is not None:
            raise UserError("The pipeline carries an edit: revert it before another is trained on it.")
        check_sentences(pipe, prompts)
        config, self.weights_hash = self.config, model.weights_hash
        start = self.start(model, prompts)
        opened = self.open(pipe, start)
        check_weights(pipe)
        trainee = self.prepare(opened)
        check_layers(pipe, trainee.names)
        if self.load_judge is None and hasattr(model.judge, "image_features"):
            self.load_judge = lambda: model.judge
        identity = self._identity(model, prompts, trainee.names, start)
        config = dataclasses.replace(config, steps=self.steps(prompts))
        loop = TrainingLoop(config, trainee.parameters, identity, self.folder, self.betas, trainee.rates)
        curve = loop.run(self.loss(opened, trainee.network, prompts))
        facts = {
            **({} if self.uses_anchor else {"uses_anchor": False}),
            **({} if start is None else {"init_edit": {"hash": start.hash, "solver": start.meta.get("solver")}}),
            "training": {
                "steps": config.steps,
                "identity": identity,
                "seconds": round(loop.state.seconds, 3),
                "first_loss": _mean(curve[: max(1, len(curve) // 10)]),
                "last_loss": _mean(curve[-max(1, len(curve) // 10) :]),
                "weights": sum(value.numel() for value in trainee.parameters.values()),
            },
        }
        del loop.optimiser
        changes = trainee.changes()
        for name, first in (start.updates if start is not None and trainee.relative else {}).items():
            if name in changes:
                changes[name] = DenseUpdate(first.dense() + changes[name].dense())
        return trained_edit(model, prompts, self.config, changes, facts, start)

    def start(self, model: Model, prompts: EditPrompts) -> Edit | None:
        """The edit that training starts from, each ΔW by itself; None: from the model.

        Raises:
            UserError: ``init_edit`` is no edit, is of another base, at part strength, or erases what this one does not name.
        """
        folder = self.config.init_edit
        return None if folder is None else read_start(folder, model, prompts)

    def input_hashes(self) -> dict[str, str]:
        folder = self.config.init_edit
        if folder is None:
            return {}
        try:
            return {"init_edit": stored_hash(edit_folder(as_path(folder, "solver.init_edit")))}
        except UserError as error:
            raise UserError(f"solver.init_edit: {error}") from error

    def all_steps(self, prompts: EditPrompts) -> int:
        """Steps of the optimiser, those of what is trained first among them."""
        return self.steps(prompts)

    def passes(self, prompts: EditPrompts) -> int:
        """About how many forward passes of one latent (or one text) a training takes; a backward pass counts as two."""
        return 0

    def work(self, prompts: EditPrompts) -> str:
        steps, passes = self.all_steps(prompts), self.passes(prompts)
        return f"trains {steps:,} steps, about {passes:,} passes of {self.part}"

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        """A copy of the denoiser in float32; gradient and Adam's two moments of each trained weight. Not what passes hold."""
        check_architecture(pipe)
        named = parameters_of(getattr(pipe, COMPONENT))
        trained = sum(self.numbers_of(value) for name, value in named.items() if self.is_trained(name))
        copies = 4 if self.config.ema else 3  # gradient, Adam's moments, the moving average
        return 4 * (sum(value.numel() for value in named.values()) + copies * trained)

    def numbers_of(self, weight: Tensor) -> int:
        """How many numbers are trained for one of the weights."""
        return weight.numel()

    def sentences(self, prompts: EditPrompts) -> list[tuple[str, str]]:
        """(target, anchor) sentences that it is trained on: the concepts' names, or the prompts that an edit is fitted on."""
        if self.config.prompts == "bare":
            return [(pair.target, pair.anchor) for pair in prompts.concepts.pairs]
        return [(pair.target_prompt, pair.anchor_prompt) for pair in prompts.pairs]

    def _identity(self, model: Model, prompts: EditPrompts, names: list[str], start: Edit | None) -> str:
        settings = {key: value for key, value in dataclasses.asdict(self.config).items() if key not in SPEED}
        base = {name: print_["sha256"] for name, print_ in fingerprints(model.pipe, names).items()}
        sentences = [self.sentences(prompts), list(prompts.preserve), list(prompts.neighbors)]
        known = [model.weights_hash, start and start.hash]
        return digest([self.name, self.version, settings, sentences, base, known])


def check_sentences(pipe: Any, prompts: EditPrompts) -> None:
    """Raise UserError for a sentence that the text encoder cannot read whole, or names that it reads as the same tokens."""
    if getattr(pipe, TEXT_ENCODER, None) is None:
        return
    tokenizer = tokenizer_of(pipe, TEXT_ENCODER)
    for p in prompts.pairs:
        pair_tokens(tokenizer, p.target_prompt, p.anchor_prompt, p.called.target, p.called.anchor, "subject_to_end")


def check_weights(pipe: Any) -> None:
    """Raise UserError naming the first weight of a denoiser or a text encoder that holds NaN or infinity."""
    known = architecture_of(pipe)
    for component in (*(encoder.component for encoder in known.encoders), *known.denoisers):
        network = unwrapped(getattr(pipe, component, None))
        for name, value in parameters_of(network, component).items() if network is not None else ():
            check_finite(value, name)


def read_start(folder: str, model: Model, prompts: EditPrompts) -> Edit:
    """The edit in a folder, fit to be trained on. UserError as `TrainedSolver.start`."""
    try:
        edit = Edit.load(folder)
        edit.check(model.pipe)
    except UserError as error:
        raise UserError(f"solver.init_edit: {error}") from error
    if edit.strength != 1:
        raise UserError(
            f"solver.init_edit: the edit in '{folder}' has strength {edit.strength:g}; training starts from a full one."
        )
    named = {folded(pair.target) for pair in prompts.concepts.pairs}
    others = [target for target, _ in pairs_of(edit.meta) if folded(target) not in named]
    if others:
        raise UserError(
            f"solver.init_edit: the edit in '{folder}' erases {', '.join(map(repr, others[:3]))} too, which concepts.pairs "
            "does not name: name all that it erases."
        )
    return edit.rebuild(model.pipe)


def drawing_passes(config: TrainingConfig) -> int:
    """Passes that half a guided drawing takes, as latents drawn to a random step take on average."""
    return config.sampling_steps - 1


def _mean(curve: list[dict[str, float]]) -> float | None:
    return sum(point["loss"] for point in curve) / len(curve) if curve else None
