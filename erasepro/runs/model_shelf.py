"""The model of one run kept for the next run of the same weights in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any

from erasepro.config.schema import ModelConfig
from erasepro.edit.record import TABLE
from erasepro.models.base import Model
from erasepro.models.load import load_model
from erasepro.models.tensor_hashes import weights_hash


class ModelShelf:
    """One loaded model, given out again as long as it is asked for: loading and moving it is paid once.

    Runs leave a model as they found it (an edit is put on and taken off to the bit). That is checked each time: the hash of all
    weights in memory, and that no edit is on. A model that was changed is loaded again, with a line.
    """

    def __init__(self) -> None:
        self._model: Model | None = None
        self._key: tuple[Any, ...] = ()
        self._hash = ""

    def load(self, cfg: ModelConfig, fingerprint: str) -> Model:
        """The model of a config.

        Args:
            fingerprint: of its files now (`models.load.fingerprint`): other bytes are another model.
        """
        key = (asdict(cfg), fingerprint)
        if self._model is not None and key == self._key:
            if getattr(self._model.pipe, TABLE, None) is None and weights_hash(self._model.pipe) == self._hash:
                return self._model
            print(f"erasepro: {cfg.name} was changed by the run before: loaded again.", file=sys.stderr)
        self.clear()  # before the next is loaded: two do not fit where one just does
        model = load_model(cfg)
        self._model, self._key, self._hash = model, key, weights_hash(model.pipe)
        return model

    def clear(self) -> None:
        """Let the model go."""
        self._model, self._key, self._hash = None, (), ""

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The block whose runs take their models from here. After a run that failed, the next one loads its own."""
        token = _IN_USE.set(self)
        try:
            yield
        except BaseException:
            self.clear()
            raise
        finally:
            _IN_USE.reset(token)


_IN_USE: ContextVar[ModelShelf | None] = ContextVar("_IN_USE", default=None)


def take_model(cfg: ModelConfig, fingerprint: str) -> Model:
    """The model of a config: the one that is kept, where runs share it, and else a freshly loaded one."""
    shelf = _IN_USE.get()
    return load_model(cfg) if shelf is None else shelf.load(cfg, fingerprint)
