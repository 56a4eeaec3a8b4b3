"""Edit sites: the linear layers that a closed-form method may change, found by name from an architecture's description.

Only names and shapes are looked at: the pipeline's weights may be on the meta device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from erasepro.errors import UserError, unknown
from erasepro.models.architectures import ConditioningInput, architecture_of
from erasepro.models.computing import check_layer, plain_path, unwrapped
from erasepro.models.kinds import ATTENTION_KINDS, TEXT_KINDS
from erasepro.models.layouts.site_names import layer_and_parameter

TEXT_ENCODER = "text_encoder"
__all__ = [
    "ATTENTION_KINDS",
    "TEXT_ENCODER",
    "TEXT_KINDS",
    "Site",
    "conditioning_sites",
    "cross_attention_sites",
    "is_linear_site",
    "module",
    "parameter",
    "site_module",
    "text_blocks",
    "text_sites",
    "weight",
]


@dataclass(frozen=True)
class Site:
    """One editable linear.

    name: "<component>.<module path>". kind: one of TEXT_KINDS, of ATTENTION_KINDS, or "embedder" or "pooled". depth: its
    text block, or L + the number of the layer that reads the text.
    """

    name: str
    component: str
    kind: str
    depth: int

    @property
    def path(self) -> str:
        """The module path inside the component."""
        return self.name[len(self.component) + 1 :]


def text_sites(pipe: Any, kinds: Sequence[str] = ("mlp.fc2",), component: str = TEXT_ENCODER) -> list[Site]:
    """A CLIP text encoder's linears of these kinds, shallow → deep and in the order that a block computes them.

    Blocks that nothing reads (SDXL's first encoder is read before its last one) have no sites.

    Raises:
        UserError: a kind that is not one of TEXT_KINDS, or an encoder without CLIP's block layout.
    """
    for kind in kinds:
        if kind not in TEXT_KINDS:
            raise unknown("text site", str(kind), TEXT_KINDS)
    sites = []
    read = architecture_of(pipe).blocks_read(component, text_blocks(pipe, component))
    root = unwrapped(getattr(pipe, component))
    for path in (plain_path(path) for path, _ in root.named_modules()):
        match = re.search(r"(?:^|\.)layers\.(\d+)\.((?:self_attn|mlp)\.\w+)$", path)
        if match and match[2] in kinds and int(match[1]) < read:
            _check_held(pipe, root, path, component)
            sites.append(Site(f"{component}.{path}", component, match[2], int(match[1])))
    if kinds and not sites:
        raise UserError(
            f"No {', '.join(kinds)} layers in {type(root).__name__}: solvers that edit the text "
            "encoder need a CLIP text model; set solver.text_sites=[] to edit the layers that read it only."
        )
    return sorted(sites, key=lambda s: (s.depth, TEXT_KINDS.index(s.kind)))


def text_blocks(pipe: Any, component: str = TEXT_ENCODER) -> int:
    """The number L of blocks in a text encoder, CLIP or T5 (0 in anything else)."""
    root = unwrapped(getattr(pipe, component))
    if root is None:
        return 0
    names = (plain_path(path) for path, _ in root.named_modules())
    paths = (re.search(r"(?:^|\.)(?:layers|block)\.(\d+)$", path) for path in names)
    return max((int(m[1]) + 1 for m in paths if m), default=0)


def conditioning_sites(pipe: Any, read: ConditioningInput, kinds: Sequence[str] = ATTENTION_KINDS) -> list[Site]:
    """A conditioning input's linears, in module order; of its keys and values those of these kinds. [] without its denoiser."""
    root = unwrapped(getattr(pipe, read.denoiser, None))
    if root is None:
        return []
    blocks = text_blocks(pipe)
    sites: list[Site] = []
    order: dict[str, int] = {}
    for path in (plain_path(path) for path, _ in root.named_modules()):
        match = re.search(read.sites, path)
        if match:
            kind = f"attn2.{match[1]}" if read.kind == "attention" else read.kind
            if read.kind != "attention" or kind in kinds:
                _check_held(pipe, root, path, read.denoiser)
                parent = path.rpartition(".")[0]
                depth = blocks + order.setdefault(parent, len(order))
                sites.append(Site(f"{read.denoiser}.{path}", read.denoiser, kind, depth))
    if not sites:
        raise UserError(
            f"No layer of {type(root).__name__} matches {read.sites!r} ({read.kind}): this {type(pipe).__name__} is "
            "laid out in another way than its architecture's description says."
        )
    return sites


def _check_held(pipe: Any, root: nn.Module, path: str, component: str) -> None:
    """Raise UserError for a site whose weight is not simply there; a skeleton's is on the disk."""
    if not hasattr(pipe, "pipeline_class"):
        check_layer(root, path, f"{component}.{path}")


def cross_attention_sites(pipe: Any, kinds: Sequence[str] = ATTENTION_KINDS) -> list[Site]:
    """Every linear of the denoiser that reads text: keys and values (of these kinds), embedders, pooled embedders."""
    return [site for read in architecture_of(pipe).reads for site in conditioning_sites(pipe, read, kinds)]


def site_module(pipe: Any, name: str) -> nn.Linear:
    """The linear behind a site's name. transformers moved `text_model.` in and out of these paths: both are tried.

    Raises:
        UserError: the pipeline has no such layer.
    """
    for layer in _layers(pipe, plain_path(name)):
        if isinstance(layer, nn.Linear):
            return layer
    raise UserError(f"The pipeline has no linear layer '{name}': this edit was made for another architecture.")


def _layers(pipe: Any, name: str) -> Iterator[nn.Module]:
    """The modules that "<component>.<module path>" may mean."""
    component, _, path = name.partition(".")
    root = unwrapped(getattr(pipe, component, None))
    if root is None:
        raise UserError(
            f"A {type(pipe).__name__} has no {component}: give a pipeline (a loaded model's is model.pipe)."
        )
    if isinstance(root, nn.Module):
        for candidate in (path, f"text_model.{path}", path.removeprefix("text_model.")):
            try:
                yield root.get_submodule(candidate)
            except AttributeError:
                continue


def is_linear_site(name: str) -> bool:
    """Whether a name in an edit stands for a linear's weight, and is no parameter's whole name."""
    return layer_and_parameter(name)[1] is None


def parameter(pipe: Any, name: str) -> Tensor:
    """What a name in an edit stands for: a linear's weight (d_out, d_in), or any layer's parameter by its whole name.

    Raises:
        UserError: the pipeline has no such layer or parameter.
    """
    path, leaf = layer_and_parameter(plain_path(name))
    if leaf is None:
        return site_module(pipe, name).weight
    for layer in _layers(pipe, path):
        value = layer._parameters.get(leaf)
        if value is not None:
            return value
    raise UserError(f"The pipeline has no parameter '{name}': this edit was made for another architecture.")


def module(pipe: Any, site: Site) -> nn.Linear:
    """The linear layer of a site."""
    return site_module(pipe, site.name)


def weight(pipe: Any, name: str) -> Tensor:
    """What a name in an edit stands for (`parameter`), read from the checkpoint where the pipeline is only a skeleton."""
    tensor = parameter(pipe, name)
    return pipe.weight(name) if tensor.is_meta and hasattr(pipe, "weight") else tensor
