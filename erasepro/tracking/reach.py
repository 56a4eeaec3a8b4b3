"""Whether W&B can be logged in to: whether there is a key, and whether the server answers at all.

This is asked before W&B itself, which is patient with a dead network.
"""

from __future__ import annotations

import netrc
import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 5.0
"""Seconds that a server has to answer."""
HOST = "api.wandb.ai"
"""Under which older releases of W&B stored keys, wherever its server is now."""


def has_key(url: str) -> bool:
    """Whether a key for the server at `url` is in the environment or where ``wandb login`` puts it, the netrc file."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    files = [Path(os.environ["NETRC"])] if os.environ.get("NETRC") else [Path.home() / n for n in (".netrc", "_netrc")]
    for file in files:
        try:
            known = netrc.netrc(str(file.expanduser()))
        except (OSError, netrc.NetrcParseError):
            continue
        if any(known.hosts.get(host) for host in (urlsplit(url).netloc, HOST)):
            return True
    return False


def reach(url: str) -> None:
    """Returns when the server has answered anything. Raises ConnectionError where it does not within ``PATIENCE`` seconds."""
    import requests

    failure: list[str] = []

    def ask() -> None:
        try:
            requests.head(url, timeout=PATIENCE, allow_redirects=False)
        except requests.RequestException as error:
            failure.append(type(error).__name__)

    asking = threading.Thread(target=ask, daemon=True)  # a name server may keep silent longer than any time-out here
    asking.start()
    asking.join(PATIENCE)
    if asking.is_alive() or failure:
        raise ConnectionError(f"no answer from {url}: {failure[0] if failure else 'timed out'}")
