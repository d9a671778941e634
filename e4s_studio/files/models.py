"""The networks that can be installed, and the folder that they are installed in."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from e4s_studio.core.errors import CheckpointError, DownloadError, OutputError, SettingsError
from e4s_studio.files import output
from e4s_studio.files.places import models_folder

if TYPE_CHECKING:
    import threading

    from e4s_studio.files.downloads import Progress

_RECORD: Final = "installed.json"
_SPARE_SPACE: Final = 64 * 1024**2
"""Bytes that stay free on the disk after a download."""


@dataclass(frozen=True)
class Model:
    """A network that can be installed.

    Attributes
    ----------
    name
        Its name in commands.
    title, purpose, licence, page
        What the artist reads before anything is downloaded.
    file
        Its file's name in the folder; facexlib looks for its own names.
    url
        Where it is downloaded from: a Google Drive address or a plain one.
    size
        Its size in bytes; approximate where no hash is known.
    sha256
        Its hash, if that is known.
    """

    name: str
    title: str
    purpose: str
    licence: str
    page: str
    file: str
    url: str
    size: int
    sha256: str | None = None


Check = Callable[[Model, Path], None]
"""Raises CheckpointError unless a file holds a model's network."""

CATALOGUE: Final = (
    Model(
        name="e4s",
        title="E4S (RGI, 1024²)",
        purpose="The published swapping network, trained on 70,000 portraits.",
        licence="code MIT; weights trained on FFHQ, for research and not for commerce",
        page="https://github.com/e4s2022/e4s",
        file="iteration_300000.pt",
        url="https://drive.google.com/uc?id=1cyJTYRO5G4kcugAcgSJ7cMsE96GzV_hq",
        size=1_450_000_000,
    ),
    Model(
        name="retinaface",
        title="RetinaFace (ResNet-50)",
        purpose="Finds faces that are small, turned aside or half covered.",
        licence="MIT; trained on WIDER FACE, for research",
        page="https://github.com/xinntao/facexlib",
        file="detection_Resnet50_Final.pth",
        url="https://github.com/xinntao/facexlib/releases/download/v0.1.0/detection_Resnet50_Final.pth",
        size=109_497_761,
        sha256="6d1de9c2944f2ccddca5f5e010ea5ae64a39845a86311af6fdf30841b0a5a16d",
    ),
    Model(
        name="bisenet",
        title="BiSeNet",
        purpose="Parses faces: finer hair, glasses and earrings than the starter map.",
        licence="MIT; trained on CelebAMask-HQ, for research and not for commerce",
        page="https://github.com/xinntao/facexlib",
        file="parsing_bisenet.pth",
        url="https://github.com/xinntao/facexlib/releases/download/v0.2.0/parsing_bisenet.pth",
        size=53_289_463,
        sha256="468e13ca13a9b43cc0881a9f99083a430e9c0a38abd935431d1c28ee94b26567",
    ),
)


class State(Enum):
    """The state of a model's installation, in words for a list."""

    MISSING = "not installed"
    STARTED = "partly downloaded"
    FOUND = "there, not checked"
    INSTALLED = "installed"


def model_named(name: str) -> Model:
    """Return the model of this name.

    Raises
    ------
    SettingsError
        If there is none.
    """
    models = {model.name: model for model in CATALOGUE}
    if name.lower() not in models:
        raise SettingsError(f"There is no model “{name}”; choose from {', '.join(models)}.")
    return models[name.lower()]


class ModelFolder:
    """A folder of installed models.

    A file of the artist's in it is never deleted or overwritten: a file that is not the model
    is renamed.

    Parameters
    ----------
    path
        The folder, which is made when something is installed; None for the program's own.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = models_folder() if path is None else path

    def path_of(self, model: Model) -> Path:
        """Return the path of the model's file, which need not exist."""
        return self.path / model.file

    def installed(self, model: Model) -> Path | None:
        """Return the model's file if it is there and was verified."""
        return self.path_of(model) if self.state(model) is State.INSTALLED else None

    def state(self, model: Model) -> State:
        """Return the state of the model's installation, without reading its file."""
        path = self.path_of(model)
        if path.is_file():
            return State.INSTALLED if self._is_recorded(model) else State.FOUND
        return State.MISSING if output.partial_of(self._staged(model)) is None else State.STARTED

    def received(self, model: Model) -> int:
        """Return the number of bytes that an unfinished download has received."""
        partial = output.partial_of(self._staged(model))
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
        """Download a model, or take the file that is there already, and verify it.

        Parameters
        ----------
        model
            What to install.
        check
            Checks a file with no known hash.
        progress, cancel
            As in `download`.

        Raises
        ------
        DownloadError, OutputError, CancelledError
            As `download` does; DownloadError also if what came is not the network.
        """
        path = self.path_of(model)
        if self.state(model) is State.INSTALLED:
            return path
        if path.is_file():
            try:
                self._remember(model, _verified(model, path, check))
            except CheckpointError:
                _move_aside(path)
            else:
                return path
        staged = self._staged(model)
        output.make_folder(staged.parent)
        self._require_space(model)
        if not staged.is_file():
            _download(model, staged, progress, cancel)
        try:
            digest = _verified(model, staged, check)
        except CheckpointError as error:
            staged.unlink()
            raise DownloadError(
                f"What was downloaded is not {model.title}; it was not installed. Get the file"
                f" from {model.page} and use it from disk."
            ) from error
        return self._put(model, staged, digest)

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
            self._remember(model, _verified(model, path, check))
            return path
        staged = self._staged(model)
        output.make_folder(staged.parent)
        try:
            shutil.copyfile(file, staged)
            # The copy is what will be used, under the name that it will have.
            digest = _verified(model, staged, check, named=file)
            if path.exists() and _hash(path) != digest:
                _move_aside(path)
            return self._put(model, staged, digest)
        except OSError as error:
            raise OutputError(
                f"“{file}” could not be copied to “{self.path}”"
                f" ({error.strerror or error}); free some space or choose another folder."
            ) from error
        finally:
            staged.unlink(missing_ok=True)

    def pack(self, target: Path) -> list[Model]:
        """Pack the installed models into a .zip file for a machine with no network.

        Returns
        -------
        The packed models.

        Raises
        ------
        CheckpointError
            If nothing is installed.
        OutputError
            If the file cannot be written.
        """
        known = [model for model in CATALOGUE if self.state(model) is State.INSTALLED]
        if not known:
            raise CheckpointError("No model is installed yet, so there is nothing to pack.")
        with output.replacing(target) as part, zipfile.ZipFile(part, "w") as archive:
            for model in known:
                archive.write(self.path_of(model), model.file)
        return known

    def unpack(self, archive: Path, check: Check) -> list[Model]:
        """Install every model of a packed file; return them.

        Raises
        ------
        CheckpointError
            If the file is no pack, holds no model, or one that is not what its name says.
        """
        staging = self.path / ".unpacking"
        try:
            with zipfile.ZipFile(archive) as pack:
                known = [model for model in CATALOGUE if model.file in pack.namelist()]
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

    def _put(self, model: Model, staged: Path, digest: str) -> Path:
        path = self.path_of(model)
        staged.replace(path)
        self._remember(model, digest)
        return path

    def _require_space(self, model: Model) -> None:
        free = shutil.disk_usage(self.path).free
        needed = model.size - self.received(model) + _SPARE_SPACE
        if free < needed:
            raise OutputError(
                f"{model.title} needs {needed // 10**6} MB in “{self.path}”, where"
                f" {free // 10**6} MB are free; free some space or choose another folder."
            )

    def _record(self) -> dict[str, dict[str, Any]]:
        try:
            record = json.loads((self.path / _RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # the files are then checked again
        return record if isinstance(record, dict) else {}

    def _remember(self, model: Model, digest: str) -> None:
        status = self.path_of(model).stat()
        entry = {"sha256": digest, "size": status.st_size, "changed": status.st_mtime_ns}
        record = self._record() | {model.file: entry}
        text = json.dumps(record, indent=1, sort_keys=True)
        output.write_whole(self.path / _RECORD, text.encode())

    def _is_recorded(self, model: Model) -> bool:
        entry = self._record().get(model.file, {})
        status = self.path_of(model).stat()
        return (entry.get("size"), entry.get("changed")) == (status.st_size, status.st_mtime_ns)


def _verified(model: Model, file: Path, check: Check, *, named: Path | None = None) -> str:
    """Return the hash of a file that is the model.

    A file with a known hash is not checked further. Messages call the file `named`.

    Raises
    ------
    CheckpointError
        If the file is not the model.
    """
    digest = _hash(file)
    if model.sha256 is None:
        check(model, file)
    elif digest != model.sha256:
        raise CheckpointError(
            f"“{named or file}” is not {model.title}: its SHA-256 begins with {digest[:12]}"
            f" instead of {model.sha256[:12]}. It may be cut short; get it again from"
            f" {model.page}."
        )
    return digest


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _require_plausible(model: Model, size: int) -> None:
    """Refuse a pack that would fill the disk with something that is no model."""
    if size > 2 * model.size:
        raise CheckpointError(
            f"“{model.file}” in the pack is {size // 10**6} MB large, far more than"
            f" {model.title} is; make the pack again."
        )


def _download(
    model: Model, staged: Path, progress: Progress | None, cancel: threading.Event | None
) -> None:
    from e4s_studio.files.downloads import download  # noqa: PLC0415 (0.3 s, rarely)

    download(model.url, staged, progress=progress, cancel=cancel)


def _move_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    path.rename(aside)
