"""``erasepro verify DIR …``: everything that an edit states, recomputed from the weights.

``erasepro verify DIR model=… [model.source=…] [write=true]`` measures the edit on its base model, prints the certificate
and compares it with DIR's certificate.json and edit.json; ``write=true`` writes certificate.json where all holds.
``erasepro verify DIR edited=FOLDER [model=…]`` compares a whole edited model in diffusers' layout with base and edit.
``erasepro verify LORA model=… [edit=DIR]`` says how much of an edit a LoRA carries: see `cli.verify_lora`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro import verification as certificates
from erasepro.cli.base_model import base_model, verify_options
from erasepro.cli.verify_lora import is_lora_word, verify_lora
from erasepro.config.schema import ModelConfig
from erasepro.edit import store
from erasepro.edit.edit import Edit
from erasepro.edit.own_files import CERTIFICATE, FACTS
from erasepro.errors import UserError, visible
from erasepro.runtime.json_text import load_json
from erasepro.verification.compare_folder import compare_folder
from erasepro.verification.weights_folder import WeightsFolder

if TYPE_CHECKING:
    from erasepro.models.base import Model

USAGE = (
    "erasepro verify DIR model=… [model.source=…] [write=true], erasepro verify DIR edited=FOLDER [model=…], or "
    "erasepro verify LORA.safetensors model=… [edit=DIR]"
)
SHOWN = 10  # contradictions printed


def command(words: list[str]) -> int:
    """Run the verb: 0 all holds, 1 something does not (it says what). UserError for a wrong word or a missing folder."""
    if not words or "=" in words[0]:
        raise UserError(f"verify takes the folder of an edit first: {USAGE}.")
    if is_lora_word(words[0]):
        return verify_lora(words)
    folder, options = _folder(words[0]), verify_options(words[1:], ("model", "edited", "write"), USAGE)
    write = options.pop("write", "false").lower()
    if write not in ("true", "false"):
        raise UserError(f"Bad value for 'write': got {write!r}, allowed: true, false.")
    edited = options.pop("edited", None)
    precise = "model.dtype" in options
    cfg = base_model(options, USAGE)
    try:
        edit = Edit.load(folder)
        stated = _stated(folder)
    except UserError as error:
        return _end([str(error)], [])
    if not store.stored_digest(folder):
        print(f"{FACTS} has no digest: what is not measured below may have been changed since it was written.")
    if edited is not None:
        if write == "true":
            raise UserError(
                "write=true goes with model=…, not with edited=…: a certificate is measured on the base model."
            )
        base = None if cfg is None else _weights(_source(cfg), cfg)
        if stated is not None and stated.get("edit", {}).get("hash") != edit.hash:
            return _end(["certificate.json is of another edit"], [])
        return _end(*compare_folder(edit, stated, _weights(Path(edited).expanduser(), cfg), base))
    if cfg is None:
        name = edit.meta.get("model", {}).get("name", "NAME")
        raise UserError(f"Say which base model to measure on (the edit was made for {name!r}): {USAGE}.")
    wrong, certificate = _measured(edit, stated, cfg, precise)
    if not wrong and write == "true":
        print(f"Written: {store.save_certificate(certificate, folder)}")
    parts = [_hashes(edit, stated, certificate)]
    parts += ["residuals"] if any(row["residual_after"] is not None for row in certificate.get("sites", ())) else []
    against = "certificate.json and edit.json" if stated is not None else "edit.json (there is no certificate.json)"
    return _end(wrong, [*parts, f"compared with {against}"])


def _measured(
    edit: Edit, stated: dict[str, Any] | None, cfg: ModelConfig, precise: bool
) -> tuple[list[str], dict[str, Any]]:
    """The contradictions, and the certificate, which is printed."""
    from erasepro.models.sites import weight
    from erasepro.models.tensor_hashes import tensor_hash
    from erasepro.verification import certify
    from erasepro.verification.ties import rounded_otherwise

    model = _base(edit, cfg, precise)
    try:
        certificate = certify(edit, model)
    except UserError as error:
        return [str(error)], {}
    print(certificates.table(certificate))

    def tie(name: str, wanted: str) -> bool:
        return rounded_otherwise(weight(model.pipe, name), edit.updates[name], edit.strength, wanted)

    wrong = [] if stated is None else certificates.compare(stated, certificate, tie)
    wrong += certificates.compare_stated(edit, certificate)
    if hasattr(model.pipe, "pipeline_class"):  # a skeleton is measured, not changed
        return wrong, certificate
    edit.apply(model.pipe)
    for name, facts in certificate["tensors"].items():
        if tensor_hash(weight(model.pipe, name)) != facts["edited"]:
            wrong.append(f"applying the edit gives another weight '{name}' than was measured")
    edit.revert(model.pipe)
    return wrong, certificate


def _base(edit: Edit, cfg: ModelConfig, precise: bool) -> Model:
    """The model to measure on, read weight by weight, in the precision that the edit was solved in.

    precise: model.dtype was asked for, and is taken instead.
    """
    from erasepro.models.device import DTYPES
    from erasepro.models.load import load_skeleton

    solved = {facts["dtype"] for facts in edit.meta.get("base", {}).values()} & set(DTYPES)
    return load_skeleton(cfg if precise or len(solved) != 1 else replace(cfg, dtype=solved.pop()))


def _hashes(edit: Edit, stated: dict[str, Any] | None, certificate: dict[str, Any]) -> str:
    """What was compared of the bytes: in another precision only samples of the base can be."""
    tensors = certificate.get("tensors", {})
    base = edit.meta.get("base", {})
    if any(name in base and base[name]["dtype"] != facts["dtype"] for name, facts in tensors.items()):
        return f"samples of the base weights (not their hashes: {next(iter(tensors.values()))['dtype']} is another precision)"
    return "base hashes" if stated is None else "base and edited hashes"


def _end(wrong: list[str], compared: list[str]) -> int:
    if not wrong:
        print(f"holds: {', '.join(compared)}.")
        return 0
    print("\n".join(f"does not hold: {visible(line.rstrip('.'))}." for line in wrong[:SHOWN]))
    if len(wrong) > SHOWN:
        print(f"does not hold: {len(wrong) - SHOWN} more.")
    return 1


def _folder(word: str) -> Path:
    """The edit's folder, given it or its run's."""
    folder = store.edit_folder(Path(word).expanduser())
    if (folder / FACTS).is_file():
        return folder
    raise UserError(f"'{word}' holds no edit (no {FACTS}): name a folder that one was saved in.")


def _stated(folder: Path) -> dict[str, Any] | None:
    """certificate.json; None where there is none. UserError for a damaged one."""
    path = folder / CERTIFICATE
    try:
        certificate = load_json(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UserError(f"'{path}' is damaged: it is not valid JSON ({error})") from error
    if not isinstance(certificate, dict):
        raise UserError(f"'{path}' is damaged: it is no certificate")
    return certificate


def _source(cfg: ModelConfig) -> Path:
    """The folder of a base model's weights."""
    from erasepro.models.load import MINIATURE
    from erasepro.models.source import resolve

    if cfg.kind == "tiny":
        raise UserError("model=tiny has no weights on disk to compare with: save its pipeline and give that folder.")
    return MINIATURE if cfg.kind == "miniature" else resolve(cfg)


def _weights(folder: Path, cfg: ModelConfig | None) -> WeightsFolder:
    """The weights in a folder, of the variant that the base model's config asks for where the folder has it."""
    from erasepro.models.source import used_variant

    variant = None if cfg is None or not folder.is_dir() else used_variant(replace(cfg, source=str(folder)), folder)
    return WeightsFolder(folder, variant)
