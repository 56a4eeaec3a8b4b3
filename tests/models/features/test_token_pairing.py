"""Token pairing on CLIP's real vocabulary; positions were worked out by hand (BOS = 0)."""

import pytest

from erasepro.errors import UserError
from erasepro.models.features.locate import context_length, locate
from erasepro.models.features.token_pairing import LAST_PAD, POLICIES, pair_tokens


def pairs(tokenizer, policy, target_prompt, anchor_prompt, target, anchor):
    found = pair_tokens(tokenizer, target_prompt, anchor_prompt, target, anchor, policy)
    return list(zip(found.target, found.anchor, strict=True))


# BOS a photo of a dog , sunny EOS pad…      0..8, pads 9..76
DOG = ("a photo of a dog, sunny", "a photo of a cat, sunny", "dog", "cat")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("last_subject", [5]),
        ("subject", [5]),
        ("subject_to_eos", [5, 6, 7, 8]),
        ("last_to_eos", [5, 6, 7, 8]),
        ("start_to_eos", list(range(9))),
        ("subject_to_end", list(range(5, 77))),
        ("whole_to_end", list(range(5, 77))),
        ("eot", [8]),
        ("all", list(range(77))),
        ("surrounding", [0, 1, 2, 3, 4, *range(6, 77)]),
        ("subject_to_common_end", list(range(5, 77))),
        ("subject_to_fourth_padding", list(range(5, 13))),
        ("subject_to_eighth_padding", list(range(5, 17))),
        ("position", list(range(77))),
        ("position_after_start", list(range(1, 77))),
    ],
)
def test_equal_lengths(tokenizer, policy, expected):
    assert pairs(tokenizer, policy, *DOG) == [(i, i) for i in expected]


# BOS a grumpy cat on a bed EOS (0..7) against BOS a cat on a bed EOS (0..6)
GRUMPY = ("a grumpy cat on a bed", "a cat on a bed", "grumpy cat", "cat")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("last_subject", [(3, 2)]),
        ("subject", [(2, 2), (3, 2)]),
        ("subject_to_eos", [(2, 2), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]),
        ("last_to_eos", [(3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]),
        ("start_to_eos", [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]),
        ("eot", [(7, 6)]),
    ],
)
def test_longer_target(tokenizer, policy, expected):
    assert pairs(tokenizer, policy, *GRUMPY) == expected


def test_longer_target_to_the_end(tokenizer):
    found = pairs(tokenizer, "subject_to_end", *GRUMPY)
    assert found == [(i, i - 1) for i in range(3, 77)]


def test_longer_anchor_sends_the_last_padding_to_its_last(tokenizer):
    found = pairs(tokenizer, "subject_to_end", "a cat on a bed", "a grumpy cat on a bed", "cat", "grumpy cat")
    assert found == [(i, i + 1) for i in range(2, 76)] + [(76, 76)]
    assert pairs(tokenizer, "subject", "a cat", "a grumpy cat", "cat", "grumpy cat") == [(2, 3)]


def test_subject_to_common_end_is_as_long_as_the_longer_text_leaves(tokenizer):
    short, long = "a cat on a bed", "a grumpy cat on a bed"
    found = pairs(tokenizer, "subject_to_common_end", short, long, "cat", "grumpy cat")
    assert found == [(i, i + 1) for i in range(2, 76)]
    assert pairs(tokenizer, "subject_to_common_end", *GRUMPY) == [(i, i - 1) for i in range(3, 77)]
    empty = pairs(tokenizer, "subject_to_common_end", "grumpy cat", "", "grumpy cat", "")
    assert empty == [(2, 0), *((i, i - 2) for i in range(3, 77))]


@pytest.mark.parametrize(("policy", "count"), LAST_PAD.items())
def test_the_first_paddings_are_counted_from_the_end_of_the_targets_text(tokenizer, policy, count):
    found = pairs(tokenizer, policy, *GRUMPY)
    assert found == [(i, i - 1) for i in range(3, 8 + count)]
    full = " ".join(["cat"] * 75)
    assert pairs(tokenizer, policy, full, full.replace("cat", "dog"), "cat", "dog") == [
        (i, i) for i in range(1, 77)
    ]


@pytest.mark.parametrize("case", [GRUMPY, ("nudity", "", "nudity", "")], ids=["another length", "empty anchor"])
def test_position_takes_no_notice_of_the_subject(tokenizer, case):
    assert pairs(tokenizer, "position", *case) == [(i, i) for i in range(77)]


def test_what_target_and_anchor_share_is_their_surrounding(tokenizer):
    shared = pairs(tokenizer, "surrounding", "a red dog here", "a red cat here", "red dog", "red cat")
    assert shared == [(i, i) for i in range(77) if i != 3]  # "red" is no part of what differs
    tail = pairs(tokenizer, "surrounding", *GRUMPY)  # "cat" stands in both
    assert tail == [(0, 0), (1, 1), *((i, i - 1) for i in range(3, 77))]
    longer = pairs(tokenizer, "surrounding", "a dog on a bed", "a grumpy cat on a bed", "dog", "grumpy cat")
    assert longer == [(0, 0), (1, 1), *((i, i + 1) for i in range(3, 76))]


def test_anchor_that_fills_the_context_has_no_paddings(tokenizer):
    long = " ".join(["red"] * 74)
    found = pairs(tokenizer, "subject_to_end", f"dog {long}"[:-4], f"grumpy cat {long}"[:-4], "dog", "grumpy cat")
    assert found[-2:] == [(75, 76), (76, 76)]  # EOS to EOS, and the only padding to EOS as well


def test_article_that_changes_ends_the_common_start(tokenizer):
    found = pairs(tokenizer, "all", "a photo of a dog", "a photo of an owl", "dog", "owl")
    assert found == [(i, i) for i in range(77) if i != 4]


def test_missing_article_shifts(tokenizer):
    # BOS a photo of a bus here EOS (7) against BOS a photo of grapes here EOS (6)
    found = pairs(tokenizer, "subject_to_eos", "a photo of a bus here", "a photo of grapes here", "bus", "grapes")
    assert found == [(5, 4), (6, 5), (7, 6)]


@pytest.mark.parametrize(("policy", "expected"), [("last_subject", [(2, 2), (6, 6)]), ("subject", [(2, 2), (6, 6)])])
def test_every_occurrence_is_paired(tokenizer, policy, expected):
    found = pairs(tokenizer, policy, "a dog and another small dog", "a cat and another small cat", "dog", "cat")
    assert found == expected


def test_words_between_occurrences_of_other_lengths(tokenizer):
    # BOS r 2 d 2 and r 2 d 2 EOS against BOS robot and robot EOS
    found = pairs(tokenizer, "subject_to_eos", "r2d2 and r2d2", "robot and robot", "r2d2", "robot")
    assert found == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (6, 3), (7, 3), (8, 3), (9, 3), (10, 4)]


def test_a_sentence_that_names_the_anchor_itself(tokenizer):
    assert pairs(tokenizer, "last_subject", "a cat and a dog", "a cat and a cat", "dog", "cat") == [(5, 5)]
    assert pairs(tokenizer, "last_subject", "a dog and a cat", "a cat and a cat", "dog", "cat") == [(2, 2)]


def test_empty_anchor_is_the_empty_prompt(tokenizer):
    case = ("a photo of nudity here", "", "nudity", "")  # BOS a photo of nu dity here EOS; BOS EOS
    assert pairs(tokenizer, "last_subject", *case) == [(5, 0)]
    assert pairs(tokenizer, "subject_to_eos", *case) == [(4, 0), (5, 0), (7, 1)]
    assert pairs(tokenizer, "subject_to_end", *case) == [(5, 0), (7, 1)] + [(7 + n, 1 + n) for n in range(1, 70)]
    assert pairs(tokenizer, "all", *case)[:3] == [(0, 0), (4, 0), (5, 0)]


def test_empty_anchor_inside_a_sentence_stands_before_its_place(tokenizer):
    case = ("a photo of nudity here", "a photo of here", "nudity", "")
    assert pairs(tokenizer, "subject_to_eos", *case) == [(4, 3), (5, 3), (6, 4), (7, 5)]


def test_style(tokenizer):
    case = ("a cat in the style of van gogh, night", "a cat in the style of painting, night", "van gogh", "painting")
    assert pairs(tokenizer, "subject_to_eos", *case) == [(7, 7), (8, 7), (9, 8), (10, 9), (11, 10)]


@pytest.mark.parametrize(
    ("prompt", "concept", "spans"),
    [
        ("A DOG!", "dog", [[2]]),
        ("dog's toy", "Dog", [[1]]),
        ("'dog'-dog, dogs, hotdog", "dog", [[1, 2], [4]]),  # CLIP reads 'd + og: the "would" of "I'd"
        ("a pineapple and an apple", "apple", [[5]]),
        ("a café, Über alles", "über", [[4, 5]]),
        ("a café, Über alles", "café", [[2]]),
        ("a van   gogh\npicture", "van gogh", [[2, 3]]),
        ("C-3PO (left)", "c-3po", [[1, 2, 3, 4]]),
        ("R2D2!!", "r2d2", [[1, 2, 3, 4]]),
        ("日本 art", "日本", [[1, 2, 3]]),
        ("georgia o'keeffe", "Georgia O'Keeffe", [[1, 2, 3, 4, 5]]),
    ],
)
def test_locate(tokenizer, prompt, concept, spans):
    found = locate(tokenizer, prompt, concept)
    pieces = tokenizer.convert_ids_to_tokens(found.ids)
    if "keeffe" in prompt:  # its pieces are the vocabulary's business: only that the span is the whole name
        spans = [list(range(1, found.eos))]
    assert found.spans == spans, pieces


@pytest.mark.parametrize("composed", ["caf\u00e9", "cafe\u0301"])
def test_either_unicode_form(tokenizer, composed):
    assert locate(tokenizer, "a caf\u00e9", composed).spans == [[2]]
    assert locate(tokenizer, "a cafe\u0301", composed).spans == [[2]]


@pytest.mark.parametrize(
    ("prompt", "concept", "words"),
    [
        ("a cat", "dog", ["'a cat'", "'dog'"]),
        ("hotdogs", "dog", ["'hotdogs'"]),
        ("red " * 80, "red", ["82 tokens", "77"]),
        ("a " + "very " * 80 + "dog", "very " * 80 + "dog", ["84 tokens", "77"]),
    ],
)
def test_user_errors(tokenizer, prompt, concept, words):
    with pytest.raises(UserError) as caught:
        locate(tokenizer, prompt, concept)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_pairing_errors(tokenizer):
    with pytest.raises(UserError, match="Did you mean 'last_subject'"):
        pair_tokens(tokenizer, "a dog", "a cat", "dog", "cat", "last_subjet")
    with pytest.raises(UserError, match="occurs 2 time"):
        pair_tokens(tokenizer, "a dog, a dog", "a cat", "dog", "cat", "eot")


def test_pairs_are_aligned_in_any_context(tokenizer):
    for length in (32, 77):
        tokenizer.model_max_length = length
        try:
            assert context_length(tokenizer) == length
            for policy in POLICIES:
                found = pair_tokens(tokenizer, "a grumpy cat, sitting", "a dog, sitting", "grumpy cat", "dog", policy)
                assert len(found.target) == len(found.anchor) == len(found) > 0
                assert max(found.target + found.anchor) < length
                assert len(set(found.target)) == len(found)  # no position of the target's text is asked for two things
        finally:
            tokenizer.model_max_length = 77
