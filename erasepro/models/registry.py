"""The registry of the kinds of models; a module of its own, so that their names are known without what loads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from erasepro.registry import Registry

if TYPE_CHECKING:
    from erasepro.config.schema import ModelConfig
    from erasepro.models.base import Model

MODELS: Registry[Callable[[ModelConfig], Model]] = Registry("model kind", "erasepro.models")
"""Name of a kind → what loads a model of it."""
