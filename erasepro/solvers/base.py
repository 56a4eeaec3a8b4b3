"""What every solver is: a config in, an edit out, the pipeline untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.base import Model
    from erasepro.prompts.test_prompts import BuildSet


class Solver:
    """Base of all solvers."""

    config: ClassVar[type] = object
    """The dataclass that `cfg` is an instance of; set by the registration."""
    name: ClassVar[str] = ""
    """How configs choose it; set by the registration."""
    version: ClassVar[int] = 1
    """Of the solver's code. Raise it when its edits change, so that no run shows an older version's results."""

    def __init__(self, cfg: Any) -> None:
        self.cfg = cfg

    def solve(self, model: Model, build: BuildSet) -> Edit:
        """The edit that erases build.concepts. The model's weights are the same bytes before and after."""
        raise NotImplementedError

    def pairs(self, build: BuildSet) -> list[Any]:
        """The sentence pairs (target_prompt, anchor_prompt, pair) that its constraints are read from."""
        return list(build.pairs)
