"""RACE (arXiv 2405.16341): ESD hardened against embeddings near the concept's."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from erasepro.edit import Edit
from erasepro.edit.own_files import FACTS
from erasepro.models.computing import unwrapped
from erasepro.solvers.configs.esd import ESDConfig
from erasepro.solvers.configs.race import RACEConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.trained.esd import ESD
from erasepro.solvers.training.checkpoint import EDIT, START
from erasepro.solvers.training.denoiser import parameters_of

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.models.base import Model


@SOLVERS.register("race", RACEConfig)
class RACE(ESD):
    """Robust adversarial concept erasure: ESD's loss at the embedding near the concept's that draws it best (arXiv 2405.16341).

    min_θ ‖ε_θ(z_t, c + δ*, t) − [e₀ − η(e_c − e₀)]‖² with δ* = argmin ‖n − ε_θ(z_t, c + δ, t)‖² over ‖δ‖∞ ≤ ε, n the noise
    that z_t was drawn from. Training starts from an ESD edit (or any other, init_edit); without one ESD is trained first.
    The anchor is not used.
    """

    config: RACEConfig

    def is_trained(self, name: str) -> bool:
        return SOLVERS.get(self.config.start)(self.config).is_trained(name)  # type: ignore[attr-defined]

    def passes(self, prompts: EditPrompts) -> int:
        first = 0 if self.config.init_edit is not None else self.first(prompts).passes(prompts)
        return super().passes(prompts) + first

    def start(self, model: Model, prompts: EditPrompts) -> Edit | None:
        given = super().start(model, prompts)
        if given is not None:
            return given
        first = self.first(prompts)
        kept = None if first.folder is None else first.folder / EDIT
        names = [name for name in parameters_of(unwrapped(model.pipe.unet)) if first.is_trained(name)]
        identity = first._identity(model, prompts, names, None)
        if kept is not None and (kept / FACTS).is_file():
            edit = Edit.load(kept)
            if edit.meta.get("training", {}).get("identity") == identity:
                return edit.rebuild(model.pipe)
        edit = first.solve(model, prompts)
        if kept is not None:  # RACE's own training, killed, goes on from these very weights
            edit.save(kept, force=True)
        return edit.rebuild(model.pipe)

    def all_steps(self, prompts: EditPrompts) -> int:
        return self.config.steps + (self.config.start_steps if self.config.init_edit is None else 0)

    def first(self, prompts: EditPrompts) -> ESD:
        """The ESD that is trained first, with this one's settings but for its inner loop; its checkpoint lies in ``start``."""
        config = self.config
        own = {field.name: getattr(config, field.name) for field in fields(ESDConfig)}
        own |= {"name": config.start, "inner": "none", "l1": 0.0, "steps": config.start_steps}
        kind = SOLVERS.get(config.start)
        solver = kind(SOLVERS.required_config(config.start)(**own))
        solver.folder = None if self.folder is None else self.folder / START
        return solver  # type: ignore[return-value]
