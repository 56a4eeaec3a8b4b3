"""JSON of a file that anybody may have changed: whatever is wrong with it is one kind of error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class NoJson(ValueError):
    """A text is no JSON that can be used; the message says why, to stand in brackets."""


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises NoJson for another syntax, bytes that are not UTF-8, more brackets than Python can follow, a whole number of
    thousands of digits, and half a character (``\\ud800``), which could not be written again.
    """
    try:
        content = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(content)
        if "\\ud" in content.casefold():
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        raise NoJson(str(error)) from error
    except RecursionError as error:
        raise NoJson("too many brackets") from error
    except UnicodeEncodeError as error:
        raise NoJson("half a character, \\ud800") from error
    except UnicodeDecodeError as error:
        raise NoJson(f"no UTF-8: {error.reason}") from error
    except ValueError as error:
        raise NoJson("a number of too many digits") from error


def load_json(path: Path) -> Any:
    """The JSON in a file.

    Raises NoJson where it is damaged or no file (a pipe would be waited for), OSError as reading does.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise NoJson("it is no file")
    return parse_json(path.read_bytes())
