"""The hub's cache alone."""

import pytest
from huggingface_hub import constants

from erasepro.errors import UserError
from erasepro.runtime.hub import NotOnDisk, hub_offline


def test_the_library_is_offline_inside_the_block_alone(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with hub_offline():
        assert constants.HF_HUB_OFFLINE
    assert not constants.HF_HUB_OFFLINE
    with pytest.raises(UserError, match="another"), hub_offline():
        raise UserError("another mistake")
    assert not constants.HF_HUB_OFFLINE


def test_what_lies_on_the_hub_alone_is_told_as_such():
    with pytest.raises(NotOnDisk, match=r"^Not on this disk: model 'a/b'\. Nothing is downloaded"), hub_offline():
        raise UserError("Cannot fetch model 'a/b': no network.")
