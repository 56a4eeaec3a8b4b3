"""W&B whatever happens to it: offline folders, dead networks, hung and killed services, jobs side by side."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

from erasepro.config.schema import TrackerConfig
from erasepro.tracking import RunInfo, start_tracker
from erasepro.tracking.wandb import alike, cell
from tests.tracking.offline_log import OfflineLog

KEY = "0123456789" * 4
OFFLINE = TrackerConfig(mode="offline")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path_factory):
    """A home of its own, to see that nothing is left there, and no key."""
    found = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(found))
    for name in ("WANDB_API_KEY", "WANDB_MODE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    yield found
    assert list(found.iterdir()) == []


def info(folder, id="0123456789abcdef", **facts):
    return RunInfo(folder, folder.name, id, **facts)


def offline_runs(folder):
    return sorted(p.name for p in (folder / "wandb").glob("offline-run-*"))


def helpers():
    """W&B's processes that this one has started, directly or not."""
    every = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in every if any("wandb" in word for word in p.cmdline())]


def wait_for_service(folder):
    """Until the run is open: W&B's own process runs, and its folder is there."""
    for _ in range(600):
        if offline_runs(folder) and (found := [p for p in helpers() if "wandb-core" in p.name()]):
            return found
        time.sleep(0.05)
    raise TimeoutError("no W&B service")


def test_offline_runs_lie_in_their_folders_and_say_nothing(tmp_path, capfd, monkeypatch, tmp_path_factory):
    temporary = tmp_path_factory.mktemp("t")
    monkeypatch.setenv("TMPDIR", str(temporary))
    before = dict(os.environ)
    for job in ("a", "b"):  # two jobs in one process, as in a sweep
        with start_tracker(OFFLINE, info(tmp_path / job, id=job * 8, config={"solver": {"name": "uce"}})) as tracker:
            tracker.log_summary({"top1": 0.5})
            tracker.log_table("table", ["a", "b"], [[1, "x"]])
        log = OfflineLog(tmp_path / job)
        assert log.run.run_id == job * 8
        assert log.summary["top1"] == 0.5
        assert log.config["solver"] == {"name": "uce"}
        assert log.table("table") == [{"a": 1, "b": "x"}]
    assert dict(os.environ) == before
    assert {p.name for p in tmp_path.iterdir()} == {"a", "b"}
    assert list(temporary.iterdir()) == []
    assert helpers() == []
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")


@pytest.mark.ci_slow
def test_jobs_at_once_do_not_mix(tmp_path):
    def job(number):
        with start_tracker(OFFLINE, info(tmp_path / str(number), id=f"job{number}")) as tracker:
            tracker.log_summary({"number": number})

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(job, range(3)))
    assert [OfflineLog(tmp_path / str(n)).summary["number"] for n in range(3)] == [0, 1, 2]


@pytest.mark.ci_slow
def test_a_resumed_job_leaves_one_log_under_one_id(tmp_path):
    def stopped():
        with start_tracker(OFFLINE, info(tmp_path)) as tracker:
            tracker.log_summary({"top1": 0.1})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert OfflineLog(tmp_path).exit_code == 1
    time.sleep(1.1)  # W&B names its folders by the second
    with start_tracker(OFFLINE, info(tmp_path)) as tracker:
        tracker.log_summary({"top1": 0.5})
    log = OfflineLog(tmp_path)  # it reads one folder, and there must be one
    assert (log.run.run_id, log.summary["top1"], log.exit_code) == ("0123456789abcdef", 0.5, 0)


def test_no_network_means_offline_and_the_run_does_not_wait_for_it(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with start_tracker(TrackerConfig(mode="online"), info(tmp_path)) as tracker:
        assert offline_runs(tmp_path) == [], "the run goes on before W&B has given the network up"
        tracker.log_summary({"top1": 0.5})
    assert len(offline_runs(tmp_path)) == 1
    err = capfd.readouterr().err
    assert err.startswith("erasepro: warning: the W&B login failed (no answer from http://127.0.0.1:9"), err
    assert err.count("\n") == 1, err
    assert OfflineLog(tmp_path).summary["top1"] == 0.5


@pytest.mark.slow
def test_a_server_that_never_answers_means_offline(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with start_tracker(TrackerConfig(), info(tmp_path)) as tracker:
            tracker.log_summary({"top1": 0.5})
    assert "the W&B login failed" in capfd.readouterr().err
    assert OfflineLog(tmp_path).summary["top1"] == 0.5


@pytest.mark.parametrize("status", [401, pytest.param(500, marks=pytest.mark.slow)])
def test_a_server_that_refuses_means_offline(tmp_path, capfd, monkeypatch, status):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    with refusing(status) as url:
        monkeypatch.setenv("WANDB_BASE_URL", url)
        with start_tracker(TrackerConfig(), info(tmp_path)) as tracker:
            tracker.log_summary({"top1": 0.5})
    err = capfd.readouterr().err
    assert "the W&B login failed" in err
    assert str(status) in err
    assert err.count("\n") == 1
    assert not list((tmp_path / "wandb").glob("run-*")), "nothing is left of the attempt"
    assert OfflineLog(tmp_path).summary["top1"] == 0.5


@contextmanager
def refusing(status):
    """A server that answers whatever it is asked with one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.ci_slow
def test_a_service_that_hangs_costs_no_more_than_the_patience(tmp_path, capfd, monkeypatch):
    waits, wait = [], subprocess.Popen.wait

    def counted(process, timeout=None):
        waits.append(timeout)
        return wait(process, timeout)

    with start_tracker(replace(OFFLINE, shutdown_timeout=1.0), info(tmp_path)) as tracker:
        for service in wait_for_service(tmp_path):
            service.suspend()
        tracker.log_summary({"top1": 0.5})
        monkeypatch.setattr(subprocess.Popen, "wait", counted)
    assert waits[0] == 1.0, "the one wait for W&B"
    assert all(seconds is not None for seconds in waits), "none without an end"
    assert len(waits) <= 2, "the other for the process that was killed"
    err = capfd.readouterr().err
    assert "did not end within 1 s (tracker.shutdown_timeout)" in err
    assert err.count("\n") == 1
    assert helpers() == [], "nothing hung is left behind"


@pytest.mark.ci_slow
@pytest.mark.parametrize("victim", ["service", "process"])
def test_a_killed_service_is_a_warning(tmp_path, capfd, victim):
    with start_tracker(replace(OFFLINE, shutdown_timeout=10.0), info(tmp_path)) as tracker:
        service = wait_for_service(tmp_path)
        for one in service if victim == "service" else [p.parent() for p in service]:
            os.kill(one.pid, signal.SIGKILL)
        for _ in range(20):
            tracker.log_summary({"top1": 0.5})
            time.sleep(0.05)
    err = capfd.readouterr().err
    assert err.startswith("erasepro: warning: ")
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_killed_run_is_closed_as_failed(tmp_path):
    code = (
        "import os, signal, sys, time\nfrom pathlib import Path\n"
        "from erasepro.config.schema import TrackerConfig\nfrom erasepro.tracking import RunInfo, start_tracker\n"
        "with start_tracker(TrackerConfig(mode='offline'), RunInfo(Path(sys.argv[1]), 'run', 'killed')) as tracker:\n"
        "    tracker.log_summary({'top1': 0.5})\n"
        "    while not list(Path(sys.argv[1], 'wandb').glob('offline-run-*/files')):\n        time.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -signal.SIGKILL
    for _ in range(400):
        if not list((tmp_path / "wandb").glob("tmp-*")):  # W&B's process has ended
            break
        time.sleep(0.05)
    log = OfflineLog(tmp_path)
    assert (log.exit_code, log.summary["top1"]) == (1, 0.5)


def test_disabled_in_the_environment_writes_nothing(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with start_tracker(TrackerConfig(), info(tmp_path)) as tracker:
        tracker.log_summary({"top1": 0.5})
    assert list(tmp_path.iterdir()) == []
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")


def test_a_columns_cells_are_of_one_kind():
    assert alike([cell(v) for v in (1, 0.5, None, float("nan"))]) == [1, 0.5, None, None]
    assert alike([cell(v) for v in (1, "x", None)]) == ["1", "x", None]
    assert alike([cell(v) for v in (True, False)]) == [True, False]
    assert cell([1, 2]) == "[1, 2]"
