"""The whole of a swap in a few calls: open a pair, fit, swap, export.

The commands and notebooks use it; `docs/api.md` shows how. It imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.contents import DocumentSnapshot
from e4s_studio.core.pair import Both
from e4s_studio.core.settings import EditSettings
from e4s_studio.engine.drawing.devices import device_named
from e4s_studio.engine.drawing.export_layers import placed_layers
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.faces.portraits import native_size
from e4s_studio.engine.finishing.paste import into_photograph
from e4s_studio.engine.fitting.fit import Fitter, plan_for
from e4s_studio.engine.fitting.fitted_file import unpack_fitted
from e4s_studio.engine.opening import open_portrait
from e4s_studio.engine.swap import start_map
from e4s_studio.files.export.exporting import ExportJob, export
from e4s_studio.files.export.kinds import ExportKind
from e4s_studio.files.images import encode_image
from e4s_studio.files.places import keys_folder
from e4s_studio.files.project import Labelling
from e4s_studio.files.provenance.credential import Signed, sign, write_signed
from e4s_studio.files.provenance.facts import facts_of
from e4s_studio.files.provenance.identity import local_identity
from e4s_studio.files.resources import BUILT_IN_MODEL
from e4s_studio.train.pairs import practice_pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.finishing.compose import Composite
    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.project import FittedWeights
    from e4s_studio.files.provenance.facts import Ground
    from e4s_studio.files.provenance.identity import Identity

_NO_MAPS: Both[Path | None] = Both(None, None)
_FIRST_FACES = Both(0, 0)
_DEFAULTS = EditSettings()
_UNSTATED = Labelling()


def open_pair(
    source: Path,
    target: Path,
    label_maps: Both[Path | None] = _NO_MAPS,
    faces: Both[int] = _FIRST_FACES,
) -> Both[Portrait]:
    """Open two photographs: find their faces, cut them out and parse them.

    Parameters
    ----------
    source, target
        The photograph whose face is taken, and the one that receives it.
    label_maps
        Label maps of the photographs or their crops; None to parse them.
    faces
        Which face of each photograph, 0 for the surest.

    Raises
    ------
    ImageError, FaceError, LabelMapError
        If a photograph cannot be read, shows no such face, or its label map does not fit.
    """
    return Both(
        open_portrait(source, label_maps.source, face=faces.source),
        open_portrait(target, label_maps.target, face=faces.target),
    )


def fit(  # noqa: PLR0913 - all but the pair by name
    portraits: Both[Portrait],
    *,
    checkpoint: Path | None = None,
    device: str = "auto",
    steps: int | None = None,
    seed: int = 0,
    tune_generator: bool = False,
    kept: FittedWeights | None = None,
    progress: Callable[[int, int], None] = lambda _taken, _steps: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> FittedPair:
    """Fit a model to a pair (2211.14068, section 3.4; 2310.15081).

    Parameters
    ----------
    portraits
        The pair.
    checkpoint
        An E4S checkpoint; None for the built-in model.
    device
        "auto", "cpu", "cuda" or "mps".
    steps
        Steps of the optimisers; None for the model's own number. 0 leaves the model as it is.
    seed
        The same seed, portraits and model give the same fit.
    tune_generator
        With a published checkpoint, whether its generator is fitted too.
    kept
        A fit of this pair and model that a project keeps; it is taken as it is.
    progress
        Called after each step with the steps taken and all steps.
    is_cancelled
        Asked before each step; once it returns True, the fit ends as far as it has come.

    Raises
    ------
    CheckpointError
        If the checkpoint is not one of this network, or `kept` is a fit of another.
    SettingsError
        If there is no such device, or the number of steps is negative.
    """
    network = load_network(checkpoint, device_named(device))
    model = BUILT_IN_MODEL if checkpoint is None else checkpoint.name
    if kept is not None:
        return FittedPair(Renderer(unpack_fitted(kept, network), portraits), model)
    plan = plan_for(network, steps=steps, seed=seed, tune_generator=tune_generator)
    if plan.steps == 0:
        return FittedPair(Renderer(encode_pair(network, portraits), portraits), model)
    fitter = Fitter(network, portraits, plan, practice_pairs(network.config.size))
    while not (fitter.is_done or is_cancelled()):
        fitter.step()
        progress(fitter.steps_taken, plan.steps)
    return FittedPair(Renderer(fitter.fitted(), portraits), model)


@dataclass(frozen=True, eq=False)
class FittedPair:
    """A pair and the model that was fitted to it.

    Attributes
    ----------
    renderer
        Draws the pair's swaps.
    model
        The name of the model before the fit.
    """

    renderer: Renderer
    model: str

    def swap(self, settings: EditSettings = _DEFAULTS) -> Swap:
        """Swap the shapes by the published rule (2211.14068, section 3.3) and the settings."""
        source, target = self.renderer.portraits
        labels, hole = start_map(source.labels, target.labels, settings)
        occluder, amount = (np.full(labels.shape, level, np.uint8) for level in (0, 255))
        snapshot = DocumentSnapshot(0, source, target, labels, hole, occluder, amount, settings)
        return Swap(self, snapshot)


@dataclass(frozen=True, eq=False)
class Swap:
    """A swap of a fitted pair. It is drawn when a picture is first asked for.

    Attributes
    ----------
    pair
        The fitted pair.
    snapshot
        The swap's label map, mattes and settings, such as an edited document has them.
    """

    pair: FittedPair
    snapshot: DocumentSnapshot

    @cached_property
    def composite(self) -> Composite:
        """The finished crop at the photograph's resolution, and its layers."""
        renderer, snapshot = self.pair.renderer, self.snapshot
        *_, drawn = renderer.drawings(snapshot.labels, snapshot.settings.amounts)
        return renderer.finish(drawn, snapshot, native_size(snapshot.target))

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The target's whole photograph with the swap in it, (H, W, 3) uint8 RGB."""
        return into_photograph(self.snapshot.target, self.composite)

    @cached_property
    def layers(self) -> ExportLayers:
        """What exports are made from."""
        return placed_layers(self.snapshot, self.composite)

    def write(
        self, path: Path, *, ground: Ground | None = None, credential: bool = True
    ) -> list[Path]:
        """Write `picture`, 8 bits a channel, whole or not at all; return the files written.

        Parameters
        ----------
        path
            Its suffix decides the format: PNG, JPEG, WebP or TIFF.
        ground
            On what ground the sitter's face is used.
        credential
            Whether to sign it with what was done to it (C2PA), by this computer's own key.

        Raises
        ------
        OutputError
            If the suffix does not fit or the place cannot be written to.
        CredentialError
            If the picture cannot be signed.
        """
        data = encode_image(path, self.picture)
        if not credential:
            return write_signed(path, Signed(data))
        facts = facts_of(self.snapshot, self.pair.model, ground, self.composite.film)
        return write_signed(path, sign(data, path.name, facts, local_identity(keys_folder())))

    def export(
        self,
        path: Path,
        kind: ExportKind = ExportKind.PICTURE,
        labelling: Labelling = _UNSTATED,
        identity: Identity | None = None,
        progress: Callable[[float], None] = lambda _: None,
    ) -> list[Path]:
        """Export it as the editor does, whole or not at all; return the files written.

        A picture has the photograph's own depth, colour profile and EXIF.

        Parameters
        ----------
        path
            Its suffix decides the format; .psd and .ora have layers.
        kind
            The picture, the face alone, the label map, or a sheet.
        labelling
            How it is labelled; signed, unless it says otherwise.
        identity
            Whose key signs it; None for this computer's own.
        progress
            Called with 0 to 1.

        Raises
        ------
        OutputError
            If the suffix does not fit, the format cannot hold the picture, or the place cannot be
            written to.
        CredentialError
            If the picture cannot be signed.
        """
        if labelling.credential and identity is None:
            identity = local_identity(keys_folder())
        job = ExportJob.of(
            self.snapshot,
            self.layers,
            path,
            kind=kind,
            labelling=labelling,
            model=self.pair.model,
            identity=identity,
        )
        return export(job, progress)
