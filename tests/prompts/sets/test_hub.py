"""A public dataset's file: asked for by its names, and one line for whatever the hub answers."""

import httpx
import huggingface_hub
import pytest
from huggingface_hub import errors

from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.errors import UserError
from erasepro.prompts.sets.hub import local_file

CFG = PromptSetConfig(source="some/set", source_file="rows.csv", revision="v1")


def response(status: int) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid/some/set"))


def test_the_file_is_asked_for_as_part_of_a_dataset(monkeypatch, tmp_path):
    asked = []

    def download(*args, **keys):
        asked.append((args, keys))
        return str(tmp_path / "rows.csv")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert local_file("mine", CFG) == tmp_path / "rows.csv"
    assert asked == [(("some/set", "rows.csv"), {"repo_type": "dataset", "revision": "v1"})]
    assert local_file("mine", PromptSetConfig(source="some/set", source_file="a", file="b.csv")).name == "b.csv"
    assert len(asked) == 1, "a local file goes before the dataset"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.LocalEntryNotFoundError("not in the cache"), "no network (or HF_HUB_OFFLINE is set)"),
        (errors.GatedRepoError("gated", response=response(403)), "asks for consent: accept its conditions"),
        (
            errors.RepositoryNotFoundError("none", response=response(404)),
            "The hub has no public 'rows.csv' of the dataset",
        ),
        (errors.EntryNotFoundError("none"), "The hub has no public 'rows.csv'"),
        (errors.HFValidationError("bad"), "is no dataset id: write owner/name"),
        (errors.HfHubHTTPError("down", response=response(500)), "the hub does not answer"),
        (OSError("no route"), "the hub does not answer"),
    ],
)
def test_what_the_hub_answers_is_one_line_with_the_way_out(monkeypatch, error, said):
    def fail(*args, **keys):
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(UserError) as caught:
        local_file("mine", CFG)
    assert said in str(caught.value)
    assert "prompts.mine.file=FILE.csv" in str(caught.value)
