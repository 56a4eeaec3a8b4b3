"""What every solver is: a config in, an edit out, the pipeline untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from erasepro.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.edit import Edit
    from erasepro.models.base import Model
    from erasepro.models.features.statistics_store import StatisticsStore

C = TypeVar("C")
"""A solver's config: the dataclass that it was registered with."""


class Solver(Generic[C]):
    """Base of all solvers.

    Args:
        config: the settings; `make_solver` makes them from a mapping, checked.
    """

    config_class: ClassVar[type] = object
    """The dataclass of `config`; set by the registration."""
    name: ClassVar[str] = ""
    """How configs choose it; set by the registration."""
    version: ClassVar[int] = 1
    """Of the solver's code. Raise it when its edits change, so that no run shows an older version's results."""
    needs_denoiser: ClassVar[bool] = False
    """Whether it runs the denoiser, so that a skeleton (`load_skeleton`) does not serve and the whole model is loaded."""
    needs_images: ClassVar[bool] = False
    """Whether it is trained on pictures of the concepts, which have to be drawn or given first."""
    deterministic: ClassVar[bool] = True
    """Whether the same model, prompts and config give the same edit, to rounding. False: it also hangs on a seed."""

    memory_advice: ClassVar[str] = (
        "erase fewer concepts at a time, or fit fewer sentences a concept (templates.contexts=1, templates.count=1) or one "
        "token a sentence (solver.text_token_policy=last_subject solver.cross_attention_token_policy=last_subject)"
    )
    """What to do where it needs more memory than there is."""
    load_judge: Callable[[], Any] | None = None
    """Loads a judge of pictures with ``image_features`` and ``text_features``, set by the caller; None: there is none."""
    folder: Path | None = None
    """Where it may keep checkpoints and what it measured on the way, set by the caller; None: nowhere."""

    _statistics: StatisticsStore | None = None

    def __init__(self, config: C) -> None:
        self.config = config

    @property
    def statistics(self) -> StatisticsStore:
        """Where the sums of preserved sentences are kept, set by the caller: it changes the speed alone."""
        if self._statistics is None:
            from erasepro.models.features.statistics_store import StatisticsStore  # torch: for those that solve

            self._statistics = StatisticsStore()
        return self._statistics

    @statistics.setter
    def statistics(self, store: StatisticsStore) -> None:
        self._statistics = store

    def check_config(self) -> None:
        """Raise UserError for a setting that is out of range, as far as that shows without a model."""
        self._check()

    def _check(self) -> None:
        """What a solver checks before it solves: its settings, where these have a method ``check``."""
        check = getattr(self.config, "check", None)
        if callable(check):
            check()

    def solve(self, model: Model, prompts: EditPrompts) -> Edit:
        """The edit that erases prompts.concepts. The model's weights are the same bytes before and after.

        Raises:
            UserError: a config value out of range, or prompts or a model that it cannot be solved on.
        """
        raise UserError(f"Solver {self.name!r} has no method solve(model, prompts): {type(self).__qualname__} lacks it.")

    def work(self, prompts: EditPrompts) -> str:
        """What it computes, in words, where that is not one solve of seconds; "" else. It needs no model."""
        return ""

    @property
    def needs_judge(self) -> bool:
        """Whether its edits hang on a judge of pictures (`load_judge`)."""
        return False

    def input_hashes(self) -> dict[str, str]:
        """What it reads beside the model and its prompts, by setting → hash, so that a run is tied to the bytes.

        Raises:
            UserError: it is not there, or not what it should be.
        """
        return {}

    def pairs(self, prompts: EditPrompts) -> list[Any]:
        """The sentence pairs (target_prompt, anchor_prompt, pair) that its constraints are read from."""
        return list(prompts.pairs)

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        """About how many bytes the solve needs beside the model; 0 where that is little, or not known.

        No weight is read: `pipe` may be a skeleton.
        """
        return 0
