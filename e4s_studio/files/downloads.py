"""Downloads that resume, can be stopped, and appear whole and verified or not at all."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import gdown
import pooch
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

TIMEOUT: Final = 30.0
RETRIES: Final = 3
"""How often a broken connection is taken up again by itself."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Fetch a file, going on where an earlier attempt ended.

    Parameters
    ----------
    url
        http, https or a Google Drive file's address.
    target
        Where it goes; its folder exists. What an unfinished attempt has received lies beside it.
    sha256
        The file's known hash, 64 hexadecimal digits.
    progress
        Called with the bytes received so far and, where the server says so, the file's size.
    cancel
        Set it to stop.

    Raises
    ------
    DownloadError
        If the server cannot be reached, has no such file, or breaks off; or if what came has
        another hash. Nothing is at `target` then.
    OutputError
        If it cannot be stored, for example on a full disk.
    CancelledError
        If `cancel` was set.
    """

    def transfer(_url: str, output: str, _pooch: object) -> None:
        _fetch(url, target, progress, cancel).replace(output)

    pooch.get_logger().setLevel(logging.WARNING)
    known = None if sha256 is None else f"sha256:{sha256}"
    try:
        pooch.retrieve(url, known, target.name, target.parent, downloader=transfer)
    except DownloadCancelled as error:
        raise CancelledError("Stopped; what was received is kept for the next attempt.") from error
    except ValueError as error:
        raise DownloadError(
            f"What {_host(url)} sent is not the file it should be (its SHA-256 differs); it was"
            " not installed. Try again later, or get the file elsewhere and use it from disk."
        ) from error
    except requests.HTTPError as error:
        raise DownloadError(_answer(url, error)) from error
    except (requests.RequestException, TransferError, FileURLRetrievalError) as error:
        raise DownloadError(_broken(url, target, error)) from error
    except OSError as error:
        raise OutputError(
            f"“{target}” could not be stored ({error.strerror or error}); free some space or"
            " choose another folder, then start again to go on."
        ) from error


def _fetch(
    url: str,
    target: Path,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> Path:
    """Download beside the target, afresh where the server cannot go on."""
    whole = target.with_name(f"{target.name}{PARTIAL}")

    def attempt() -> None:
        gdown.download(
            url,
            str(whole),
            quiet=True,
            use_cookies=False,
            resume=True,
            progress=progress,
            timeout=TIMEOUT,
            retries=RETRIES,
            cancel=cancel,
        )

    begun = partial_of(target)
    try:
        attempt()
    except (requests.HTTPError, TransferError) as error:
        if begun is None or not _cannot_go_on(error):
            raise
        begun.unlink()
        attempt()
    return whole


def _cannot_go_on(error: requests.HTTPError | TransferError) -> bool:
    """Say whether the server has the file, but not from where the last attempt ended."""
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
