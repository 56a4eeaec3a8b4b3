"""The words that a model knows, read from its tokenizer and text encoder."""

import shutil
from dataclasses import replace

import pytest
from safetensors.torch import load_file, save_file

from erasepro.models import vocabulary
from erasepro.models.load import MINIATURE, load_model, load_skeleton, model_config
from erasepro.models.vocabulary import nearest_words, read_lexicon, whole_words


class Tokenizer:
    def __init__(self, *tokens):
        self.tokens = tokens

    def get_vocab(self):
        return {token: place for place, token in enumerate(self.tokens)}


@pytest.fixture(scope="module")
def pipe():
    return load_model("miniature").pipe


def test_whole_words_of_both_kinds_of_tokenizer_in_the_order_of_their_numbers():
    clip = Tokenizer("car", "the</w>", "dog</w>", "a</w>", "!!</w>", "Dog</w>", "été</w>", "r2d2</w>", "cat</w>")
    assert whole_words(clip) == ("the", "dog", "cat")
    pieces = Tokenizer("<pad>", "▁the", "ing", "▁House", "▁", "▁of", "▁house")
    assert whole_words(pieces) == ("the", "house")


def test_the_miniatures_words_are_one_token_each(pipe):
    lexicon = read_lexicon(pipe)
    assert len(lexicon.words) > 300
    assert {lexicon.count_tokens(word) for word in lexicon.words} == {3}  # with begin and end of text
    assert lexicon.context == pipe.tokenizer.model_max_length


def test_neighbours_are_words_each_once_without_the_name(pipe):
    lexicon = read_lexicon(pipe)
    near = lexicon.nearest(["cat", "teddy bear"], 8)
    assert {name: len(set(words)) for name, words in near.items()} == {"cat": 8, "teddy bear": 8}
    assert "cat" not in near["cat"]
    assert near["cat"][0] == "kitten"
    assert set(near["cat"]) <= set(lexicon.words)
    assert lexicon.nearest([], 8) == {}


def test_neighbours_do_not_hang_on_the_other_names(pipe):
    words = read_lexicon(pipe).words
    alone = nearest_words(pipe, "text_encoder", words, ["cat"], 1)["cat"]
    beside = nearest_words(pipe, "text_encoder", words, ["cat", "castle", "pizza"], 1)["cat"]
    assert alone == beside


def test_a_skeleton_knows_the_same_words(pipe):
    whole, skeleton = read_lexicon(pipe), read_lexicon(load_skeleton("miniature").pipe)
    assert whole.words == skeleton.words
    assert whole.nearest(["cat"], 16) == skeleton.nearest(["cat"], 16)


def test_other_weights_under_the_same_name_have_other_neighbours(tmp_path):
    folder = shutil.copytree(MINIATURE, tmp_path / "copy")
    before = read_lexicon(load_skeleton(str(folder)).pipe).nearest(["cat"], 8)
    assert read_lexicon(load_skeleton(str(folder)).pipe).nearest(["cat"], 8) == before
    (file,) = (folder / "text_encoder").glob("*.safetensors")
    weights = load_file(file)
    save_file({key: -w.flip(0).contiguous() if "token_embedding" in key else w for key, w in weights.items()}, file)
    assert read_lexicon(load_skeleton(str(folder)).pipe).nearest(["cat"], 8) != before


def test_neighbours_of_one_dtype_are_not_taken_for_anothers(monkeypatch):
    read = []
    monkeypatch.setattr(vocabulary, "nearest_words", lambda *given: read.append(1) or {"cat": ("lion",)})
    for dtype in ("float32", "float16", "float32", "float16"):
        config = replace(model_config("miniature"), dtype=dtype)
        read_lexicon(load_skeleton(config).pipe).nearest(["a cat that nobody asked for"], 8)
    assert len(read) == 2
