"""A loaded model, and the fingerprint of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erasepro.errors import visible
from erasepro.models.architectures import architecture_of
from erasepro.runtime.html_table import html_table


@dataclass(repr=False)
class Model:
    """A pipeline and where it came from.

    pipe: a diffusers pipeline (or its `Skeleton`, which can be edited but not drawn with). kind: "diffusers" | "miniature".
    judge: the judge that was trained with the model, where it has one. weights_hash: see the function of that name; ""
    where not all were read. revision: the hub's, where one was asked for.
    """

    pipe: Any
    name: str
    source: str
    weights_hash: str
    kind: str = "diffusers"
    judge: object | None = None
    revision: str | None = None

    def facts(self) -> dict[str, str | None]:
        """What an edit says of the model it was made for; ``architecture``: its name in `models.architectures`."""
        facts = {"name": self.name, "source": self.source, "revision": self.revision, "kind": self.kind}
        return facts | {"weights_hash": self.weights_hash, "architecture": architecture_of(self.pipe).name}

    def __repr__(self) -> str:
        numbers = sum(count for _, _, count in self._parts())
        kind = getattr(self.pipe, "pipeline_class", type(self.pipe).__name__)
        by_configs = ", weights not loaded" if hasattr(self.pipe, "pipeline_class") else ""
        return visible(f"Model({self.name!r}, {kind}, {_short(numbers)} parameters{by_configs}, {self._place()})")

    def _repr_html_(self) -> str:
        rows = [(name, kind, f"{count:,}") for name, kind, count in self._parts()]
        facts = [f"source: {self.source}", f"revision: {self.revision}" if self.revision else "", self._place()]
        judge = "it ships with a judge" if self.judge is not None else "no judge ships with it"
        note = " · ".join([*filter(None, facts), judge])
        return html_table(f"Model {self.name}", ("part", "class", "parameters"), rows, note)

    def _parts(self) -> list[tuple[str, str, int]]:
        """Name, class and number of parameters of each network of the pipeline."""
        parts = [(name, part) for name, part in self.pipe.components.items() if hasattr(part, "parameters")]
        return [(name, type(part).__name__, sum(p.numel() for p in part.parameters())) for name, part in parts]

    def _place(self) -> str:
        """Precision and device of the weights; no device where they are still on the disk."""
        networks = [part for part in self.pipe.components.values() if hasattr(part, "parameters")]
        first = next((p for network in networks for p in network.parameters()), None)
        if first is None:
            return "no weights"
        dtype = str(first.dtype).removeprefix("torch.")
        return dtype if first.is_meta else f"{dtype}, {first.device}"


def _short(count: int) -> str:
    """A number of parameters: 7.5 M."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.1f} {letter}"
    return str(count)
