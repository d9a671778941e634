"""The networks that can be installed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from e4s_studio.core.errors import SettingsError


@dataclass(frozen=True)
class Model:
    """A network that can be installed.

    Parameters
    ----------
    name
        What commands call it.
    title, purpose, licence, page
        What the artist is told of it before anything is fetched.
    file
        The file's name in the folder (facexlib looks for its own names).
    url
        Where it is fetched from; a Google Drive address or a plain one.
    size
        Its size in bytes, about where no hash is known.
    sha256
        Its hash, where it is known.
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
    """How far a model's installation is, in words for a list."""

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
