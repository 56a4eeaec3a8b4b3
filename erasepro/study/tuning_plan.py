"""What a search of settings will do, fixed before it begins: solvers, sets, pictures, and how many trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.prompts.templates.bank import PHRASINGS
from erasepro.runs.resolve import resolve
from erasepro.runs.spec import RunSpec
from erasepro.runtime.files import digest
from erasepro.runtime.sealed_json import KEY, read_sealed, write_sealed
from erasepro.runtime.source_digest import source_digest
from erasepro.study.space import Space

PLAN = "plan.json"
SETS = ("mini/dev_1", "mini/dev_5", "mini/dev_10", "mini/dev_30", "mini/dev_style_twemoji", "mini/dev_style_ink")
"""Development sets of the miniature: no object of theirs is erased by a test set; its four styles have other anchors here."""
LEAST_TRIALS, LEAST_PICTURES = 4, 2
"""Fewer say nothing: a search that cannot afford them is refused."""
PICTURE_SETTINGS = {
    "generation": "quick", "generation.steps": "12", "generation.split": "validation", "generation.max_retain": "24",
    "metrics": "[clip_accuracy_top1,fd_miniature]", "tracker": "none", "outputs.progress": "false", "outputs.grid": "false",
}  # fmt: skip
"""How pictures are drawn and judged; words of the command go over these."""
PROMPTS = 60
"""Target prompts of a set, about: each target gets its share, 1 in each wording at least and 12 at most."""


@dataclass(frozen=True)
class TuningPlan:
    """One search: the same for every process that works on it."""

    solvers: Sequence[str]
    sets: Sequence[str]
    """Options of ``concepts``, for development alone."""
    overrides: Sequence[str]
    """Words of the command that hold for every trial."""
    trials: int
    """Settings a solver whose features are measured."""
    pictures: int
    """Settings a solver whose pictures are drawn, the published one among them; the solver's best preset so far is one more."""
    hours: float
    """What all of it may take."""
    workers: int
    """Processes that will work on it."""
    seed: int
    code: str
    """Digest of the source that measures, and of the spaces: trials of different code are not compared."""
    drawing: float = 0.0
    """Seconds that one setting's pictures take on one process, as far as a few tell."""

    @property
    def drawings(self) -> int:
        """How often a solver's pictures are drawn at most."""
        return self.pictures + 2

    @property
    def id(self) -> str:
        """Eight hex digits, by which presets name the study that they come from; what it costs changes no result."""
        facts = asdict(self)
        del facts["hours"], facts["workers"], facts["drawing"]
        return digest(facts)[:8]

    def spec(self, solver: str, concepts: str, words: Sequence[str] = ()) -> RunSpec:
        """The run of one setting on one set. Raises UserError as `resolve` does."""
        return resolve(self.words(solver, concepts, words))

    def words(self, solver: str, concepts: str, words: Sequence[str] = ()) -> list[str]:
        """The same as a command line."""
        chosen = {word.partition("=")[0] for word in self.overrides}
        usual = [f"{key}={value}" for key, value in PICTURE_SETTINGS.items() if key not in chosen]
        first = [word for word in self.overrides if word.partition("=")[0] in ("generation", "metrics", "model", "templates")]
        rest = [word for word in self.overrides if word not in first]
        number = f"generation.prompts_per_concept={self._prompts(concepts)}"
        own = [] if "generation.prompts_per_concept" in chosen else [number]
        return [f"solver={solver}", f"concepts={concepts}", *usual, *first, *own, *rest, *words]

    @staticmethod
    def _prompts(concepts: str) -> int:
        pairs = len(resolve([f"concepts={concepts}"]).concepts.pairs)
        return min(12, max(1, PROMPTS // max(pairs, 1) // len(PHRASINGS)))

    def affordable(self, seconds: Mapping[str, float]) -> TuningPlan:
        """The plan cut to its hours: the same share of trials and of drawn settings off every solver.

        Args:
            seconds: solver -> seconds of one trial's features on one process.

        Raises:
            UserError: the hours are too few for the least number of trials.
        """
        for share in (s / 20 for s in range(20, 0, -1)):
            trials = max(LEAST_TRIALS, int(self.trials * share))
            pictures = max(LEAST_PICTURES, round(self.pictures * share))
            plan = replace(self, trials=min(trials, self.trials), pictures=min(pictures, self.pictures))
            if plan.cost(seconds) <= self.hours:
                return plan
        raise UserError(
            f"hours={self.hours:g} is too little for {len(self.solvers)} solver(s) on {len(self.sets)} set(s): the least "
            f"({LEAST_TRIALS} trials, {LEAST_PICTURES} settings drawn, each) takes about {plan.cost(seconds):.1f} hours with "
            f"workers={self.workers}. Give more hours, fewer solvers (solver=a,b) or sets (sets=[…])."
        )

    def cost(self, seconds: Mapping[str, float]) -> float:
        """Hours that the whole takes; the best preset so far is drawn too, and the chosen one again, with known words."""
        total = sum(self.trials * each + self.drawings * (each + self.drawing) for each in seconds.values())
        return total / 3600 / self.workers

    def save(self, folder: Path) -> None:
        """Write ``plan.json``, sealed."""
        write_sealed(folder / PLAN, asdict(self))

    @classmethod
    def stored(cls, folder: Path) -> TuningPlan | None:
        """The plan of the study in a folder; None where there is none. Raises UserError for a damaged one."""
        record, problem = read_sealed(folder / PLAN)
        if problem:
            raise UserError(f"{str(folder / PLAN)!r} {problem}: put it back as it was, or begin anew with another out=FOLDER.")
        if not record:
            return None
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in record.items() if key != KEY
        }
        try:
            return cls(**values)
        except TypeError as error:
            raise UserError(f"{str(folder / PLAN)!r} is of another version of erasepro: choose another out=FOLDER.") from error

    def check_same(self, other: TuningPlan, folder: Path) -> None:
        """Raise UserError where a study in a folder was begun with other words, or other code, than this one."""
        for name in ("solvers", "sets", "overrides", "seed", "code"):
            before, now = getattr(self, name), getattr(other, name)
            if before != now:
                what = "another version of the code" if name == "code" else f"{name}={_shown(before)}, not {_shown(now)}"
                raise UserError(
                    f"The study in {str(folder)!r} was begun with {what}: give the same words to go on with it, or another "
                    "out=FOLDER."
                )


def _shown(value: Any) -> str:
    return f"[{','.join(value)}]" if isinstance(value, tuple) else str(value)


def code_digest(spaces: Sequence[Space]) -> str:
    """Digest of the code that features are measured by, and of the spaces that are searched."""
    return digest([source_digest("erasepro.study.features", ("erasepro",)), *(asdict(space) for space in spaces)])
