"""Sums of preserved sentences that were kept give the same edit as those collected anew, and no sentence is read again."""

import pytest

from erasepro.models.base import Model
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.models.features.streams import Stream
from erasepro.models.tensor_hashes import weights_hash
from erasepro.solvers import make_solver
from tests.models.pipelines import build as build_pipeline


def solve(model, build, name, folder, **options):
    solver = make_solver(name, options)
    solver.statistics = StatisticsStore(folder)
    return solver.solve(model, build), solver.statistics


CAPTIONS = tuple(f"a {colour} {thing} on {place}" for colour in ("red", "blue", "old", "small") for thing in
                 ("house", "tree", "bird", "boat", "lamp", "cup") for place in ("grass", "sand", "snow"))  # fmt: skip


@pytest.fixture
def many(make_build):
    return make_build(preserve=CAPTIONS)


SENTENCES = {"preserve": "fitting", "preserve_tokens": "all"}


@pytest.mark.parametrize(
    ("name", "options"),
    [("erasepro", {}), ("alphaedit", {}), ("emcid", {}), ("oce", {}), ("uce", SENTENCES), ("cure", SENTENCES)],
)
def test_the_same_edit_out_of_kept_sums(shared_model, many, tmp_path, name, options):
    plain, _ = solve(shared_model, many, name, None, **options)
    first, collected = solve(shared_model, many, name, tmp_path, **options)
    second, read = solve(shared_model, many, name, tmp_path, **options)
    assert collected.read == 0
    assert read.read == len(list(tmp_path.iterdir())) > 0
    assert plain.hash == first.hash == second.hash


def test_preserved_sentences_are_not_read_again(shared_model, many, tmp_path, monkeypatch):
    want, _ = solve(shared_model, many, "erasepro", tmp_path)
    opened = []
    monkeypatch.setattr(Stream, "visit", lambda *_: opened.append(1))
    again, store = solve(shared_model, many, "erasepro", tmp_path)
    assert not opened
    assert store.read == len(list(tmp_path.iterdir()))
    assert again.hash == want.hash


def test_sums_that_are_gone_are_collected_alone(shared_model, many, tmp_path):
    want, _ = solve(shared_model, many, "erasepro", tmp_path)
    files = sorted(tmp_path.iterdir())
    for gone in files:
        gone.unlink()
        again, store = solve(shared_model, many, "erasepro", tmp_path)
        assert store.read == len(files) - 1
        assert again.hash == want.hash


@pytest.mark.parametrize(
    "options",
    [
        {"text_fit": {"preserve": {"tokens": "all"}}},
        {"text_fit": {"preserve": {"weights": "count"}}},
        {"preserve_dtype": "float64"},
    ],
)
def test_other_columns_are_other_sums(shared_model, many, tmp_path, options):
    solve(shared_model, many, "erasepro", tmp_path)
    want, _ = solve(shared_model, many, "erasepro", None, **options)
    again, _ = solve(shared_model, many, "erasepro", tmp_path, **options)
    assert again.hash == want.hash


def test_another_model_has_its_own(shared_model, double_model, many, tmp_path):
    solve(shared_model, many, "erasepro", tmp_path)
    want, _ = solve(double_model, many, "erasepro", None)
    again, store = solve(double_model, many, "erasepro", tmp_path)
    assert store.read == 0
    assert again.hash == want.hash


@pytest.mark.parametrize("name", ["sdxl", *(pytest.param(name, marks=pytest.mark.ci_slow) for name in ("sd3", "flux"))])
def test_every_kind_of_encoder(name, many, tmp_path):
    """An encoder that is left before its end, pooled vectors, and one whose own layers are not edited."""
    pipe = build_pipeline(name)
    model = Model(pipe, name, "random", weights_hash(pipe))
    want, _ = solve(model, many, "erasepro", None)
    kept, _ = solve(model, many, "erasepro", tmp_path)
    assert kept.hash == want.hash
    files = sorted(tmp_path.iterdir())
    for gone in [None, *files]:
        if gone is not None:
            gone.unlink()
        again, store = solve(model, many, "erasepro", tmp_path)
        assert store.read == len(files) - (gone is not None)
        assert again.hash == want.hash
