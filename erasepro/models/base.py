"""A loaded model, and the fingerprint of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erasepro.models.architectures import architecture_of


@dataclass
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
