"""Stages are shown where a command asks for it: bars on a terminal, a line each elsewhere, nothing by itself."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from erasepro.runtime.progress import shown, stage

SCRIPT = """
import time
from erasepro.runtime.progress import shown, stage
with shown(), stage("Solving", 3, done=1, unit="layers") as advance:
    with stage("Loading miniature"):
        time.sleep(1.2)
    with stage("Blinking"):
        pass
    print("said meanwhile", flush=True)
    advance(2)
"""


def test_a_program_that_asks_for_nothing_sees_nothing(capfd):
    with stage("Solving", 3) as advance:
        advance(3)
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_each_stage_is_one_line(capfd):
    with shown(), stage("Solving", 1200, done=4, unit="layers") as advance:
        advance(1196)
        with stage("Loading miniature"):
            pass
        with stage("Loading libraries", announced=False):
            pass
        with stage("Hashing", 2, show=False), shown(False), stage("Hidden"):
            pass
    assert capfd.readouterr() == ("", "Solving: 1,200 layers (4 done before) …\nLoading miniature …\n")


def test_what_is_shown_ends_with_the_block(capfd):
    with shown(True), shown(False), shown(True), stage("One"):
        pass
    with stage("Two"):
        pass
    assert capfd.readouterr().err == "One …\n"


def on_terminal(stdout_too: bool, script: str = SCRIPT, cwd: Path | None = None) -> tuple[str, str]:
    """What a terminal of 80 columns sees of SCRIPT, and what a pipe gets of its stdout."""
    main, other = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    out = other if stdout_too else subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdout=out, stderr=other, env=env, cwd=cwd) as process:
        os.close(other)
        seen = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
        piped = b"" if process.stdout is None else process.stdout.read()
    os.close(main)
    return seen.decode(), piped.decode()


def letters(seen: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)


def test_a_terminal_gets_bars_with_the_total_and_what_is_printed_above_them():
    seen = letters(on_terminal(stdout_too=True)[0])
    assert "1/3 layers" in seen
    assert "3/3 layers" in seen
    assert "Loading miniature" in seen
    assert "said meanwhile" in seen
    last = seen[seen.rindex("Solving") :]
    assert "Blinking" not in last, "a stage that took no time leaves no trace"
    assert all(len(line) <= 80 for line in seen.replace("\r", "\n").splitlines())


def test_what_is_printed_goes_where_it_was_sent_to():
    seen, piped = on_terminal(stdout_too=False)
    assert piped == "said meanwhile\n"
    assert "said" not in seen
    assert "3/3 layers" in letters(seen)


INTERRUPTED = """
import contextlib, faulthandler, signal, sys, threading
import rich.live, rich.progress
from erasepro.cli import main as module
from erasepro.runtime import interrupts, progress
from erasepro.runtime.progress import stage

faulthandler.dump_traceback_later(60, exit=True)  # a display that is left over can wait for itself without end
FILES = {m.__file__ for m in (contextlib, interrupts, progress, rich.live)}
lines = 0

def dispatch(words):
    with stage("Edited images", 2) as advance, stage("Loading"):
        advance(1)
    return 0

def trace(frame, event, argument):
    global lines
    if frame.f_code.co_filename not in FILES or threading.current_thread() is not threading.main_thread():
        return None
    if event == "line":
        lines += 1
        if lines == moment:
            signal.raise_signal(signal.SIGINT)
    return trace

module.dispatch = dispatch
moment, status, drawing = 0, 130, []
while status == 130 and not drawing:  # Ctrl-C at the first line that is run, then at the second, …
    moment, lines = moment + 1, 0
    print(f"@{moment}", flush=True)
    sys.settrace(trace)
    status = module.main(["x"])
    sys.settrace(None)
    threads = [thread for thread in threading.enumerate() if type(thread) is rich.live._RefreshThread]
    drawing = [thread for thread in threads if not thread.done.is_set()]
    print("drawing" if drawing else "still", type(sys.stderr).__name__, signal.getsignal(signal.SIGINT).__name__, flush=True)
"""


def test_ctrl_c_at_any_line_leaves_the_terminal_as_it_was_and_then_says_so():
    seen, _ = on_terminal(stdout_too=True, script=INTERRUPTED)
    *moments, whole = seen.split("@")[1:]
    assert "stopped" not in whole, whole
    assert len(moments) > 100
    for moment in moments:
        display, message, after = moment.partition("erasepro: stopped; the same command resumes where it was.")
        assert message, moment
        assert display.rfind("\x1b[?25h") >= display.rfind("\x1b[?25l"), repr(moment)
        assert after.split() == ["still", "TextIOWrapper", "default_int_handler"], repr(moment)
