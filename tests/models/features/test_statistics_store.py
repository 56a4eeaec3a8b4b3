"""Sums are read as they were written, or collected again; a folder that fails costs time only."""

import errno
import os
import warnings
from pathlib import Path

import pytest
import torch

from erasepro.errors import UserError
from erasepro.linalg import Statistics
from erasepro.models.features import statistics_store
from erasepro.models.features.statistics_store import StatisticsStore, encoder_digest, open_statistics, statistics_key
from erasepro.models.features.text_encoder_layers import Columns

D = 6


def collected(seed: int = 0) -> Statistics:
    X = torch.randn(D, 40, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Statistics(D).update(X, weights=torch.linspace(0.1, 1, 40, dtype=torch.float64))


def never() -> Statistics:
    raise AssertionError("it was collected again")


def test_read_as_written(tmp_path):
    kept = StatisticsStore(tmp_path / "new").sums("a", D, collected)
    store = StatisticsStore(tmp_path / "new")
    again = store.sums("a", D, never)
    assert store.read == 1
    assert torch.equal(again.xx, kept.xx)
    assert torch.equal(again.xx, again.xx.T)
    assert (again.total, again.count) == (kept.total, kept.count)
    assert again.held_columns() is None
    assert again.mean_square() == kept.mean_square()


def test_further_columns_join_what_was_read(tmp_path):
    StatisticsStore(tmp_path).sums("a", D, collected)
    more = torch.ones(D, 1, dtype=torch.float64)
    both = StatisticsStore(tmp_path).sums("a", D, never).update(more)
    torch.testing.assert_close(both.xx, collected().xx + 1)


def test_few_columns_are_not_kept(tmp_path):
    store = StatisticsStore(tmp_path)
    sums = store.sums("a", D, lambda: Statistics(D).update(torch.ones(D, 2)))
    assert sums.held_columns() is not None
    assert not list(tmp_path.iterdir())


def test_without_a_folder_nothing_is_kept():
    assert StatisticsStore().sums("a", D, collected).count == 40
    assert open_statistics("none").folder is None


@pytest.mark.parametrize("place", ["numbers", "header", "cut", "empty", "text", "size"])
def test_a_damaged_file_is_collected_again(tmp_path, place):
    want = StatisticsStore(tmp_path).sums("a", D, collected)
    path = tmp_path / "a.safetensors"
    data = bytearray(path.read_bytes())
    if place == "numbers":
        data[-3] ^= 1
    elif place == "header":
        data[0] ^= 64
    elif place == "size":
        StatisticsStore(tmp_path).sums("b", D + 1, lambda: Statistics(D + 1).update(torch.randn(D + 1, 40)))
        data = bytearray((tmp_path / "b.safetensors").read_bytes())
    path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "text": b"{}"}.get(place, data))
    store = StatisticsStore(tmp_path)
    with pytest.warns(UserWarning, match="damaged"):
        again = store.sums("a", D, collected)
    assert store.read == 0
    assert torch.equal(again.xx, want.xx)
    assert torch.equal(StatisticsStore(tmp_path).sums("a", D, never).xx, want.xx)


def test_a_full_disk_costs_time_only(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(statistics_store, "save", full)
    store = StatisticsStore(tmp_path)
    with pytest.warns(UserWarning, match="collected again next time"):
        assert store.sums("a", D, collected).count == 40
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        assert store.sums("b", D, collected).count == 40
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "file").write_text("")
    store = StatisticsStore(tmp_path / "file" / "below")
    with pytest.warns(UserWarning, match="keeps no sums"):
        assert store.sums("a", D, collected).count == 40


def test_those_not_read_for_longest_go_first(tmp_path):
    for age, key in enumerate("abc"):
        StatisticsStore(tmp_path).sums(key, D, collected)
        os.utime(tmp_path / f"{key}.safetensors", (1000 + age, 1000 + age))
    size = (tmp_path / "a.safetensors").stat().st_size
    StatisticsStore(tmp_path).sums("a", D, never)  # read now
    StatisticsStore(tmp_path, limit=3 * size).sums("d", D, collected)
    assert {path.stem for path in tmp_path.iterdir()} == {"a", "c", "d"}


def test_what_a_killed_writer_left_goes(tmp_path):
    StatisticsStore(tmp_path).sums("a", D, collected)
    left = tmp_path / ".b.safetensors.999999999.0123abcd.tmp"
    left.write_bytes(b"half")
    StatisticsStore(tmp_path).sums("c", D, collected)
    assert not left.exists()


def test_a_key_tells_everything_apart():
    ids = torch.arange(6).reshape(2, 3)
    columns = Columns.of([(0, 1), (1, 2)])
    keys = [
        statistics_key("site", "mlp.fc2", 1, ids, columns, None),
        statistics_key("site", "mlp.fc2", 2, ids, columns, None),
        statistics_key("site", "mlp.fc1", 1, ids, columns, None),
        statistics_key("site", "mlp.fc2", 1, ids + 1, columns, None),
        statistics_key("site", "mlp.fc2", 1, ids.reshape(3, 2), columns, None),
        statistics_key("site", "mlp.fc2", 1, ids, Columns.of([(1, 2), (0, 1)]), None),
        statistics_key("site", "mlp.fc2", 1, ids, columns, torch.ones(2)),
        statistics_key("site", "mlp.fc2", 1, ids, [columns], None),
        statistics_key("site", "mlp.fc21", ids, columns, None),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == statistics_key("site", "mlp.fc2", 1, ids.clone(), Columns.of([(0, 1), (1, 2)]), None)


def test_another_code_is_another_key(monkeypatch):
    before = statistics_key("a")
    monkeypatch.setattr(statistics_store, "source_digest", lambda *_: "changed")
    assert statistics_key("a") != before


def test_one_changed_weight_is_another_encoder():
    encoder = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3))
    before = encoder_digest(encoder)
    assert encoder_digest(encoder) == before
    with torch.no_grad():
        encoder[1].bias[2] += 1e-6
    assert encoder_digest(encoder) != before


def test_the_usual_place_is_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = open_statistics().folder
    assert isinstance(folder, Path)
    assert folder.name == "statistics"
    assert open_statistics(tmp_path / "mine", 0.5).limit == 2**29
    assert not (tmp_path / "mine").exists()


def test_a_place_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file: give a folder"):
        open_statistics(tmp_path / "file")
    with pytest.raises(UserError, match="is empty"):
        open_statistics(" ")
    with pytest.raises(UserError, match="positive number of GiB"):
        open_statistics("cache", 0)
