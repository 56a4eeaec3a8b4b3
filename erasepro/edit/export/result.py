"""What an export tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from erasepro.errors import visible

WARNING = (
    "Strength 1 is the full erasure and 0 the original model; a negative strength can amplify what this file removes."
)


@dataclass(frozen=True)
class Exported:
    """A finished export.

    Args:
        path: the file or folder.
        format: lora, kohya, diffusers or single_file.
        weights: how many weights it changes.
        ranks: site → LoRA rank; empty for whole models.
        loss: site → relative Frobenius loss of a dense ΔW's truncated SVD; weights that have exact factors are not in it.
        left_out: files of the base that still held the unedited weights, and were not copied.
    """

    path: Path
    format: str
    weights: int
    ranks: dict[str, int] = field(default_factory=dict)
    loss: dict[str, float] = field(default_factory=dict)
    left_out: int = 0

    def __str__(self) -> str:
        """One line for the terminal."""
        facts = [f"{self.path}: {self.format}, {self.weights} weights"]
        if self.ranks:
            facts.append(f"rank {_span(list(self.ranks.values()))}")
        if self.loss:
            site = max(self.loss, key=lambda s: self.loss[s])
            facts.append(
                f"{len(self.loss)} of them dense, cut to low rank with a loss of at most {self.loss[site]:.2g} ({site})"
            )
        if self.left_out:
            facts.append(f"{self.left_out} file(s) with unedited weights left out")
        return visible(", ".join(facts)) + "." + (f" {WARNING}" if self.ranks else "")


def _span(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"
