"""A pipeline as it was and as an edit makes it: weights and text encoders of both sides, the pipeline itself untouched."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from erasepro.edit.record import TABLE, EditRecord
from erasepro.models.architectures import architecture_of
from erasepro.models.computing import plain_path
from erasepro.models.features.text_stack import TextStack
from erasepro.models.layouts.site_names import parameter_path
from erasepro.models.sites import TEXT_KINDS, Site, is_linear_site, site_module, text_sites, weight


class BothSides:
    """A pipeline's weights before and after an edit, in its own dtypes. An edit that is on it is looked through."""

    def __init__(self, pipe: Any, edit: EditRecord) -> None:
        self.pipe, self.edit = pipe, edit
        self._held = getattr(pipe, TABLE, {"originals": {}})["originals"]
        encoders = [e for e in architecture_of(pipe).encoders if getattr(pipe, e.component, None) is not None]
        self.clip = [e.component for e in encoders if e.family == "clip"]  # those whose layers may be edited

    def base(self, name: str) -> Tensor:
        """The weight W_o (d_out, d_in) of a site before any edit."""
        held = self._held.get(name)
        return held if held is not None else weight(self.pipe, name).detach()

    def edited(self, name: str) -> Tensor:
        """The weight W_o + strength·ΔW (d_out, d_in) in the pipeline's dtype: the bytes that `Edit.apply` puts there."""
        update = self.edit.updates.get(name)
        return self.base(name) if update is None else update.apply_to(self.base(name), self.edit.strength)

    def pair(self, name: str) -> tuple[Tensor, Tensor]:
        """W_o and W (d_out, d_in) of a site."""
        return self.base(name), self.edited(name)

    def stacks(self, dtype: torch.dtype, batch: int = 64) -> tuple[TextStack, TextStack]:
        """The original and the edited text encoders in this precision of arithmetic.

        Args:
            batch: prompts of full length that are encoded at a time.
        """
        original = TextStack(self.pipe, dtype, batch)
        edited = original.editable_copy()
        names = {**dict.fromkeys(self._held), **dict.fromkeys(self.edit.updates)}
        for component in self.clip:
            sites = self._text_sites(component, names)
            for site in sites:
                for stack, W in zip((original, edited), self.pair(site.name), strict=True):
                    stack.layers(component).set_weight(site.depth, site.kind, W)
            rest = names.keys() - {site.name for site in sites}
            for name in sorted(name for name in rest if name.startswith(f"{component}.")):
                path = parameter_path(plain_path(name).partition(".")[2])
                for stack, value in zip((original, edited), self.pair(name), strict=True):
                    stack.layers(component).set_parameter(path, value)
        return original, edited

    def moves(self, component: str) -> bool:
        """Whether the edit changes anything of a text encoder."""
        return any(name.startswith(f"{component}.") for name in self.edit.updates)

    def text_sites(self, component: str) -> list[Site]:
        """The sites of a CLIP encoder that this edit changes, shallow → deep, under the edit's own names."""
        return self._text_sites(component, dict.fromkeys(self.edit.updates))

    def _text_sites(self, component: str, names: dict[str, None]) -> list[Site]:
        name_of = {site_module(self.pipe, n): n for n in names if n.startswith(f"{component}.") and is_linear_site(n)}
        sites = text_sites(self.pipe, TEXT_KINDS, component) if name_of else []
        named = [(site, name_of.get(site_module(self.pipe, site.name))) for site in sites]
        return [Site(name, site.component, site.kind, site.depth) for site, name in named if name is not None]
