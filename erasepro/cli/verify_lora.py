"""``erasepro verify LORA model=… [edit=DIR]``: how much of an edit a LoRA file carries, and whether the model has its layers.

LORA is a .safetensors file (kohya's layout, diffusers' or PEFT's), or the folder that ``format=lora`` wrote. The edit is the
one named, or one that lies beside the file; without one, what the file's metadata says of it is held against what is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.base_model import base_model, verify_options
from erasepro.errors import UserError, visible

if TYPE_CHECKING:
    from erasepro.edit.edit import Edit
    from erasepro.models.base import Model
    from erasepro.verification.lora_coverage import Coverage
    from erasepro.verification.lora_file import LoraFile

USAGE = "erasepro verify LORA.safetensors model=… [model.source=…] [edit=DIR]"


PART = 1e-2
"""‖difference‖/‖change‖ of a weight, above which a file carries the edit only in part."""


def is_lora_word(word: str) -> bool:
    """Whether ``verify`` is given a LoRA, and not the folder of an edit or of a run."""
    from erasepro.edit import store
    from erasepro.edit.own_files import FACTS
    from erasepro.verification.lora_file import is_lora

    path = Path(word).expanduser()
    return is_lora(path) and not (store.edit_folder(path) / FACTS).is_file()


def verify_lora(words: list[str]) -> int:
    """Print what the file carries: 0 where every weight of the edit is in it and the model has every layer, else 1.

    A change that a low rank cut by more than `PART` of its norm, as the file states, holds in part: 0 too.

    Raises:
        UserError: a wrong word, no LoRA, no model.
    """
    from erasepro.models.load import load_skeleton
    from erasepro.report.table import Table
    from erasepro.verification.lora_coverage import cover, list_sites, stated_weights
    from erasepro.verification.lora_file import read_lora

    options = verify_options(words[1:], ("model", "edit"), USAGE)
    named = options.pop("edit", None)
    lora = read_lora(Path(words[0]).expanduser())
    cfg = base_model(options, USAGE)
    if cfg is None:
        made_for = lora.metadata.get("erasepro_model") or "NAME"
        raise UserError(f"Say which model the file is for (it was made for {made_for!r}): {USAGE}.")
    edit = None if named is None else _named_edit(named)
    model = load_skeleton(cfg)
    coverage = cover(lora, model.pipe)
    print(f"{visible(lora.path)}: a LoRA in {lora.layout} layout, {len(lora.layers)} layers, {lora.keys} keys.")
    rows = tuple(coverage.rows)
    if rows:
        print(Table("Layers that it changes", ("part", "kind of layer", "changed", "of"), rows).text())
    print(f"It carries {coverage.carries}.")
    if coverage.zeros:
        print(f"{len(coverage.zeros)} more layers are in it with zeros, for a loader's sake.")
    unmatched = [key for layer in coverage.unmatched for key in layer.keys] + lora.strangers
    strange = f"{len(unmatched)} of its keys match nothing in {model.name} ({list_sites(unmatched, 3)})"
    wrong = [strange] if unmatched else []
    print(f"Keys that match nothing in {visible(model.name)}: {len(unmatched)}.")
    edit = edit or _edit_beside(lora)
    if edit is None:
        missing, off = _against_metadata(lora, coverage), 0.0
    else:
        missing, off = _against_edit(lora, coverage, edit, model)
    wrong += missing
    for line in wrong:
        print(f"does not hold: {visible(line)}.")
    if not wrong and off > PART:
        print(f"holds in part: all weights are there; the largest differs by {off:.1%}: a higher rank carries more.")
    elif not wrong and (edit is not None or stated_weights(lora) is not None):
        print(f"holds: every weight that the edit changes is in the file{'' if edit is not None else ', by its own count'}.")
    return 1 if wrong else 0


def _named_edit(word: str) -> Edit:
    """The edit asked for. UserError where none lies there, or it is damaged."""
    from erasepro.edit import store
    from erasepro.edit.edit import Edit
    from erasepro.edit.own_files import FACTS

    folder = store.edit_folder(Path(word).expanduser())
    if not (folder / FACTS).is_file():
        raise UserError(f"edit={word}: no edit lies there (no {FACTS}).")
    return Edit.load(folder)


def _edit_beside(lora: LoraFile) -> Edit | None:
    """The edit beside the file that it was made from; None where there is none."""
    from erasepro.edit import store
    from erasepro.edit.edit import Edit
    from erasepro.edit.own_files import FACTS

    for place in (lora.path, lora.path.parent):
        folder = store.edit_folder(place)
        if (folder / FACTS).is_file():
            try:
                edit = Edit.load(folder)
            except UserError as error:
                print(f"The edit in {visible(folder)} is not looked at: {visible(error)}")
                continue
            if _is_of(lora, edit):
                print(f"Edit: {visible(folder)}.")
                return edit
    return None


def _is_of(lora: LoraFile, edit: Edit) -> bool:
    """Whether the file says that it was made from this edit, at any strength."""
    from erasepro.verification.lora_coverage import stated_strength

    strength = stated_strength(lora)
    made = edit if strength is None else edit.scale(strength)
    return lora.metadata.get("erasepro_edit") == made.hash


def _against_metadata(lora: LoraFile, coverage: Coverage) -> list[str]:
    """What is missing of the weights that the file's metadata counts; a line says how far that reaches."""
    from erasepro.verification.lora_coverage import stated_weights

    if not coverage.sites:
        return ["no layer of this model is changed by it"]
    stated = stated_weights(lora)
    if stated is None:
        print("The file does not say how much of an edit there should be: edit=DIR compares it with one.")
        return []
    wrong, counts = [], []
    for part, number in stated.items():
        there = coverage.parts.get(part, 0)
        counts.append(f"{part} {there} of {number}")
        if there < number:
            wrong.append(f"{number - there} of the edit's {number} weights in {part} are not in the file")
    print(f"Of the weights that its edit changes, by the file's own count: {visible(', '.join(counts))}.")
    return wrong


def _against_edit(lora: LoraFile, coverage: Coverage, edit: Edit, model: Model) -> tuple[list[str], float]:
    """What is missing of the edit or differs from it, and the largest part of a weight's change that a low rank cut off."""
    from erasepro.edit.export.loaders import count_parts
    from erasepro.verification.lora_coverage import compare_lora, list_sites

    wrong = [] if _is_of(lora, edit) else ["the file does not say that it was made from this edit"]
    try:
        compared = compare_lora(lora, coverage, edit.rebuild(model.pipe))
    except UserError as error:
        return [*wrong, str(error).rstrip(".")], 0.0
    missing = count_parts(compared.missing)
    total = count_parts(site for site, update in edit.updates.items() if update.rank)
    counts = ", ".join(f"{part} {number - missing.get(part, 0)} of {number}" for part, number in total.items())
    print(f"Of the edit's weights: {visible(counts)}.")
    if compared.differences:
        worst = max(compared.differences, key=lambda site: compared.differences[site])
        off = compared.differences[worst]
        print(
            f"Largest difference from the edit's change: {off:.2g} of its norm ({visible(worst)})."
            if off
            else "The changes are the edit's exactly."
        )
    wrong += [f"{number} of the edit's {total[part]} weights in {part} are not in the file" for part, number in missing.items()]
    if compared.wrong:
        wrong.append(f"{len(compared.wrong)} weights change by something else than the edit's ({list_sites(compared.wrong)})")
    if compared.others:
        wrong.append(f"{len(compared.others)} layers are changed that the edit leaves alone ({list_sites(compared.others)})")
    return wrong, max(compared.cut.values(), default=0.0)
