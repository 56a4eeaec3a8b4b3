"""Edit sites: the linear layers that a closed-form method may change, found by name in any CLIP + U-Net pipeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from erasepro.errors import UserError, unknown

# in the order a block computes them
TEXT_KINDS = ("self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")
RESIDUAL_KINDS = ("self_attn.out_proj", "mlp.fc2")  # those whose output is added to the residual stream
ATTENTION_KINDS = ("attn2.to_k", "attn2.to_v")
TEXT_ENCODER, UNET = "text_encoder", "unet"


@dataclass(frozen=True)
class Site:
    """One editable linear.

    name: "<component>.<module path>". depth: its text block, or L + the number of its cross-attention.
    """

    name: str
    component: str
    kind: str
    depth: int

    @property
    def path(self) -> str:
        """The module path inside the component."""
        return self.name[len(self.component) + 1 :]


def text_sites(pipe: Any, kinds: Sequence[str] = ("mlp.fc2",)) -> list[Site]:
    """The text encoder's linears of these kinds, shallow → deep and in the order that a block computes them.

    Raises:
        UserError: a kind that is not one of TEXT_KINDS, or an encoder without CLIP's block layout.
    """
    for kind in kinds:
        if kind not in TEXT_KINDS:
            raise unknown("text site", str(kind), TEXT_KINDS)
    found = []
    for path, module in getattr(pipe, TEXT_ENCODER).named_modules():
        match = re.search(r"(?:^|\.)layers\.(\d+)\.((?:self_attn|mlp)\.\w+)$", path)
        if match and match[2] in kinds and isinstance(module, nn.Linear):
            found.append(Site(f"{TEXT_ENCODER}.{path}", TEXT_ENCODER, match[2], int(match[1])))
    if kinds and not found:
        raise UserError(
            f"No {', '.join(kinds)} layers in {type(getattr(pipe, TEXT_ENCODER)).__name__}: solvers that edit the text "
            "encoder need a CLIP text model; set solver.text_sites=[] to edit cross-attention only."
        )
    return sorted(found, key=lambda s: (s.depth, TEXT_KINDS.index(s.kind)))


def cross_attention_sites(pipe: Any, kinds: Sequence[str] = ATTENTION_KINDS) -> list[Site]:
    """Every cross-attention key and value projection of the U-Net, in module order."""
    blocks = text_blocks(pipe)
    found: list[Site] = []
    order: dict[str, int] = {}
    for path, module in getattr(pipe, UNET).named_modules():
        match = re.search(r"^(.*\.attn2)\.(to_k|to_v)$", path)
        if match and f"attn2.{match[2]}" in kinds and isinstance(module, nn.Linear):
            depth = blocks + order.setdefault(match[1], len(order))
            found.append(Site(f"{UNET}.{path}", UNET, f"attn2.{match[2]}", depth))
    if not found:
        kind = type(getattr(pipe, UNET)).__name__
        raise UserError(f"No cross-attention (attn2.to_k/to_v) in {kind}: a Stable Diffusion U-Net is needed.")
    return found


def text_blocks(pipe: Any) -> int:
    """The number L of blocks in the text encoder (0 when it is not CLIP-like)."""
    paths = (re.search(r"(?:^|\.)layers\.(\d+)$", p) for p, _ in getattr(pipe, TEXT_ENCODER).named_modules())
    return max((int(m[1]) + 1 for m in paths if m), default=0)


def site_module(pipe: Any, name: str) -> nn.Linear:
    """The linear behind a site's name. transformers moved `text_model.` in and out of these paths: both are tried.

    Raises:
        UserError: the pipeline has no such layer.
    """
    component, _, path = name.partition(".")
    root = getattr(pipe, component, None)
    if root is None:
        raise UserError(
            f"A {type(pipe).__name__} has no {component}: give a pipeline (a loaded model's is model.pipe)."
        )
    if isinstance(root, nn.Module):
        for candidate in (path, f"text_model.{path}", path.removeprefix("text_model.")):
            try:
                found = root.get_submodule(candidate)
            except AttributeError:
                continue
            if isinstance(found, nn.Linear):
                return found
    raise UserError(f"The pipeline has no linear layer '{name}': this edit was made for another architecture.")


def module(pipe: Any, site: Site) -> nn.Linear:
    """The linear layer of a site."""
    return site_module(pipe, site.name)
