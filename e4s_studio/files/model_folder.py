"""The folder that installed networks are kept in."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from e4s_studio.core.errors import CheckpointError, DownloadError, OutputError
from e4s_studio.files import models, output
from e4s_studio.files.models import Model, State
from e4s_studio.files.partial import partial_of
from e4s_studio.files.places import models_folder

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from e4s_studio.files.downloads import Progress

    Check = Callable[[Model, Path], None]

RECORD: Final = "installed.json"
SPARE_SPACE: Final = 64 * 1024**2


class ModelFolder:
    """A folder of installed models.

    A file of the artist's in it is never deleted or overwritten: what turns out not to be the
    model is moved aside, under a name of its own.

    Parameters
    ----------
    path
        The folder; it is made when something is installed. None for the program's own.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = models_folder() if path is None else path

    def path_of(self, model: Model) -> Path:
        """Return where the model's file is, or will be."""
        return self.path / model.file

    def installed(self, model: Model) -> Path | None:
        """Return the model's file if it is there and was verified."""
        return self.path_of(model) if self.state(model) is State.INSTALLED else None

    def state(self, model: Model) -> State:
        """Return how far the model's installation is. No file's content is read."""
        path = self.path_of(model)
        if path.is_file():
            return State.INSTALLED if self._is_recorded(model) else State.FOUND
        return State.MISSING if partial_of(self._staged(model)) is None else State.STARTED

    def received(self, model: Model) -> int:
        """Return how many bytes an unfinished download has received."""
        partial = partial_of(self._staged(model))
        return 0 if partial is None else partial.stat().st_size

    def recorded_hash(self, model: Model) -> str | None:
        """Return the SHA-256 that was recorded when the model was installed."""
        return self._record().get(model.file, {}).get("sha256")

    def install(
        self,
        model: Model,
        check: Check,
        *,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> Path:
        """Fetch a model, or take the file that is there already, and verify it.

        Parameters
        ----------
        model
            What to install.
        check
            Called with the model and a file; raises CheckpointError unless the file holds its
            network.
        progress, cancel
            As in `download`.

        Raises
        ------
        DownloadError, OutputError, CancelledError
            As `download` does.
        CheckpointError
            If what came is not the network.
        """
        path = self.path_of(model)
        if path.is_file():
            if self._is_recorded(model):
                return path
            try:
                self._verified(model, path, check)
            except CheckpointError:
                _move_aside(path)
            else:
                return path
        staged = self._staged(model)
        output.make_folder(staged.parent)
        self._require_space(model)
        if not staged.is_file():
            _fetch(model, staged, progress, cancel)
        try:
            self._verified(model, staged, check, staged=True)
        except CheckpointError as error:
            staged.unlink()
            raise DownloadError(
                f"What was downloaded is not {model.title}; it was not installed. Get the file"
                f" from {model.page} and use it from disk."
            ) from error
        staged.replace(path)
        self._remember(model, self._hash(path))
        return path

    def use(self, model: Model, file: Path, check: Check) -> Path:
        """Install a model from a file on disk, which stays where it is.

        Raises
        ------
        CheckpointError
            If the file is missing or is not the model.
        OutputError
            If it cannot be copied.
        """
        if not file.is_file():
            raise CheckpointError(f"There is no file “{file}”; check its name and folder.")
        path = self.path_of(model)
        if path.exists() and path.samefile(file):
            self._verified(model, path, check)
            return path
        staged = self._staged(model)
        output.make_folder(staged.parent)
        try:
            shutil.copyfile(file, staged)
            # Verified where it was read to, and under the name that it will bear.
            digest = self._verified(model, staged, check, staged=True, named=file)
        except OSError as error:
            raise OutputError(
                f"“{file}” could not be copied to “{self.path}”"
                f" ({error.strerror or error}); free some space or choose another folder."
            ) from error
        else:
            if path.exists() and self._hash(path) != digest:
                _move_aside(path)
            staged.replace(path)
        finally:
            staged.unlink(missing_ok=True)
        self._remember(model, digest)
        return path

    def pack(self, target: Path) -> list[Model]:
        """Pack the installed models into one file for a machine with no network.

        Parameters
        ----------
        target
            A .zip file.

        Returns
        -------
        What was packed.

        Raises
        ------
        CheckpointError
            If nothing is installed.
        OutputError
            If the file cannot be written.
        """
        known = [model for model in models.CATALOGUE if self.state(model) is State.INSTALLED]
        if not known:
            raise CheckpointError("No model is installed yet, so there is nothing to pack.")
        output.check_writable(target)
        part = target.with_name(f".{target.name}.part")
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
                for model in known:
                    archive.write(self.path_of(model), model.file)
            part.replace(target)
        except OSError as error:
            raise OutputError(
                f"“{target}” could not be written ({error.strerror or error})."
            ) from error
        finally:
            part.unlink(missing_ok=True)
        return known

    def unpack(self, archive: Path, check: Check) -> list[Model]:
        """Install every model of a packed file.

        Raises
        ------
        CheckpointError
            If the file is no pack, holds no model, or one that is not what its name says.
        """
        staging = self.path / ".unpacking"
        try:
            with zipfile.ZipFile(archive) as pack:
                known = [model for model in models.CATALOGUE if model.file in pack.namelist()]
                if not known:
                    raise CheckpointError(f"“{archive}” holds none of the models known here.")
                output.make_folder(staging)
                for model in known:
                    _require_plausible(model, pack.getinfo(model.file).file_size)
                    self.use(model, Path(pack.extract(model.file, staging)), check)
        except (OSError, zipfile.BadZipFile) as error:
            raise CheckpointError(
                f"“{archive}” is not a pack of models, or is damaged; make it again."
            ) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return known

    def _staged(self, model: Model) -> Path:
        return self.path / ".downloading" / model.file

    def _verified(
        self,
        model: Model,
        file: Path,
        check: Check,
        *,
        staged: bool = False,
        named: Path | None = None,
    ) -> str:
        """Return the hash of a file that is the model; a pinned hash needs no further check.

        Messages call it `named`, where the artist knows it by another name.
        """
        digest = self._hash(file)
        if model.sha256 is not None and digest != model.sha256:
            raise CheckpointError(
                f"“{named or file}” is not {model.title}: its SHA-256 begins with {digest[:12]}"
                f" instead of {model.sha256[:12]}. It may be cut short; get it again from"
                f" {model.page}."
            )
        if model.sha256 is None:
            check(model, file)
        if not staged:
            self._remember(model, digest)
        return digest

    @staticmethod
    def _hash(file: Path) -> str:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _require_space(self, model: Model) -> None:
        free = shutil.disk_usage(self.path).free
        needed = model.size - self.received(model) + SPARE_SPACE
        if free < needed:
            raise OutputError(
                f"{model.title} needs {needed // 10**6} MB in “{self.path}”, where"
                f" {free // 10**6} MB are free; free some space or choose another folder."
            )

    def _record(self) -> dict[str, dict[str, Any]]:
        try:
            record = json.loads((self.path / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # then the files are there, not checked
        return record if isinstance(record, dict) else {}

    def _remember(self, model: Model, digest: str) -> None:
        status = self.path_of(model).stat()
        entry = {"sha256": digest, "size": status.st_size, "changed": status.st_mtime_ns}
        record = self._record() | {model.file: entry}
        text = json.dumps(record, indent=1, sort_keys=True)
        output.write_whole(self.path / RECORD, text.encode())

    def _is_recorded(self, model: Model) -> bool:
        entry = self._record().get(model.file, {})
        status = self.path_of(model).stat()
        return (entry.get("size"), entry.get("changed")) == (status.st_size, status.st_mtime_ns)


def _require_plausible(model: Model, size: int) -> None:
    """Refuse a pack that would fill the disk with what is no model."""
    if size > 2 * model.size:
        raise CheckpointError(
            f"“{model.file}” in the pack is {size // 10**6} MB large, far more than"
            f" {model.title} is; make the pack again."
        )


def _fetch(
    model: Model, staged: Path, progress: Progress | None, cancel: threading.Event | None
) -> None:
    from e4s_studio.files.downloads import download  # noqa: PLC0415 (0.3 s, rarely)

    download(model.url, staged, sha256=model.sha256, progress=progress, cancel=cancel)


def _move_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    path.rename(aside)
