"""Ctrl-C is kept back for a block, and comes at its end."""

import signal
import threading

import pytest

from erasepro.runtime.interrupts import interrupts_held


def test_an_interrupt_comes_at_the_end_of_the_block():
    steps = []

    def work():
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            with interrupts_held():
                signal.raise_signal(signal.SIGINT)
            steps.append("whole")
        steps.append("after")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_the_block_goes_on_and_the_handler_is_back():
    with pytest.raises(ValueError, match="bad"), interrupts_held():
        raise ValueError("bad")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_no_interrupt_can_come_nothing_is_kept_back():
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_held():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, usual)

    handlers = []

    def work():
        with interrupts_held():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
