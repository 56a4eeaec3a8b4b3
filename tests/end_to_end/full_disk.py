"""A disk that is full after so many bytes: Python's own file writing raises ENOSPC, as the system would."""

import builtins
import errno
import io
import os


class _Meter:
    """Counts what is written; from `limit` bytes on every write fails."""

    def __init__(self, limit):
        self.left = limit

    def take(self, size):
        self.left -= size
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_after(limit, monkeypatch):
    """From now on every file opened for writing shares a disk with `limit` bytes left; `.left` says how many are."""
    meter, real = _Meter(limit), io.open

    def opened(file, mode="r", *args, **kwargs):
        stream = real(file, mode, *args, **kwargs)
        if isinstance(file, int) or not set(mode) & set("wax+") or str(file).startswith("/dev/"):
            return stream
        write = stream.write

        def metered(data):
            meter.take(len(data))
            return write(data)

        try:
            stream.write = metered
        except AttributeError:  # a raw stream of the C library: a Python one in its place
            stream = _Wrapped(stream, metered)
        return stream

    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(io, "open", opened)
    return meter


class _Wrapped:
    def __init__(self, stream, write):
        self._stream, self.write = stream, write

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()
