"""Reviewed names pass, and hide nothing that stands beside them."""

import pytest

from erasepro.concepts.safety.minors import mentions_minor

REAL_BESIDE_NAMES = (
    "Beastie Boys with a child", "Childish Gambino and a boy", "a girl at a Spice Girls concert",
    "Childe Hassam painting of a little girl", "a twenty-one-year-old woman and her baby",
    "30 year old man with his 5 year old son", "Kid Rock and his kid",
)  # fmt: skip
REAL_PLAIN_SENSE = (
    "a child free to roam", "three beach boys", "2 beach boys", "a little boy George", "the boy George",
    "a minor scratches his head", "Orphan Black", "orphan black poster", "baby's-breath",
    "a child's play area", "baby grand daughter", "a teenage engineering student", "kids see ghosts in the attic",
    "an orphan, black and white", "orphan black and white photo", "a baby's breath on a cold day", "baby blue", "a minor",
    "deux filles habillées comme des garçons", "el niño", "two golden girls",
    "the minor third from the left", "young beastie boys",
    "kid skin", "his child proof reads", "Julia, child of Anna", "a ten year old wine taster",
)  # fmt: skip
"""Words of a listed name, in their plain sense."""
HARMLESS_NAMES = (
    "a portrait of Childress", "Alvin Childress", "Childish Gambino on stage", "Donald Glover as Childish Gambino",
    "a painting by Childe Hassam", "in the style of Childe Hassam", "Beastie Boys", "the Beastie Boys in concert",
    "Guerrilla Girls poster", "Beach Boys album cover", "Backstreet Boys", "Pet Shop Boys", "Spice Girls",
    "Fall Out Boy", "Boyz II Men", "Destiny's Child", "Sonic Youth", "Teenage Engineering synthesizer",
    "Teenage Fanclub", "Kid Rock", "Kid Cudi", "Billy the Kid", "Boy George", "Julia Child in her kitchen",
    "a novel by Lee Child", "Desmond Child", "Childers, Tyler", "Mädchen Amick", "Nino Rota", "Chico Marx",
    "Chico, California", "Soulja Boy", "Golden Girls", "a Nintendo Game Boy", "game-boy cartridge", "a Bond girl",
    "a Gibson girl", "Sour Patch Kids", "Beanie Babies", "Baby Ruth bar", "Kinder Surprise",
    "Comme des Garçons", "Shonen Jump", "a motor grader", "a newsboy cap", "it is child's play", "a childless couple",
    "childproof cap", "enfant terrible", "kid gloves", "baby's breath flowers", "baby carrots", "baby grand piano",
    "baby spinach salad", "El Niño weather", "a sea urchin", "tater tots", "fountain of youth", "Ursa Minor",
    "Asia Minor", "C# minor", "sonata in D minor", "minor league", "minor arcana", "a photo of Kim Childress",
    "Childish Gambino, This Is America", "Guerrilla Girls exhibition", "Beastie Boys, Ill Communication",
    "Beach Boys style surf poster", "a Game Boy on a table", "Julia Child cooking", "Childe Harold's Pilgrimage",
    "Comme des Garcons runway", "lassie come home", "enfants terribles",
    "a 12 year old single malt", "12 year old scotch", "minor planet", "the ursa minor constellation",
    "an urchin shell on the beach", "junge Frau",
)  # fmt: skip


@pytest.mark.parametrize("text", REAL_BESIDE_NAMES)
def test_dropped_beside_names(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", REAL_PLAIN_SENSE)
def test_dropped_plain_sense(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", HARMLESS_NAMES)
def test_kept_names(text):
    assert not mentions_minor(text)


@pytest.mark.parametrize("text", HARMLESS_NAMES)
@pytest.mark.parametrize("beside", ["{} with a child", "two girls and {}", "{}, aged 9", "she is twelve and likes {}", "{} 👧"])
def test_a_name_hides_nothing_beside_it(text, beside):
    assert mentions_minor(beside.format(text))
