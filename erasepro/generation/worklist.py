"""The work list: one row an image, kept as a file, so that a run can be resumed, split or checked later."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

from erasepro.concepts.safety.minors import mentions_minor
from erasepro.errors import UserError
from erasepro.runtime.files import digest, write_text
from erasepro.runtime.json_text import NoJson, parse_json

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,180}")


class Prompted(Protocol):
    """What a prompt must carry to be drawn (`EvaluationPrompt` does)."""

    @property
    def id(self) -> str:
        """What the image's file name begins with; unique in a work list."""
    @property
    def prompt(self) -> str:
        """The text that is drawn."""


@dataclass(frozen=True)
class Row:
    """One image to draw: which prompt, which seed, and what the prompt is for.

    ``role`` is target | anchor | retain | synonym, ``phrasing`` plain | complex | paraphrase; ``expected_concept`` is what the
    edited model should show (a target prompt's anchor). The image's file is ``<id>_<seed>.png``.
    """

    id: str
    prompt: str
    seed: int
    concept: str = ""
    role: str = ""
    phrasing: str = ""
    expected_concept: str = ""
    style: str | None = None  # the drawing style named in the prompt
    subject: str = ""  # the thing drawn; in a style set it differs from the concept
    guidance: float | None = None  # this and the next three: None is the run's own
    steps: int | None = None
    width: int | None = None  # pixels
    height: int | None = None

    def __post_init__(self) -> None:
        if not _SAFE.fullmatch(self.id):
            raise UserError(
                f"Prompt id {self.id!r} cannot be a file name; use up to 181 letters, digits, '.', '_' or '-', "
                "starting with a letter or a digit."
            )
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**63:
            raise UserError(f"Seed {self.seed!r} of prompt {self.id!r} must be a whole number from 0 to 2^63 - 1.")

    @property
    def name(self) -> str:
        """The image's file name without its suffix."""
        return f"{self.id}_{self.seed}"

    @property
    def sampler(self) -> tuple[float | None, int | None, int | None, int | None]:
        """What a batch must have in common: guidance, steps, width, height."""
        return self.guidance, self.steps, self.width, self.height

    @property
    def asks_for_style(self) -> bool:
        """Whether the concept is the style that the prompt names (then a judge looks at the style)."""
        return self.style is not None and self.style == self.concept


@dataclass(frozen=True)
class Worklist(Sequence[Row]):
    """The rows to draw, and how many were left out because their prompt mentions a minor (always, see PROTOCOLS)."""

    rows: tuple[Row, ...]
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]


def make_worklist(prompts: Iterable[Prompted], seeds: Sequence[int]) -> Worklist:
    """Every prompt with every seed, prompt by prompt; one with a seed of its own is drawn once, with that.

    Prompts that were left out before (``prompts.dropped``) count once a seed. Raises UserError for an empty or repeated
    seed list, an id that is not a file name, or two rows of one name.
    """
    check_seeds(seeds)
    wanted = [f.name for f in fields(Row) if f.name != "seed"]
    rows = []
    for prompt in prompts:
        values = {key: getattr(prompt, key) for key in wanted if hasattr(prompt, key)}
        own = getattr(prompt, "seed", None)
        rows += [Row(seed=int(seed), **values) for seed in (seeds if own is None else [own])]
    drawable = screened(rows)
    return replace(drawable, dropped=drawable.dropped + getattr(prompts, "dropped", 0) * len(seeds))


def check_seeds(seeds: Sequence[int]) -> None:
    """Raise UserError for a list of seeds that is empty or repeats one."""
    if not seeds or len(set(seeds)) != len(seeds):
        raise UserError(f"generation.seeds must be a list of different whole numbers, not {list(seeds)}.")


def screened(rows: Iterable[Row]) -> Worklist:
    """Rows that may be drawn: those mentioning a minor are left out and counted; names must be unique."""
    given = list(rows)
    kept = tuple(row for row in given if not mentions_minor(row.prompt))
    seen: dict[str, Row] = {}
    for row in kept:
        other = seen.setdefault(row.name, row)
        if other is not row:
            raise UserError(
                f"Two rows are named {row.name!r} ({other.prompt!r} and {row.prompt!r}); give every prompt its own id."
            )
    return Worklist(kept, dropped=len(given) - len(kept))


def resolved(rows: Iterable[Row], guidance: float, steps: int, size: int | None) -> list[Row]:
    """The rows with the run's own values where they have none (a size of None: the model's own)."""
    own: dict[str, Any] = {"guidance": float(guidance), "steps": steps, "width": size, "height": size}
    return [replace(row, **{key: own[key] for key in own if getattr(row, key) is None}) for row in rows]


def write_worklist(path: Path, rows: Iterable[Row]) -> None:
    """One JSON object a line, written beside and renamed, so that a reader never sees half a list."""
    write_text(path, _text(rows))


def is_written(path: Path, rows: Iterable[Row]) -> bool:
    """Whether a file is, byte for byte, what `write_worklist` writes of these rows."""
    return path.is_file() and path.read_bytes() == _text(rows).encode()


def hash_rows(rows: Iterable[Row]) -> str:
    """Hash (64 hex digits) of the rows with everything in them and their order: ``hashes.test_prompts`` of results.json."""
    return digest([asdict(row) for row in rows])


def _text(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def read_worklist(path: Path) -> Worklist:
    """The rows of a file made by `write_worklist`, screened again. Raises UserError naming the line at fault."""
    rows = []
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would be waited for
        raise UserError(f"Cannot read the work list {str(path)!r}: it is no file.")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"Cannot read the work list {str(path)!r}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read the work list {str(path)!r}: no UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(Row(**parse_json(line)))
            rows[-1].prompt.encode()  # screened below: it must be a text
        except (NoJson, TypeError, AttributeError) as error:
            raise UserError(f"{path}, line {number}: not a work-list row ({error}).") from error
    return screened(rows)
