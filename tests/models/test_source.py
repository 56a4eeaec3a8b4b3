"""What is fetched from the hub: configs, and of every part the weights that are read, by a stand-in for the hub."""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import errors

from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError
from erasepro.models.load import fingerprint, load_model, load_skeleton
from erasepro.models.source import resolve
from erasepro.models.weight_names import variant_of
from tests.models.pipelines import build
from tests.models.variants import NAMINGS, PARTS, rename, write

SOURCE = "someone/something"


class Hub:
    """One model on the hub, and this machine's cache of it."""

    def __init__(self, remote: Path, cache: Path) -> None:
        self.remote, self.cache = remote, cache / "snapshots" / "abc123"
        self.online = True

    @property
    def fetched(self) -> list[str]:
        """The weights in the cache."""
        files = (path for path in self.cache.rglob("*") if ".safetensors" in path.name)
        return sorted(path.relative_to(self.cache).as_posix() for path in files)

    def names(self, source: str, revision: str | None = None) -> list[str]:
        if not self.online:
            raise errors.OfflineModeIsEnabled("offline")
        return sorted(p.relative_to(self.remote).as_posix() for p in self.remote.rglob("*") if p.is_file())

    def download(self, source: str, filename: str, revision: str | None = None) -> str:
        if self.online:
            (self.cache / filename).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.remote / filename, self.cache / filename)
        elif not (self.cache / filename).is_file():
            raise errors.LocalEntryNotFoundError("not cached")
        return str(self.cache / filename)

    def snapshot(self, source: str, revision: str | None, allow_patterns: list[str]) -> str:
        for name in self.names(source) if self.online else ():
            if any(fnmatch.fnmatch(name, pattern) for pattern in allow_patterns):
                self.download(source, name)
        return str(self.cache)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    hub = Hub(tmp_path / "remote", tmp_path / "cache")
    monkeypatch.setattr(huggingface_hub, "list_repo_files", hub.names)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub.download)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot)
    return hub


def weights(pipe, part):
    return getattr(pipe, part).state_dict()


@pytest.mark.parametrize("variant", [None, "fp16"])
@pytest.mark.parametrize("naming", NAMINGS)
def test_every_part_is_fetched_whatever_its_files_are_called(hub, naming, variant):
    write(hub.remote, naming)
    config = ModelConfig(name="sdxl", source=SOURCE, variant=variant)
    model, like = load_model(config), build("sdxl")
    for part in PARTS:
        assert all(torch.equal(weights(model.pipe, part)[key], W) for key, W in weights(like, part).items())
    assert (model.weights_hash, model.revision) == (fingerprint(config), "abc123")
    hub.online = False
    assert load_skeleton(config).revision == "abc123", "and found again without a network"
    assert load_model(config).weights_hash == model.weights_hash


@pytest.mark.parametrize("wanted", [None, "fp16"])
def test_only_what_is_read_is_fetched(hub, wanted, tmp_path):
    """Of several variants one, of a part without the variant its plain files, of an edit's parts no VAE."""
    plain = write(tmp_path / "plain", "plain shards")
    write(hub.remote, "plain shards")
    for part in ("unet", "text_encoder"):
        rename(hub.remote, part, older=part == "unet")
        shutil.copytree(plain / part, hub.remote / part, dirs_exist_ok=True)
    (hub.remote / "unet" / "diffusion_pytorch_model.non_ema.safetensors").write_bytes(b"never fetched")
    resolve(ModelConfig(name="x", source=SOURCE, variant=wanted), vae=False)
    shards = [name for name in hub.fetched if name.endswith(".safetensors")]
    assert {name.partition("/")[0] for name in shards} == set(PARTS) - {"vae"}
    for name in shards:
        part, _, file = name.partition("/")
        assert variant_of(file) == (wanted or "") * (part in ("unet", "text_encoder"))


def test_weights_that_are_not_there_are_said_before_any_are_fetched(hub):
    write(hub.remote, "plain")
    own = ModelConfig(name="x", source=SOURCE, variant="fp16")
    with pytest.raises(UserError, match=r"No weights .*in 'someone/something/text_encoder' .*set model\.variant to match"):
        resolve(own)
    path = hub.remote / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(UserError, match=r"'someone/something/unet' holds only pickled weights"):
        resolve(ModelConfig(name="x", source=SOURCE))
    assert hub.fetched == []


def test_an_incomplete_cache_without_a_network_is_one_line(hub):
    write(hub.remote, "whole")
    hub.download(SOURCE, "model_index.json")
    hub.online = False
    with pytest.raises(UserError, match=r"Cannot fetch model 'someone/something': no network.*not in the local cache"):
        resolve(ModelConfig(name="x", source=SOURCE, variant="fp16"))


def test_an_index_that_leads_away_is_refused_before_anything_follows_it(hub):
    write(hub.remote, "shards")
    index = next((hub.remote / "unet").glob("*.index.*"))
    index.write_text('{"weight_map": {"a": "../../x.safetensors"}}')
    with pytest.raises(UserError, match=r"is missing, but diffusion_pytorch_model\.safetensors\.index\.fp16\.json names it"):
        resolve(ModelConfig(name="x", source=SOURCE, variant="fp16"))


@pytest.mark.parametrize("error", [ConnectionError("x"), errors.HfHubHTTPError.__bases__[0]("no route")])
def test_a_line_that_breaks_is_one_line(hub, monkeypatch, error):
    def fail(*_, **__):
        raise error

    write(hub.remote, "whole")
    monkeypatch.setattr(huggingface_hub, "list_repo_files", fail)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(UserError, match="Cannot fetch model"):
        resolve(ModelConfig(name="x", source=SOURCE, variant="fp16"))
