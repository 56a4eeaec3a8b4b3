"""Names in texts, as whole words."""

from erasepro.concepts.mentions import find_words, mentions_any


def test_whole_words_in_any_case():
    assert find_words("A dog, a Dog; dogs and hotdog", "dog") == [(2, 5), (9, 12)]
    assert find_words("teddy   bear", "teddy bear") == [(0, 12)]
    assert find_words("anything", "") == []


def test_any_of_several():
    assert mentions_any("a red barn", ("dog", "barn"))
    assert not mentions_any("a red barn", ("dog", "bar"))
