"""The common part of the methods that edit the text encoder's fc2 layers only, each a setting of the superset."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from erasepro.errors import UserError
from erasepro.models.features.columns import PairColumns
from erasepro.schedules import ScheduleConfig
from erasepro.solvers.base import Solver
from erasepro.solvers.closed_form.erasepro import ErasePro
from erasepro.solvers.configs.erasepro import EraseProConfig
from erasepro.solvers.configs.fit import FitConfig, check_fit
from erasepro.solvers.configs.text_stage import TextStageConfig
from erasepro.solvers.engine.fit import Fit

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.edit import Edit
    from erasepro.models.base import Model


class _Stage(ErasePro):
    """The superset with these methods' choice of blocks: 7/12 of the depth up to the last but one, unless told."""

    def __init__(self, config: EraseProConfig, average: bool) -> None:
        super().__init__(config)
        self.average = average

    def editable_blocks(self, count: int) -> list[int]:
        chosen = list(range(7 * count // 12, count - 1)) or [count - 1]
        return chosen if self.config.text_blocks is None else super().editable_blocks(count)

    def text_fit(self, columns: PairColumns) -> Fit:
        return Fit.of(self.config.text_fit, columns, average=self.average)


C = TypeVar("C", bound=TextStageConfig)


class TextStageSolver(Solver[C]):
    """Base: `mlp.fc2` of some blocks, each closing its share of the gap that is left.

    The fit must be soft.
    """

    config_class: ClassVar[type] = TextStageConfig

    def takes_means(self) -> bool:
        """Whether a concept's prompts give one column, their mean."""
        return False

    def gap_is_measured_at(self) -> str:
        """Where the gap is measured, ``at`` of the schedule residual_split: state | output."""
        return "state"

    def fit(self) -> FitConfig:
        """The method's equation as one of the superset's fits."""
        raise UserError(f"Solver {self.name!r} has no method fit(): {type(self).__qualname__} lacks it.")

    def _check(self) -> None:
        super()._check()
        check_fit(self.fit(), "text_fit")

    def solve(self, model: Model, prompts: EditPrompts) -> Edit:
        """The edit for the concepts. Raises UserError for a bad value, or where the captions are too few."""
        with self._named():
            self._check()
            edit = self._stage().solve(model, prompts)
        blocks = sorted({entry["depth"] for entry in edit.diagnostics})
        return dataclasses.replace(edit, meta=edit.meta | {"config": dataclasses.asdict(self.config), "blocks": blocks})

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        """Bytes for the columns of the largest text layer."""
        with self._named():
            return self._stage().memory(pipe, prompts)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """The superset's errors, with this method's name and its own key for the blocks."""
        try:
            yield
        except UserError as error:
            words = str(error).replace("solver.text_blocks", "solver.blocks")
            raise UserError(f"solver={self.config.name}: {words}") from error

    def _stage(self) -> _Stage:
        """The method as the superset's setting."""
        config = self.config
        whole = EraseProConfig(
            name=config.name,
            text_blocks=config.blocks,
            text_token_policy=config.token_policy,
            text_fit=self.fit(),
            cross_attention=False,
            cross_attention_token_policy=config.token_policy,
            schedule=ScheduleConfig("residual_split", at=self.gap_is_measured_at()),
            preserve_dtype="float64",
            batch_size=config.batch_size,
        )
        stage = _Stage(whole, self.takes_means())
        stage.statistics = self.statistics
        return stage
