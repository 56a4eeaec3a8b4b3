"""ErasePro (our reconstruction of arXiv 2508.04472), and the superset that the ablations are settings of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from erasepro.edit.pristine import check_pristine
from erasepro.errors import UserError
from erasepro.models.architectures import architecture_of
from erasepro.models.features.columns import PairColumns
from erasepro.models.features.text_stack import TextStack, conditioning_inputs, tokenizer_of
from erasepro.models.kinds import ATTENTION_KINDS
from erasepro.models.sites import Site, module, text_blocks, text_sites
from erasepro.runtime.progress import stage
from erasepro.schedules import SCHEDULES, Schedule
from erasepro.solvers.base import Solver
from erasepro.solvers.configs.erasepro import EraseProConfig
from erasepro.solvers.engine.assemble import assemble_edit
from erasepro.solvers.engine.captions import group_captions
from erasepro.solvers.engine.constraints import collect_constraints, solve_input_map
from erasepro.solvers.engine.cross_attention_pass import by_input_map, replace_readers
from erasepro.solvers.engine.encoder import ANCHOR, TARGET, Encoder, FrozenEncoder, Texts
from erasepro.solvers.engine.encoder_pass import EditableEncoder, EncoderSettings
from erasepro.solvers.engine.fit import Fit
from erasepro.solvers.engine.memory import column_bytes, count_columns, input_bytes
from erasepro.solvers.engine.required_columns import InputColumns, plan_inputs, required_columns
from erasepro.solvers.engine.solved_sites import SolvedSites, site_entry
from erasepro.solvers.registry import SOLVERS

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.edit import Edit
    from erasepro.models.base import Model


@dataclass(frozen=True)
class Plan:
    """What is edited and read, before any layer is run."""

    schedule: Schedule
    encoders: dict[str, Encoder]
    """Every text encoder of the pipeline, by its component's name."""
    inputs: list[InputColumns]
    """The groups of linears that read the encoders, with the columns that each is shown."""

    @property
    def editable(self) -> list[EditableEncoder]:
        """The encoders whose own layers are edited: CLIP's."""
        return [encoder for encoder in self.encoders.values() if isinstance(encoder, EditableEncoder)]

    @property
    def count(self) -> int:
        """How many linears are solved for."""
        return sum(len(encoder.sites) for encoder in self.editable) + sum(len(entry.sites) for entry in self.inputs)


@SOLVERS.register("erasepro", EraseProConfig)
class ErasePro(Solver[EraseProConfig]):
    """Zero-residual alignment layer by layer through the text encoder, then all keys and values (arXiv 2508.04472).

    At each site the cheapest ΔW with ΔW X = R, C = ridge·I + scale·K Kᵀ, ΔW = R G⁺ Xᵀ C⁻¹; X is re-read through the
    layers already edited. Keys and values share W = W_o (I + D), D = (Y − X) G⁺ Xᵀ C⁻¹. With hold=names (ours) X are the
    columns of each concept's name, and the other sentences about it, Z with wishes S, are fitted beside them:
    tr(ΔW C ΔWᵀ) + μ‖ΔW Z − S‖² is least among all ΔW with ΔW X = R and of at most reduced_rank directions a concept.
    """

    @torch.no_grad()
    def solve(self, model: Model, prompts: EditPrompts) -> Edit:
        """The edit for prompts.concepts, built from prompts.pairs and preserving prompts.preserve.

        Raises:
            UserError: a bad config value, a concept that does not fit the context, or contradictory concepts with
                rank=exact (the message names them).
        """
        self._check()
        check_pristine(model)
        plan = self.plan(model.pipe, prompts)
        with stage("Solving", plan.count, unit="layers") as advance:
            solved = SolvedSites(advance)
            self.align(model.pipe, plan, solved)
        return assemble_edit(
            model, prompts, self.config, solved.updates, solved.diagnostics, {"seconds": solved.seconds}, solved.input_maps
        )

    def align(self, pipe: Any, plan: Plan, solved: SolvedSites) -> None:
        """Algorithm: align the target with the anchor at every layer, shallow → deep, each with zero residual.

        X (d_in, n): the target's features entering a layer, Y (d_in, n): the anchor's, paired by column; K (d_in, m): the
        captions' to preserve, with C = λI + K Kᵀ and G = Xᵀ C⁻¹ X. W_o is a layer's pretrained weight, W its edited one.
        """
        schedule = plan.schedule

        # Step 1. The text encoder: layers i = 1 … S, each solved on what the layers before it, as edited, let through.
        for encoder in plan.editable:
            fit = self.text_fit(encoder.columns)
            encoder.open_streams()  # X₀ into the copy that is edited, Y₀ and K into the original
            for block in range(encoder.depth):
                sites = encoder.sites_at(block)
                for site in sites:
                    W_o = encoder.weight(site)
                    # Wanted: W X_{i−1} = V, so ΔW X_{i−1} = R. X_{i−1} is re-read through layers 1 … i−1 as edited,
                    # Y_{i−1} through the original ones; `progressive` asks for R = W_o (Y_{i−1} − X_{i−1}).
                    constraints = collect_constraints(fit, W_o)
                    for view in encoder.look(site, constraints.grouped):
                        constraints.add(view.X, schedule.residual(view))
                    del view  # its columns are large, and the solve needs room
                    # argmin tr(ΔW C ΔWᵀ) s.t. ΔW X = R, which is ΔW = R G⁺ Xᵀ C⁻¹; with K empty ‖ΔW‖² and R X⁺.
                    solution = constraints.solve(fit, encoder.retained(site))
                    W = encoder.replace(site, solution.update)  # W_i = W_o + ΔW
                    residuals = constraints.residuals(W, solution.selected)
                    solved.add(site, solution, site_entry(site, W_o, W, solution, fit.labels, residuals))
                    del constraints
                encoder.advance()  # X_i through W_i, Y_i through W_o,i: carry on with the next layer
                if sites:
                    solved.note_gap(sites, encoder.gap())
        solved.lap("text")

        # Step 2. Cross-attention: all keys and values read the same X, so that one D serves every W = W_o (I + D).
        for entry in plan.inputs:
            X, Y = entry.features(plan.encoders, TARGET), entry.features(plan.encoders, ANCHOR)
            K = entry.retained_sums(plan.encoders, self.statistics)
            # Wanted: W X = W_o Y, so D X = Y − X; the cheapest is D = (Y − X) G⁺ Xᵀ C⁻¹.
            D = solve_input_map(Fit.of(self.config.cross_attention_fit, entry.columns), X, Y, K)
            replace_readers(pipe, self._readers(entry.sites), X, Y, entry.columns, by_input_map(D), solved)
        solved.lap("cross_attention")

    def plan(self, pipe: Any, prompts: EditPrompts) -> Plan:
        """Which layers are edited, and which columns each reader needs of which text; no layer is run.

        Raises:
            UserError: nothing to edit, or a concept that does not fit the context.
        """
        config = self.config
        schedule = SCHEDULES.get(config.schedule.name)(config.schedule)
        targets, anchors = [p.target_prompt for p in prompts.pairs], [p.anchor_prompt for p in prompts.pairs]
        texts = Texts(targets, anchors, self._captions(prompts))
        preserve = config.cross_attention_fit.preserve
        inputs = (
            plan_inputs(
                pipe, prompts.pairs, config.cross_attention_token_policy, preserve, texts.captions
            )
            if config.cross_attention
            else []
        )
        mixed = config.feature_dtype == "mixed"
        dtype = torch.float64 if mixed else getattr(torch, config.feature_dtype)
        preserve_dtype = getattr(torch, config.preserve_dtype)
        settings = EncoderSettings(
            config.text_token_policy, config.text_fit.preserve, schedule, dtype, mixed and config.holds_names, preserve_dtype,
            config.batch_size, self.statistics,
        )
        stack = TextStack(pipe, dtype, config.batch_size)
        encoders: dict[str, Encoder] = {}
        for known in architecture_of(pipe).encoders:
            name = known.component
            if getattr(pipe, name, None) is None:
                continue
            if known.family == "clip":
                encoder = EditableEncoder(pipe, name, self._sites(pipe, name, schedule), settings)
                encoder.plan(texts, prompts.pairs, required_columns(pipe, name, inputs))
                encoders[name] = encoder
            else:
                encoders[name] = FrozenEncoder(stack, name, texts)
        plan = Plan(schedule, encoders, inputs)
        if not inputs and not any(encoder.sites for encoder in plan.editable):
            self._refuse_nothing(pipe)
        return plan

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        """Bytes for the columns of the largest site: a text layer's, or a conditioning input's."""
        config, needed = self.config, [0]
        schedule = SCHEDULES.get(config.schedule.name)(config.schedule)
        for encoder in architecture_of(pipe).encoders:
            if encoder.family != "clip" or getattr(pipe, encoder.component, None) is None:
                continue
            layers = [module(pipe, site) for site in self._sites(pipe, encoder.component, schedule)]
            if layers:
                tokenizer = tokenizer_of(pipe, encoder.component)
                columns = count_columns(tokenizer, prompts.pairs, config.text_token_policy)
                fit = Fit(config.text_fit, torch.zeros(0), range(columns))  # type: ignore[arg-type]
                needed += [
                    column_bytes(columns, *((0, 0) if fit.sums_suffice(layer.in_features) else layer.weight.shape[::-1]))
                    for layer in layers
                ]
        if config.cross_attention:
            policy = config.cross_attention_token_policy
            needed += [input_bytes(pipe, read, prompts.pairs, policy) for read in conditioning_inputs(pipe)]
        return max(needed)

    def text_fit(self, columns: PairColumns) -> Fit:
        """The solve of a text layer for these columns."""
        return Fit.of(self.config.text_fit, columns)

    def editable_blocks(self, count: int) -> list[int]:
        """Those of an encoder's `count` blocks that may be edited. UserError for a number beyond them."""
        blocks = self.config.text_blocks
        if blocks is None:
            return list(range(count))
        if any(not 0 <= b < count for b in blocks):
            raise UserError(f"solver.text_blocks must lie in 0 … {count - 1}; got {list(blocks)}.")
        return sorted(set(blocks))

    def _sites(self, pipe: Any, component: str, schedule: Schedule) -> list[Site]:
        blocks = schedule.blocks(self.editable_blocks(text_blocks(pipe, component))) if self.config.text_sites else []
        return [s for s in text_sites(pipe, self.config.text_sites, component) if s.depth in blocks]

    def _readers(self, sites: Sequence[Site]) -> list[Site]:
        """Of the linears that read a conditioning input those to be edited: of keys and values the kinds that are chosen."""
        return [s for s in sites if s.kind not in ATTENTION_KINDS or s.kind in self.config.cross_attention_kinds]

    def _captions(self, prompts: EditPrompts) -> dict[str, tuple[str, ...]]:
        limits = self.config.text_fit.preserve.captions, self.config.cross_attention_fit.preserve.captions
        few = [limit for limit in limits if limit is not None]
        limit = None if not few else max(few) if len(few) == 2 else len(prompts.preserve)
        return group_captions(prompts, limit, self.config.long_captions)

    @staticmethod
    def _refuse_nothing(pipe: Any) -> None:
        architecture = architecture_of(pipe)
        if not any(e.family == "clip" for e in architecture.encoders):
            raise UserError(
                f"{architecture.name} has no CLIP text encoder, the only kind whose own layers are edited: choose a "
                "solver that edits the layers that read the text, such as erasepro or uce."
            )
        raise UserError("Nothing to edit: solver.cross_attention is false and no text site is left. Set one of them.")
