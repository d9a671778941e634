"""Downloads that resume, can be stopped, and appear whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import gdown
import requests
from gdown.exceptions import (
    DownloadCancelled,
    DownloadError as TransferError,
    FileURLRetrievalError,
)

from e4s_studio.core.errors import CancelledError, DownloadError, OutputError
from e4s_studio.files.output import PARTIAL, partial_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    Progress = Callable[[int, int | None], None]

_TIMEOUT: Final = 30.0
RETRIES: Final = 3
"""How often a broken connection is continued automatically."""


def download(
    url: str,
    target: Path,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Download a file, continuing an earlier attempt.

    Parameters
    ----------
    url
        http, https or the address of a file on Google Drive.
    target
        Where it goes; its folder exists. An unfinished attempt stays beside it (`partial_of`).
    progress
        Called with the bytes received so far and, if the server tells it, the file's size.
    cancel
        Set it to stop.

    Raises
    ------
    DownloadError
        If the server cannot be reached, has no such file, or breaks off. Nothing is at `target`
        then.
    OutputError
        If it cannot be stored, for example on a full disk.
    CancelledError
        If `cancel` was set.
    """
    whole = target.with_name(f"{target.name}{PARTIAL}")

    def attempt() -> None:
        gdown.download(
            url,
            str(whole),
            quiet=True,
            use_cookies=False,
            resume=True,
            progress=progress,
            timeout=_TIMEOUT,
            retries=RETRIES,
            cancel=cancel,
        )

    begun = partial_of(target)
    try:
        try:
            attempt()
        except (requests.HTTPError, TransferError) as error:
            if begun is None or not _cannot_go_on(error):
                raise
            begun.unlink()
            attempt()
        whole.replace(target)
    except DownloadCancelled as error:
        raise CancelledError("Stopped; what was received is kept for the next attempt.") from error
    except requests.HTTPError as error:
        raise DownloadError(_answer(url, error)) from error
    except (requests.RequestException, TransferError, FileURLRetrievalError) as error:
        raise DownloadError(_broken(url, target, error)) from error
    except OSError as error:
        raise OutputError(
            f"“{target}” could not be stored ({error.strerror or error}); free some space or"
            " choose another folder, then start again to go on."
        ) from error


def _cannot_go_on(error: requests.HTTPError | TransferError) -> bool:
    """Return whether the server has the file, but cannot continue the last attempt."""
    if isinstance(error, requests.HTTPError):
        unsatisfiable = requests.codes.requested_range_not_satisfiable
        return error.response is not None and error.response.status_code == unsatisfiable
    return "byte range" in str(error)  # gdown's only mark of it


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _answer(url: str, error: requests.HTTPError) -> str:
    status = 0 if error.response is None else error.response.status_code
    if status == requests.codes.not_found:
        return f"{_host(url)} no longer has this file (404). Get it elsewhere and use it from disk."
    return f"{_host(url)} refused the download ({status}); try again later."


def _broken(url: str, target: Path, error: Exception) -> str:
    if partial_of(target) is not None:
        return f"The download from {_host(url)} broke off. Start it again to go on where it ended."
    if isinstance(error, FileURLRetrievalError):
        return (
            f"{_host(url)} does not hand out this file now (it limits how often a file is"
            " fetched); try again later, or get it with a browser and use it from disk."
        )
    return (
        f"{_host(url)} cannot be reached; check the connection to the network, or get the file"
        " elsewhere and use it from disk."
    )
