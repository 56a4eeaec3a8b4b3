"""What an export tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from erasepro.errors import visible

WARNING = (
    "Strength 1 is the full erasure and 0 the original model; a negative strength can amplify what this file removes."
)


def strength_warning(strength: float) -> str:
    """What a loader's strength does to the factors of an edit of this strength."""
    if strength == 1:
        return WARNING
    return (
        f"This file holds the edit at strength {strength:g}: a loader's strength 1 gives that, not the erasure that was solved "
        "for, and 0 the original model; a negative strength turns it round."
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
        rounding: site → ‖written − wanted‖/‖wanted‖ (Frobenius, of ΔW) by the precision that is written; at most.
        sufficient_rank: the rank at which no weight would lose 0.001; 0 where none does.
        parts: "text_encoder", "unet" … → how many of the weights are its own.
        reader: the sentence that says which loader reads all of it, and which does not.
        strength: of the edit; what a loader calls strength multiplies it.
        beside: files that go beside it, each with its text: a card, and for kohya a ComfyUI workflow.
    """

    path: Path
    format: str
    weights: int
    ranks: dict[str, int] = field(default_factory=dict)
    loss: dict[str, float] = field(default_factory=dict)
    left_out: int = 0
    rounding: dict[str, float] = field(default_factory=dict)
    sufficient_rank: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    reader: str = ""
    strength: float = 1.0
    beside: tuple[tuple[Path, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        """One line for the terminal."""
        count = f"{self.path}: {self.format}, {self.weights} weights"
        shares = ", ".join(f"{number} {part}" for part, number in self.parts.items())
        facts = [count + (f" ({shares})" if shares else "")]
        if self.ranks:
            facts.append(f"rank {_span(list(self.ranks.values()))}")
        facts.append(self.losses)
        if self.left_out:
            facts.append(f"{self.left_out} file(s) with unedited weights left out")
        sentences = [visible(", ".join(filter(None, facts))) + ".", visible(self.reader)]
        sentences += [strength_warning(self.strength)] if self.ranks else []
        return " ".join(filter(None, sentences))

    @property
    def losses(self) -> str:
        """What the file has of the edit's numbers, without a full stop: exact, or how far off at most."""
        facts = []
        if self.loss:
            site = max(self.loss, key=lambda s: self.loss[s])
            facts.append(
                f"{len(self.loss)} of them cut to a lower rank with a loss of at most {self.loss[site]:.2g} ({site})"
                + (f": rank={self.sufficient_rank} loses less than 0.001" if self.sufficient_rank else "")
            )
        worst = max(self.rounding, key=lambda s: self.rounding[s], default="")
        off = self.rounding.get(worst, 0.0)
        own = [site for site in self.ranks if site not in self.loss]
        if own:
            facts.append("factors of the edit's own" if not self.loss else f"{len(own)} with factors of the edit's own")
        if off > 0:
            facts.append(f"rounding in what is written moves a ΔW by at most {off:.1g} of its norm ({worst})")
        elif self.ranks and not self.loss:
            facts.append("exact")
        elif not self.ranks:
            facts.append("each the edited weight exactly")
        return ", ".join(facts)


def _span(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"
