"""Whether the weights that a pipeline holds are what it computes with, as a solver and an edit take them to be.

Some switches of diffusers put another weight, another copy or another number format between a layer's name and what runs.
`torch.compile` does not: it runs the same weights under other names, and is looked through (`unwrapped`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.models.architectures import TextEncoder, architecture_of
from erasepro.models.layouts.site_names import layer_and_parameter

COMPILED = "_orig_mod"
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
AGAIN = "and on again afterwards"


def unwrapped(module: Any) -> Any:
    """The module that `torch.compile` wrapped, whose weights are the same tensors; any other as it is."""
    while isinstance(module, nn.Module) and COMPILED in module._modules:
        module = module._modules[COMPILED]
    return module


def plain_path(path: str) -> str:
    """A module's path as it is without `torch.compile`."""
    return path.replace(f"{COMPILED}.", "")


def check_computing(pipe: Any) -> None:
    """Raise UserError where what a solver reads of a pipeline is not what it computes with.

    Read are the CLIP encoders, and the denoisers' layers that read the text: a LoRA on them, weights on the meta device or in
    groups that move (offloading) and weights that are no plain floats (layerwise casting, quantisation) are refused. Other
    encoders are run as they are, however they hold their weights. A skeleton reads from disk and always passes.
    """
    known = architecture_of(pipe)
    if hasattr(pipe, "pipeline_class"):
        return
    check_encoders(pipe)
    for encoder in known.encoders:
        root = unwrapped(getattr(pipe, encoder.component, None))
        if encoder.family == "clip" and root is not None:
            check_component(root, encoder.component)
            _check_module(root, encoder.component)
    for read in known.reads:
        root = unwrapped(getattr(pipe, read.denoiser, None))
        if root is not None:
            check_component(root, read.denoiser)
            for path in read.projections:
                _check_module(root.get_submodule(path), f"{read.denoiser}.{path}")
            for path in [plain_path(path) for path, _ in root.named_modules()]:
                if re.search(read.sites, path):
                    check_layer(root, path, f"{read.denoiser}.{path}")


def check_encoders(pipe: Any) -> None:
    """Raise UserError where a pipeline has no text encoder, or one without its tokenizer."""
    encoders = architecture_of(pipe).encoders
    there = [encoder for encoder in encoders if getattr(pipe, encoder.component, None) is not None]
    if not there:
        wanted = ", ".join(encoder.component for encoder in encoders)
        raise UserError(
            f"The pipeline has no text encoder ({wanted}): load it with one, nothing can be read of a concept."
        )
    for encoder in there:
        if getattr(pipe, encoder.tokenizer, None) is None:
            raise without_tokenizer(encoder)


def without_tokenizer(encoder: TextEncoder) -> UserError:
    """What is wrong with a pipeline that has this encoder and not its tokenizer."""
    return UserError(
        f"The pipeline has a {encoder.component} but no {encoder.tokenizer} to make its tokens: load the pipeline with "
        f"{encoder.tokenizer} too."
    )


def check_component(root: nn.Module, component: str) -> None:
    """Raise UserError where group offloading moves a component's weights: an edit of one copy may not reach the other."""
    for module in root.modules():
        hooks = getattr(getattr(module, "_diffusers_hook", None), "hooks", {})
        if any("group_offloading" in name for name in hooks):
            raise UserError(
                f"'{component}' is under group offloading, which keeps copies of its weights: load the pipeline again and "
                "do this before enabling it."
            )


def check_layer(root: nn.Module, path: str, name: str) -> None:
    """Raise UserError unless a layer computes with its own weight, in plain floats, under that path.

    Args:
        root: the component that holds it.
        path: of a linear, or of any layer's parameter (`layer_and_parameter`).
        name: the site's, for the message.
    """
    place, leaf = layer_and_parameter(path)
    layer = root.get_submodule(place)
    _check_lora(layer, name)
    if leaf is None and not isinstance(layer, nn.Linear):
        raise UserError(
            f"'{name}' is a {type(layer).__name__}, not a linear layer: load the model without quantisation."
        )
    held = layer._parameters.get(leaf or "weight")
    if held is None and getattr(layer, leaf or "weight", None) is None:
        return  # a bias that this layer does not have: whoever looks for it says so
    if held is None:
        raise UserError(
            f"'{name}' makes its weight from other tensors (a parametrization): remove that first, "
            f"with torch.nn.utils.parametrize.remove_parametrizations(layer, {leaf or 'weight'!r})."
        )
    _check_weight(held, name)


def check_unfused(root: nn.Module, path: str, name: str) -> None:
    """Raise UserError where an attention computes with a fused copy of a layer's weight (`fuse_qkv_projections`)."""
    parent = root.get_submodule(path.rpartition(".")[0])
    fused = type(getattr(parent, "processor", None)).__name__.startswith("Fused")
    # diffusers' U-Nets leave the flag behind when they are unfused; its newer attentions have no processor of that name
    fused |= bool(getattr(parent, "fused_projections", False)) and hasattr(parent, "unfuse_projections")
    if fused:
        raise UserError(
            f"'{name}' is not what the pipeline computes with: its projections are fused. Take that off first, with "
            f"pipe.unfuse_qkv_projections(), {AGAIN}."
        )


def check_layers(pipe: Any, names: Iterable[str]) -> None:
    """Raise UserError where changing one of these weights, named "<component>.<module path>", would not change the pictures.

    A layer that is not there is left to whoever looks for it.
    """
    components = set()
    for name in names:
        component, _, path = plain_path(name).partition(".")
        root = unwrapped(getattr(pipe, component, None))
        if not isinstance(root, nn.Module) or hasattr(pipe, "pipeline_class"):
            continue
        if component not in components:
            components.add(component)
            check_component(root, component)
        for candidate in (path, f"text_model.{path}", path.removeprefix("text_model.")):
            layer = layer_and_parameter(candidate)[0]
            try:
                root.get_submodule(layer)
            except AttributeError:
                continue
            check_layer(root, candidate, name)
            check_unfused(root, layer, name)
            break


def _check_module(root: nn.Module, name: str) -> None:
    """Raise UserError for the first weight in a module that is not simply there."""
    for path, module in root.named_modules():
        where = f"{name}.{plain_path(path)}".rstrip(".")
        _check_lora(module, where)
        for weight in module.parameters(recurse=False):
            _check_weight(weight, where)


def _check_lora(module: nn.Module, name: str) -> None:
    if isinstance(getattr(module, "base_layer", None), nn.Module):
        raise UserError(
            f"'{name}' carries a LoRA: take it off first (pipe.unload_lora_weights()) and load it again afterwards, or make "
            "it part of the model (pipe.fuse_lora(), then pipe.unload_lora_weights())."
        )


def _check_weight(weight: Tensor, name: str) -> None:
    if weight.is_meta:
        raise UserError(
            f"'{name}' is offloaded (meta device): do this before enabling CPU offloading, or take it off first, with "
            f"pipe.remove_all_hooks(), {AGAIN}."
        )
    if weight.dtype not in FLOATS or type(weight) not in (nn.Parameter, Tensor):
        kind = str(weight.dtype).removeprefix("torch.") if weight.dtype not in FLOATS else type(weight).__name__
        raise UserError(
            f"'{name}' is stored as {kind} (layerwise casting or quantisation), which is too coarse for an edit: load the "
            "model in float32, bfloat16 or float16, apply the edit there, and convert afterwards."
        )
