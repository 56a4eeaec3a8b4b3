"""Further workers of this machine."""

import pytest

from erasepro.study import launch
from erasepro.study.launch import more_workers, worker_environment


def test_threads_and_devices_are_shared_out(monkeypatch):
    monkeypatch.setattr(launch, "count_processors", lambda: 8)
    monkeypatch.setattr(launch, "all_devices", lambda: ["0", "1", "2"])
    shared = [worker_environment({"HOME": "h"}, index, 4) for index in range(4)]
    assert [e["CUDA_VISIBLE_DEVICES"] for e in shared] == ["0", "1", "2", "0"]
    assert {e["OMP_NUM_THREADS"] for e in shared} == {"2"}
    assert worker_environment({"CUDA_VISIBLE_DEVICES": "4, 7"}, 1, 2)["CUDA_VISIBLE_DEVICES"] == "7"
    assert worker_environment({"CUDA_VISIBLE_DEVICES": "4", "OMP_NUM_THREADS": "3"}, 1, 2) == {
        "CUDA_VISIBLE_DEVICES": "4", "OMP_NUM_THREADS": "3",
    }  # fmt: skip
    monkeypatch.setattr(launch, "all_devices", lambda: [])
    assert "CUDA_VISIBLE_DEVICES" not in worker_environment({}, 1, 2)


def test_processes_are_waited_for_and_stopped_by_an_error(tmp_path, monkeypatch):
    (tmp_path / "erasepro.py").write_text("import sys\nprint(sys.argv[1:])\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with more_workers(tmp_path, 2):
        pass
    assert (tmp_path / "logs" / "worker-2.log").read_text().strip() == f"['work', {str(tmp_path)!r}, 'fail_fast=false']"
    (tmp_path / "erasepro.py").write_text("import time\ntime.sleep(600)\n")
    with pytest.raises(KeyboardInterrupt), more_workers(tmp_path, 1):
        raise KeyboardInterrupt
