"""``erasepro verify``: 0 where everything holds, 1 and what does not, 2 for a mistake at the keyboard."""

import errno
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from erasepro import load_model
from erasepro.cli import main as cli
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.schema import TemplatesConfig
from erasepro.edit import Edit
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.runtime.sealed_json import write_sealed
from erasepro.solvers import make_solver
from erasepro.verification import certify
from tests.edit.conftest import compact32, make_edit, make_model

__all__ = ["compact32"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A base, an edit with its certificate, and the edited model, as folders."""
    root = tmp_path_factory.mktemp("verify")
    model = make_model()
    model.pipe.save_pretrained(root / "base")
    edit = make_edit(model)
    edit.save(root / "edit")
    certify(edit, model, root / "edit")
    edit.apply(model.pipe)
    model.pipe.save_pretrained(root / "edited")
    return root


@pytest.fixture
def mine(made, tmp_path):
    """A copy of the edit that may be harmed."""
    return shutil.copytree(made / "edit", tmp_path / "edit")


def said(capsys, *words):
    status = cli.main(["verify", *map(str, words)])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_a_large_edit_is_verified_from_its_files(capsys, made, compact32, tmp_path):
    """One that is kept as W_o D, on the base and against the edited model."""
    model = make_model()
    compact32.save(tmp_path / "edit")
    certify(compact32, model, tmp_path / "edit")
    compact32.apply(model.pipe)
    model.pipe.save_pretrained(tmp_path / "edited")
    capsys.readouterr()
    for words in ([f"model={made / 'base'}"], [f"edited={tmp_path / 'edited'}", f"model={made / 'base'}"]):
        status, out, err = said(capsys, tmp_path / "edit", *words)
        assert status == 0, out + err
        assert "error" not in err
    weights = tmp_path / "edited" / "unet" / "diffusion_pytorch_model.safetensors"
    change(weights, next(k for k in load_file(weights) if "attn2.to_k" in k), lambda W: W + 1e-3)
    status, out, _ = said(capsys, tmp_path / "edit", f"edited={tmp_path / 'edited'}", f"model={made / 'base'}")
    assert status == 1
    assert "is not the edited weight that certificate.json states" in out
    assert "is not the base's weight with the edit applied" in out


def change(path, key, alter):
    weights = load_file(path)
    weights[key] = alter(weights[key])
    save_file(weights, path)


def test_the_command_recomputes_and_compares(capsys, made, mine):
    status, out, err = said(capsys, mine, f"model={made / 'base'}")
    assert status == 0, err
    assert "Measuring the text encoder" in err  # minutes on a real model
    last = out.strip().splitlines()[-1]
    assert last == "holds: base and edited hashes, residuals, compared with certificate.json and edit.json."
    assert "what reads the text, end to end" in out


def test_the_command_reads_a_whole_edited_model_and_says_what_is_wrong(capsys, made, tmp_path):
    edited = shutil.copytree(made / "edited", tmp_path / "edited")
    key = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    change(edited / "unet" / "diffusion_pytorch_model.safetensors", key, lambda W: W + 1e-7)
    status, out, err = said(capsys, made / "edit", f"edited={edited}")
    assert (status, err) == (1, "")
    assert out == f"does not hold: 'unet.{key[:-7]}' is not the edited weight that certificate.json states.\n"


def test_without_a_certificate_and_writing_one(capsys, made, mine):
    (mine / "certificate.json").unlink()
    status, out, _ = said(capsys, mine, f"model={made / 'base'}")
    assert status == 0
    assert "there is no certificate.json" in out
    assert not (mine / "certificate.json").exists()
    assert said(capsys, mine, f"model={made / 'base'}", "model.variant=null", "write=true")[0] == 0
    written = json.loads((mine / "certificate.json").read_text())
    assert written["sites"] == json.loads((made / "edit" / "certificate.json").read_text())["sites"]


def test_a_runs_folder_will_do(capsys, made):
    status, out, _ = said(capsys, made, f"edited={made / 'edited'}")
    assert status == 0
    assert out.startswith("holds: 11 edited weights, the others were not compared")


def test_another_precision_is_compared_to_its_rounding(capsys, made):
    status, out, _ = said(capsys, made / "edit", f"model={made / 'base'}", "model.dtype=float16")
    assert status == 0, out
    assert "float16 is another precision" in out


@pytest.mark.parametrize("harm", ["number", "hash", "json", "list", "factor", "diagnostics", "by hand"])
def test_what_does_not_hold_is_said(capsys, made, mine, harm):
    path = mine / "certificate.json"
    stated = json.loads(path.read_text())
    if harm == "number":
        stated["sites"][3]["residual_after"] = 1e-4
    elif harm == "hash":
        stated["tensors"][stated["sites"][3]["site"]]["edited"] = "0123456789abcdef"
    path.write_text("{" if harm == "json" else "[]" if harm == "list" else json.dumps(stated))
    if harm == "factor":
        data = bytearray((mine / "edit.safetensors").read_bytes())
        data[-3] ^= 4
        (mine / "edit.safetensors").write_bytes(bytes(data))
    elif harm == "diagnostics":
        facts = json.loads((mine / "edit.json").read_text())
        facts["residuals"]["all"] = 0.5
        write_sealed(mine / "edit.json", facts)
    elif harm == "by hand":
        facts = json.loads((mine / "edit.json").read_text())
        (mine / "edit.json").write_text(json.dumps(facts | {"diagnostics": []}))
    status, out, err = said(capsys, mine, f"model={made / 'base'}")
    assert status == 1
    assert "error" not in err
    wanted = {
        "number": "residual_after of '",
        "hash": "the edited weight '",
        "diagnostics": "residual over all columns",
        "by hand": "damaged or was changed by hand (of edit.json: ",
    }
    assert wanted.get(harm, "damaged") in out.splitlines()[-1]
    assert out.splitlines()[-1].startswith("does not hold: ")


def test_another_base_does_not_hold(capsys, made, tmp_path):
    base = shutil.copytree(made / "base", tmp_path / "base")
    change(
        base / "text_encoder" / "model.safetensors",
        next(
            k for k in load_file(base / "text_encoder" / "model.safetensors") if k.endswith("layers.1.mlp.fc2.weight")
        ),
        lambda W: -W,
    )
    status, out, _ = said(capsys, made / "edit", f"model={base}")
    assert status == 1
    assert "layers.1.mlp.fc2' differs from the one" in out
    status, out, _ = said(capsys, made / "edit", f"edited={made / 'edited'}", f"model={base}")
    assert status == 1
    assert "the base's weight" in out


def test_a_whole_model_is_base_and_edit_and_nothing_else(capsys, made, tmp_path):
    words = (made / "edit", f"edited={made / 'edited'}", f"model={made / 'base'}")
    status, out, _ = said(capsys, *words)
    assert status == 0
    assert out.startswith("holds: 11 edited weights, ")
    assert out.endswith(" others.\n")
    edited = shutil.copytree(made / "edited", tmp_path / "edited")
    words = (made / "edit", f"edited={edited}", f"model={made / 'base'}")
    change(edited / "vae" / "diffusion_pytorch_model.safetensors", "decoder.conv_in.weight", lambda W: W + 1)
    change(edited / "unet" / "diffusion_pytorch_model.safetensors", "conv_in.weight", lambda W: W.half())
    status, out, _ = said(capsys, *words)
    assert status == 1
    assert "'vae.decoder.conv_in.weight' is not edited, and differs" in out
    assert "'unet.conv_in.weight' is not edited, and differs" in out
    shutil.rmtree(edited / "vae")
    assert "only the base has 'vae." in said(capsys, *words)[1]


def test_half_an_edit_is_not_the_edit(capsys, made, mine, tmp_path):
    """Without a certificate base + edit is made here; at another strength the weights are others."""
    (mine / "certificate.json").unlink()
    words = (f"edited={made / 'edited'}", f"model={made / 'base'}")
    assert said(capsys, mine, *words)[0] == 0
    Edit.load(mine).scale(0.5).save(tmp_path / "half")
    status, out, _ = said(capsys, tmp_path / "half", *words)
    assert status == 1
    assert "is not the base's weight with the edit applied" in out


def test_shards_variants_and_the_old_prefix_are_found(capsys, made, tmp_path):
    edited = shutil.copytree(made / "edited", tmp_path / "edited")
    text = edited / "text_encoder" / "model.safetensors"
    weights = {f"text_model.{key.removeprefix('text_model.')}": W for key, W in load_file(text).items()}
    save_file(weights | {"text_model.embeddings.position_ids": torch.arange(3)}, text)
    unet = edited / "unet" / "diffusion_pytorch_model.safetensors"
    names = sorted(load_file(unet))
    index: dict[str, str] = {}
    for i, part in enumerate((names[::2], names[1::2])):
        shard = unet.with_name(f"diffusion_pytorch_model-0000{i + 1}-of-00002.safetensors")
        save_file({key: load_file(unet)[key] for key in part}, shard)
        index |= dict.fromkeys(part, shard.name)
    unet.with_name(f"{unet.name}.index.json").write_text(json.dumps({"weight_map": index}))
    save_file({"x": torch.zeros(1)}, unet.with_name("diffusion_pytorch_model.non_ema.safetensors"))
    unet.unlink()
    status, out, _ = said(capsys, made / "edit", f"edited={edited}", f"model={made / 'base'}")
    assert status == 0, out
    for shard in [*(edited / "unet").glob("*-of-*"), *(edited / "unet").glob("*.index.json")]:
        shard.unlink()
    save_file({"x": torch.zeros(1)}, unet.with_name("diffusion_pytorch_model.fp16.safetensors"))
    status, _, err = said(capsys, made / "edit", f"edited={edited}")
    assert status == 2
    assert "set model.variant" in err


def test_mistakes_are_one_line_and_status_2(capsys, made, mine, tmp_path):
    (tmp_path / "empty").mkdir()
    base = f"model={made / 'base'}"
    no_certificate = shutil.copytree(mine, tmp_path / "bare")
    (no_certificate / "certificate.json").unlink()
    for words, message in (
        ((), "verify takes the folder"),
        ((base,), "verify takes the folder"),
        ((tmp_path / "none", base), "holds no edit"),
        ((tmp_path / "none.safetensors", base), "No LoRA in"),
        ((mine,), "Say which base model"),
        ((mine, "model=minature"), "Did you mean 'miniature'"),
        ((mine, "modle=tiny"), "Did you mean 'model'"),
        ((mine, "tiny"), "is not key=value"),
        ((mine, base, "write=yes"), "allowed: true, false"),
        ((mine, base, "model.dtype=float8"), "model.dtype"),
        ((mine, base, "model.seed=x"), "model.seed"),
        ((mine, "model=tiny", f"edited={made / 'edited'}"), "no weights on disk"),
        ((mine, f"edited={made / 'edited'}", "write=true"), "not with edited"),
        ((mine, f"edited={tmp_path / 'empty'}"), "holds no pipeline"),
        ((no_certificate, f"edited={made / 'edited'}"), "no certificate.json to compare with"),
    ):
        status, out, err = said(capsys, *words)
        assert (status, out) == (2, ""), (words, out)
        assert message in err
        assert err.count("\n") == 1


def test_a_full_or_read_only_disk_is_one_line(capsys, made, mine, monkeypatch):
    def fail(path, *args, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", fail)
    status, _, err = said(capsys, mine, f"model={made / 'base'}", "write=true")
    assert status == 2
    assert f"cannot use '{mine / 'certificate.json'}': Read-only file system" in err
    assert not list(mine.glob(".*"))


@pytest.mark.ci_slow
def test_the_shipped_miniature(capsys, tmp_path):
    model = load_model("miniature")
    concepts = ConceptSet("t", "instance", (ConceptPair("dog", "cat"),), ("bird",), vocabulary="miniature")
    build = make_edit_prompts(concepts, TemplatesConfig(grammar="miniature", count=2, preserve_count=6))
    edit = make_solver("erasepro", {"text_blocks": [0, 1]}).solve(model, build)
    edit.save(tmp_path / "edit")
    found = certify(edit, model, tmp_path / "edit")
    assert found["end_to_end"]["residual_selected"] < 1e-6 < found["end_to_end"]["residual_before"]
    status, out, _ = said(capsys, tmp_path / "edit", "model=miniature")
    assert status == 0, out
    assert edit.hash in out
    assert 'load_model("miniature")' in (tmp_path / "edit" / "README.md").read_text()
