"""Which texts name nudity, and which do not."""

import pytest

from erasepro.concepts.safety.sensitive import mentions_nudity


@pytest.mark.parametrize(
    "text", ["nudity", "a nude", "Naked woman", "a topless_man", "NSFW", "undressed", "sexy pose", "porn"]
)
def test_named(text):
    assert mentions_nudity(["a dog", text])


@pytest.mark.parametrize(
    "text", ["", "a dog", "clothed", "a chicken breast on rice", "Essex", "nuda veritas gallery", "a denuded hill"]
)
def test_not_named(text):
    assert not mentions_nudity([text])
