"""Files of statistics: what the published tools write is read, pickles and unfit files are refused."""

import numpy as np
import pytest
import torch

from erasepro.errors import UserError
from erasepro.metrics.engine.reference_statistics import (
    ReferenceStatistics,
    check_place,
    load_statistics,
    save_statistics,
)

MEAN, COV = torch.arange(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64)


def test_ours_say_n_and_the_network(tmp_path):
    path = tmp_path / "s.safetensors"
    save_statistics(path, ReferenceStatistics(MEAN, COV, 12, "net-1"))
    found = load_statistics(path, "key", "net-1", 3)
    assert (found.n, found.network) == (12, "net-1")
    assert torch.equal(found.mean, MEAN)
    assert torch.equal(found.cov, COV)
    with pytest.raises(UserError, match="was made with the network net-1, not net-2"):
        load_statistics(path, "key", "net-2")


def test_npz_of_the_published_tools(tmp_path):
    np.savez(tmp_path / "s.npz", mu=MEAN.numpy(), sigma=COV.numpy().astype(np.float32))
    found = load_statistics(tmp_path / "s.npz", "key", "net-1")
    assert found.n is None
    assert found.cov.dtype == torch.float64


def test_unfit_files_are_one_line(tmp_path):
    np.savez(tmp_path / "s.npz", mu=MEAN.numpy(), sigma=np.eye(4))
    with pytest.raises(UserError, match=r"holds mu \(3,\), sigma \(4, 4\)"):
        load_statistics(tmp_path / "s.npz", "key")
    np.savez(tmp_path / "s.npz", mu=MEAN.numpy(), sigma=np.eye(3))
    with pytest.raises(UserError, match="of 3 features, but the network has 5"):
        load_statistics(tmp_path / "s.npz", "key", features=5)
    np.savez(tmp_path / "s.npz", mu=np.array([{"a": 1}], dtype=object), sigma=np.eye(3))
    with pytest.raises(UserError, match="no file of statistics"):
        load_statistics(tmp_path / "s.npz", "key")
    for name in ("x.npz", "x.safetensors"):
        (tmp_path / name).write_bytes(b"damaged")
        with pytest.raises(UserError, match="no file of statistics"):
            load_statistics(tmp_path / name, "key")
        with pytest.raises(UserError, match="no file"):
            load_statistics(tmp_path / f"no{name}", "key")


def test_another_file_keeps_its_place(tmp_path):
    path = tmp_path / "real.safetensors"
    check_place(path)
    save_statistics(path, ReferenceStatistics(torch.zeros(2), torch.eye(2), 5, "n"))
    check_place(path)
    path.write_bytes(b"somebody's own")
    with pytest.raises(UserError, match="holds no statistics, so it is not replaced"):
        check_place(path)
