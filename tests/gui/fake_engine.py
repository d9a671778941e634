"""An engine without a network: it mixes the two photographs by label map and amounts."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import safetensors.numpy

from e4s_studio.core.contents import DocumentSnapshot
from e4s_studio.core.errors import CancelledError, CheckpointError, FaceError
from e4s_studio.core.face import Face
from e4s_studio.core.geometry import Box
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.core.regions import FACE, Region
from e4s_studio.core.settings import EditSettings, Precision, ShapeSource
from e4s_studio.engine.faces.align import crop, from_crop, paste_back, recrop_labels, uncrop_labels
from e4s_studio.engine.faces.recrop import quad_of
from e4s_studio.engine.finishing.film import film_of
from e4s_studio.engine.request import EngineChoice, FitProgress, ModelInUse, Post, RenderResult
from e4s_studio.files.export.layers import ExportLayers
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.files.project import FittedWeights

COARSE = 128
CROP = 256
WHITE = 235
DOUBTFUL = {(0.25, 0.3): 0.9, (0.7, 0.75): 0.7}
FIT_STEPS = 20


def mix(snapshot: DocumentSnapshot) -> np.ndarray:
    """Return the (H, W, 3) uint8 picture that a snapshot stands for."""
    amounts = np.array(snapshot.settings.amounts, np.float32)[snapshot.labels]
    amounts *= snapshot.amount / 255.0
    amounts *= 1 - snapshot.occluder / 255.0
    inside = np.isin(snapshot.labels, list(FACE)).astype(np.float32)
    share = (amounts * (0.25 + 0.75 * inside))[..., None]
    mixed = snapshot.target.image * (1 - share) + snapshot.source.image * share
    return mixed.astype(np.uint8)


def framed(image: np.ndarray) -> np.ndarray:
    """Return the photograph that a crop was cut from: white at both sides of it."""
    width = image.shape[1]
    return np.pad(image, ((0, 0), (width, width), (0, 0)), constant_values=255)


@dataclass(eq=False)
class Gate:
    """Holds the engine's threads back until a test lets them go."""

    render: threading.Event = field(default_factory=threading.Event)
    fit: threading.Event = field(default_factory=threading.Event)
    rendering: threading.Event = field(default_factory=threading.Event)
    fitting: threading.Event = field(default_factory=threading.Event)
    export: threading.Event = field(default_factory=threading.Event)
    exporting: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)
    opening: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.export.set()
        self.open.set()
        self.render.set()
        self.fit.set()


class FakeEngine:
    """Renders and fits on threads of its own, newest edit first."""

    def __init__(self, choice: EngineChoice, post: Post, gate: Gate) -> None:
        self.choice = choice
        self.gate = gate
        self.submitted: list[int] = []
        self._post = post
        self._waiting: tuple[DocumentSnapshot, int, bool] | None = None
        self._condition = threading.Condition()
        self._closed = False
        self._fit_stop = threading.Event()
        self._fit: threading.Thread | None = None
        self._thread = threading.Thread(target=self._render_all, name="fake render")
        self._thread.start()
        self.model = "fake" if choice.checkpoint is None else choice.checkpoint.name
        self.doubted = 0
        self.packed: list[int] = []
        self.taken: list[tuple[FittedWeights, Portrait]] = []
        name = None if choice.checkpoint is None else choice.checkpoint.stem
        post(ModelInUse(name, "cpu", needs_fit=choice.checkpoint is None))

    def open_portrait(
        self,
        path: Path,
        label_map: Path | None,
        quad: Quad | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Portrait:
        """Read a photograph; without a map it gets an oval face.

        A square one is a crop; faces in others are white squares, cut out `CROP` pixels wide.
        """
        image = read_image(path)
        self.gate.opening.set()
        self.gate.open.wait()
        if is_cancelled():
            raise CancelledError("Stopped. Nothing was opened.")
        square = image.shape[0] == image.shape[1]
        labels = oval(image.shape[0]) if label_map is None else read_label_map(label_map)
        if square and quad is None:
            return Portrait(image, labels, path, image)
        if quad is None:
            faces = self.find_faces(image)
            if not faces:
                raise FaceError("No face was found; place the alignment quad by hand.")
            quad = faces[0].quad
        return Portrait(
            crop(image, quad, CROP), oval(CROP), path, image, quad.points, path.read_bytes()
        )

    def find_faces(self, photograph: np.ndarray) -> list[Face]:
        """Find white squares, the largest first."""
        white = (photograph.min(axis=2) > WHITE).astype(np.uint8)
        _, _, boxes, _ = cv2.connectedComponentsWithStats(white)
        found = sorted(boxes[1:].tolist(), key=lambda box: -box[4])
        largest = found[0][4] if found else 1
        return [_face(*box, area / largest) for *box, area in found]

    def recut(self, portrait: Portrait, quad: Quad, *, keep_map: bool) -> Portrait:
        """Cut out anew; what is not kept is an oval face."""
        photograph = portrait.photograph
        size = portrait.shape[0]
        labels = oval(size)
        if keep_map:
            labels = recrop_labels(portrait.labels, quad_of(portrait), quad, labels)
        image = crop(photograph, quad, size)
        return replace(portrait, image=image, labels=labels, quad=quad.points)

    def doubt(self, image: np.ndarray) -> np.ndarray:
        """Doubt two patches."""
        self.doubted += 1
        doubt = np.zeros(image.shape[:2], np.float32)
        side = len(doubt)
        for (x, y), value in DOUBTFUL.items():
            cv2.circle(doubt, (round(x * side), round(y * side)), side // 24, value, -1)
        return doubt

    def start_map(
        self, source: Portrait, target: Portrait, settings: EditSettings
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take each region from where the settings say."""
        labels = target.labels.copy()
        wanted = [r for r in Region if settings.shape(r) is ShapeSource.SOURCE]
        taken = np.isin(source.labels, wanted) & (labels != Region.BACKGROUND)
        if not settings.face_over_hair:
            taken &= labels != Region.HAIR
        labels[taken] = source.labels[taken]
        return labels, np.zeros(labels.shape, np.bool_)

    def picture(self, snapshot: DocumentSnapshot) -> np.ndarray:
        """Return the mixed picture."""
        return mix(snapshot)

    def export_layers(self, snapshot: DocumentSnapshot) -> ExportLayers:
        """Return the mixed picture, and the source's face over the whole crop."""
        self.gate.exporting.set()
        self.gate.export.wait()
        target = snapshot.target
        whole = target.photograph
        quad, window = quad_of(target), Box.of(whole)
        inside = np.isin(snapshot.labels, list(FACE)).astype(np.float32)
        return ExportLayers(
            photograph=whole,
            window=window,
            result=paste_back(whole, mix(snapshot), inside, quad).astype(np.float32),
            face=from_crop(snapshot.source.image, quad, window),
            matte=from_crop(inside, quad, window),
            occluder=from_crop(snapshot.occluder / np.float32(255), quad, window),
            labels=uncrop_labels(snapshot.labels, quad, whole.shape[:2]),
        )

    def packed_fit(self, snapshot: DocumentSnapshot) -> FittedWeights:
        """Keep the source's mean colour as what was learnt."""
        self.packed.append(snapshot.revision)
        learnt = snapshot.source.image.mean(axis=(0, 1), dtype=np.float32)
        return FittedWeights(self.model, safetensors.numpy.save({"mean": learnt}))

    def take_fit(self, weights: FittedWeights, snapshot: DocumentSnapshot) -> None:
        """Take what `packed_fit` gave."""
        if weights.model != self.model:
            raise CheckpointError("The fit is not one of this network.")
        self.taken.append((weights, snapshot.source))

    def submit(self, snapshot: DocumentSnapshot, pair: int, *, whole: bool = False) -> None:
        """Put a snapshot in place of the one that waits."""
        with self._condition:
            self.submitted.append(snapshot.revision)
            self._waiting = (snapshot, pair, whole)
            self._condition.notify()

    def start_fit(self, snapshot: DocumentSnapshot, pair: int) -> None:
        """Count steps on a thread."""
        quality = _quality(snapshot)
        with self._condition:
            if self._closed:
                return
            self.cancel_fit()
            self._fit_stop = stop = threading.Event()
            counting = (quality, pair, stop, self._fit)
            self._fit = threading.Thread(target=self._count, args=counting, name="fake fit")
            self._fit.start()

    def cancel_fit(self) -> None:
        """Let the fit end at its next step."""
        self._fit_stop.set()

    def close(self) -> None:
        """End both threads."""
        with self._condition:
            self._closed = True
            self.cancel_fit()
            self.gate.fit.set()
            self.gate.render.set()
            self._condition.notify()
        self._thread.join()
        if self._fit is not None:
            self._fit.join()

    def _render_all(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._closed or self._waiting is not None)
                if self._closed:
                    return
                asked, self._waiting = self._waiting, None
            self.gate.rendering.set()
            self.gate.render.wait()
            snapshot, pair, whole = asked
            self._render(snapshot, pair, whole=whole)

    def _render(self, snapshot: DocumentSnapshot, pair: int, *, whole: bool) -> None:
        image = mix(snapshot)
        small = cv2.resize(image, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        target = snapshot.target
        film = film_of(snapshot.portraits.map(lambda each: each.image), target.labels).trait
        coarse = RenderResult(
            small, snapshot.revision, pair, False, "cpu", Precision.FLOAT32, 0.04, film=film
        )
        self._post(coarse)
        final = replace(coarse, image=image, final=True)
        if whole:
            final = replace(final, photograph=framed(image), original=framed(target.image))
        self._post(final)

    def _count(self, quality, pair, stop, previous) -> None:
        if previous is not None:
            previous.join()
        for step in range(1, FIT_STEPS + 1):
            self.gate.fitting.set()
            self.gate.fit.wait()
            if stop.is_set():
                self._post(FitProgress(pair, step / FIT_STEPS, cancelled=True))
                return
            self._post(FitProgress(pair, step / FIT_STEPS, quality + step / 3))


def _face(left: int, top: int, width: int, height: int, confidence: float) -> Face:
    """Return a face whose eyes and mouth lie in a box as they usually do."""
    points = ((0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.8), (0.65, 0.8))
    landmarks = tuple((left + x * width, top + y * height) for x, y in points)
    return Face(confidence, (left, top, left + width, top + height), landmarks)


def _quality(snapshot: DocumentSnapshot) -> float:
    """Return how near a blurred target is to the target, in decibels."""
    target = snapshot.target.image
    return cv2.PSNR(target, cv2.GaussianBlur(target, (0, 0), 5))


def oval(size: int) -> np.ndarray:
    """Return a (size, size) uint8 label map of a plain face."""
    labels = np.zeros((size, size), np.uint8)
    centre = size // 2
    for region, axes in ((Region.HAIR, (0.42, 0.48)), (Region.SKIN, (0.32, 0.4))):
        half = tuple(round(axis * size) for axis in axes)
        cv2.ellipse(labels, (centre, centre), half, 0, 0, 360, int(region), -1)
    for region, (x, y), axes in (
        (Region.EYES, (0.38, 0.42), (0.05, 0.025)),
        (Region.EYES, (0.62, 0.42), (0.05, 0.025)),
        (Region.NOSE, (0.5, 0.55), (0.05, 0.1)),
        (Region.LIP, (0.5, 0.72), (0.1, 0.04)),
    ):
        half = tuple(round(axis * size) for axis in axes)
        place = (round(x * size), round(y * size))
        cv2.ellipse(labels, place, half, 0, 0, 360, int(region), -1)
    return labels
