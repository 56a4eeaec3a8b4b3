"""The file of a public dataset: from the hub's cache, or downloaded into it."""

from __future__ import annotations

from pathlib import Path

from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.errors import UserError


def local_file(name: str, cfg: PromptSetConfig) -> Path:
    """Where the rows of a set lie on this machine: ``file``, or ``source_file`` of the dataset ``source``.

    Raises UserError (one line, with the key that takes a local file) where neither is given or the hub gives nothing.
    """
    mine = f"prompts.{name}.file=FILE.csv"
    if cfg.file is not None:
        return Path(cfg.file).expanduser()
    if cfg.source is None or cfg.source_file is None:
        where = f" (published at {cfg.source})" if cfg.source else ""
        raise UserError(f"The prompt set {name!r} is not fetched by itself{where}: give a local file, {mine}.")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    what = f"{cfg.source_file!r} of the dataset {cfg.source!r}"
    try:
        return Path(hf_hub_download(cfg.source, cfg.source_file, repo_type="dataset", revision=cfg.revision))
    except HFValidationError as error:
        raise UserError(
            f"prompts.{name}.source={cfg.source!r} is no dataset id: write owner/name, or {mine}."
        ) from error
    except GatedRepoError as error:
        raise UserError(
            f"The dataset {cfg.source!r} asks for consent: accept its conditions on the hub and log in, or {mine}."
        ) from error
    except LocalEntryNotFoundError as error:  # first: it is an EntryNotFoundError too
        raise UserError(
            f"Cannot fetch {what}: no network (or HF_HUB_OFFLINE is set), and it is not in the local cache. Download it "
            f"once on a connected machine, or give {mine}."
        ) from error
    except (EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise UserError(f"The hub has no public {what}: see prompts.{name}.source, or give {mine}.") from error
    except (HfHubHTTPError, OSError) as error:
        raise UserError(f"Cannot fetch {what}: the hub does not answer. Try again, or give {mine}.") from error
