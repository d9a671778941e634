"""Painting and settings as undoable steps: planes, strokes and history."""

from __future__ import annotations

from typing import TYPE_CHECKING
import numpy as np
from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import EMPTY_BOX, Box
from e4s_studio.core.label_map import PaintRules, clipped
from e4s_studio.core.layers import FULL, EditState, Layers, changed_regions
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from e4s_studio.core.commands import NO_THUMBNAIL, Command, CommandStack, Layer
from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.events import Change, Observers
from e4s_studio.core.label_map import FREE, PaintRules, checked_labels
from e4s_studio.core.layers import EditState, Layers, changed_regions
from e4s_studio.core.settings import EditSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from e4s_studio.core.brush import SoftStencil, Stencil
    from e4s_studio.core.regions import Region
    from collections.abc import Callable, Iterable, Mapping
    import numpy as np
    from e4s_studio.core.commands import Pair
    from e4s_studio.core.plane import Patch

MATTES = frozenset({Layer.OCCLUDER, Layer.AMOUNT})
"""The layers that a soft brush writes to."""


class Stroke:
    """One gesture from button down to button up.

    Parameters
    ----------
    name
        What the artist does, in a few words: the name of the undo step.
    before
        The layers and settings as they are when the stroke begins.
    """

    def __init__(self, name: str, before: EditState) -> None:
        self.name = name
        self.before = before
        self.boxes: dict[Layer, Box] = {}
        self._covers: dict[Layer, NDArray[np.float32]] = {}

    def paint(
        self, layers: Layers, stencil: Stencil, region: Region, rules: PaintRules
    ) -> tuple[Box, frozenset[Region]]:
        """Write a region under a stencil; return the pixels and the regions that changed."""
        box, mask = clipped(*stencil, layers.box)
        old = layers.labels.view()[box.slices].copy()
        taken = mask & layers.labels.paintable(box, region, rules)
        patch = layers.labels.write(box, mask, region, rules=rules)
        layers[Layer.PAINTED].put(box, taken, 1)
        self._touch(Layer.LABELS, patch.box)
        self._touch(Layer.PAINTED, box)
        return patch.box, changed_regions(old, layers.labels.view()[box.slices])

    def erase(
        self, layers: Layers, stencil: Stencil, rules: PaintRules
    ) -> tuple[Box, frozenset[Region]]:
        """Put pixels back to the started map; return the pixels and the regions that changed."""
        box, mask = clipped(*stencil, layers.box)
        old = layers.labels.view()[box.slices].copy()
        started = layers[Layer.STARTED].view()
        patch = layers.labels.write_labels(box, mask, started, rules=rules)
        back = layers.labels.view()[box.slices] == started[box.slices]
        layers[Layer.PAINTED].put(box, mask & back, 0)
        self._touch(Layer.LABELS, patch.box)
        self._touch(Layer.PAINTED, box)
        return patch.box, changed_regions(old, layers.labels.view()[box.slices])

    def cover(
        self,
        layers: Layers,
        layer: Layer,
        stencil: SoftStencil,
        value: float,
        within: Region | None,
    ) -> Box:
        """Move a matte toward a value; return the pixels that changed.

        Where one stroke passes twice the greater cover counts, so that overlapping dabs leave no
        bands: result = before + max(cover) (value - before).
        """
        box, cover = clipped(*stencil, layers.box)
        if within is not None:
            cover = cover * (layers.labels.view()[box.slices] == within)
        greatest = self._covers.setdefault(layer, np.zeros(layers.box.shape, np.float32))
        np.maximum(greatest[box.slices], cover, out=greatest[box.slices])
        before = self.before.planes[layer][box.slices].astype(np.float32)
        mixed = before + greatest[box.slices] * (value * FULL - before)
        patch = layers[layer].put(box, cover > 0, np.rint(mixed).astype(np.uint8))
        self._touch(layer, patch.box)
        return patch.box

    def _touch(self, layer: Layer, box: Box) -> None:
        self.boxes[layer] = self.boxes.get(layer, EMPTY_BOX).union(box)


MAPS: Final = (Layer.LABELS, Layer.HOLE)


class Painting:
    """Planes and settings that change by undoable steps; each change is told to the observers.

    Pixels change inside a stroke only: `begin`, then any number of `paint`, `erase` and `cover`,
    then `commit` (one undo step) or `abort` (as if it had not been).
    """

    def __init__(self, settings: EditSettings | None = None) -> None:
        self._settings = settings or EditSettings()
        self._rules = FREE
        self._layers: Layers | None = None
        self._stroke: Stroke | None = None
        self._history = CommandStack()
        self._revision = 0
        self._observers = Observers()

    @property
    def settings(self) -> EditSettings:
        """The settings."""
        return self._settings

    @property
    def history(self) -> CommandStack:
        """The command stack; go through it with `undo`, `redo` and `jump`."""
        return self._history

    @property
    def revision(self) -> int:
        """A number that grows with every change that the result depends on."""
        return self._revision

    @property
    def is_empty(self) -> bool:
        """Whether no target is open, so that there is nothing to paint on."""
        return self._layers is None

    @property
    def box(self) -> Box:
        """The box of all pixels; empty while no target is open."""
        return EMPTY_BOX if self._layers is None else self._layers.box

    @property
    def in_stroke(self) -> bool:
        """Whether a stroke is under way."""
        return self._stroke is not None

    @property
    def rules(self) -> PaintRules:
        """Locks and paint-over rules."""
        return self._rules

    @rules.setter
    def rules(self, rules: PaintRules) -> None:
        if rules != self._rules:
            self._rules = rules
            self._notify(Change(self._revision, rules=True))

    def pixels(self, layer: Layer) -> NDArray[np.uint8]:
        """Return a layer's present (H, W) pixels, read-only; fetch them anew after a change."""
        return self._open_layers()[layer].view()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; call what is returned to end that."""
        return self._observers.subscribe(listener)

    def state(self) -> EditState:
        """Return everything that undo covers, a stroke under way included; nothing is copied."""
        return EditState(self._open_layers().freeze(), self._settings)

    # Strokes

    def begin(self, name: str) -> None:
        """Begin a stroke; one that is still under way is committed first.

        Raises
        ------
        LabelMapError
            If no target is open.
        """
        self.commit()
        self._stroke = Stroke(name, self.state())

    def paint(self, stencil: Stencil, region: Region) -> None:
        """Give the stencil's pixels to a region, as far as the rules allow."""
        stroke = self._open_stroke()
        box, regions = stroke.paint(self._open_layers(), stencil, region, self._rules)
        self._changed(Change(0, labels=box, regions=regions, in_stroke=True))

    def erase(self, stencil: Stencil) -> None:
        """Put the stencil's pixels back to what the swap rule made, except locked regions'."""
        stroke = self._open_stroke()
        box, regions = stroke.erase(self._open_layers(), stencil, self._rules)
        self._changed(Change(0, labels=box, regions=regions, in_stroke=True))

    def cover(
        self, layer: Layer, stencil: SoftStencil, value: float, *, within: Region | None = None
    ) -> None:
        """Move a matte toward a value with a soft stencil.

        Parameters
        ----------
        layer
            `Layer.OCCLUDER` (the original's pixels win) or `Layer.AMOUNT`.
        stencil
            How much each pixel is covered.
        value
            0 to 1: what full cover leaves.
        within
            The region to stay inside of, by the label map; everywhere by default.
        """
        if layer not in MATTES or not 0 <= value <= 1:
            raise ValueError(f"no soft brush paints {value} on {layer}")
        box = self._open_stroke().cover(self._open_layers(), layer, stencil, value, within)
        self._changed(Change(0, mattes=box, in_stroke=True))

    def commit(self) -> None:
        """End the stroke under way, if any: it becomes one step of the history."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        patches = self._open_layers().patches_since(stroke.before.planes, stroke.boxes)
        self._push(stroke.name, patches, self._settings)
        self._notify(Change(self._revision, history=True))

    def abort(self) -> None:
        """Take the stroke under way back, if there is one."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            layers = self._open_layers()
            now = layers.freeze()
            layers.restore(stroke.before.planes)
            self._announce(now, self._settings, stroke.boxes)

    # Settings and mattes

    def change_settings(
        self,
        settings: EditSettings,
        *,
        name: str,
        merge_key: str | None = None,
        origin: object = None,
    ) -> None:
        """Take other settings, as one undo step.

        Parameters
        ----------
        settings
            The new settings.
        name
            What the artist did, in a few words.
        merge_key
            Steps that follow each other with the same key become one (a slider's drag), until
            `seal`.
        origin
            Whoever asks for it; it stands in the change that observers get.
        """
        self.commit()
        before, self._settings = self._settings, settings
        changes = before.changes(settings)
        if changes:
            self._push(name, {}, before, merge_key)
            self._changed(Change(0, settings=changes, history=True, origin=origin))

    def seal(self) -> None:
        """End a slider's drag: its next change is an undo step of its own."""
        self._history.seal()

    def take(self, state: EditState, *, name: str) -> None:
        """Take planes and settings from elsewhere, as one undo step.

        Raises
        ------
        LabelMapError
            If no target is open, or a plane does not fit it.
        """
        layers = self._open_layers()
        self.commit()
        before = self.state()
        layers.restore(state.planes)
        self._settings = state.settings
        self._record(name, before)

    def clear_matte(self, layer: Layer, *, name: str = "Clear matte") -> None:
        """Clear a matte, as one undo step."""
        if layer not in MATTES:
            raise ValueError(f"{layer} is no matte")
        layers = self._open_layers()
        self.commit()
        before = self.state()
        layers[layer].replace(Layers.blank(before.planes[Layer.LABELS])[layer].freeze())
        self._record(name, before)

    # History

    def undo(self) -> None:
        """Take the last step back; nothing happens where there is none."""
        self.commit()
        self.jump(max(0, self._history.index - 1))

    def redo(self) -> None:
        """Do the step again that was taken back last; nothing happens where there is none."""
        self.commit()
        self.jump(min(len(self._history.commands), self._history.index + 1))

    def jump(self, index: int) -> None:
        """Go to where `index` steps are done. A stroke under way is committed first.

        Raises
        ------
        IndexError
            If there is no such place.
        LabelMapError
            If a step on the way is damaged; everything stays as it was.
        """
        self.commit()
        place = self._history.index
        before_settings = self._settings
        before = {} if self._layers is None else self._layers.freeze()
        steps = self._history.steps_to(index)
        try:
            boxes = self._walk(steps, back=index < place)
        except LabelMapError:
            self._history.steps_to(place)
            self._settings = before_settings
            if self._layers is not None:
                self._layers.restore(before)
            raise
        if steps:
            recut = any(step.recut is not None for step in steps)
            self._announce(before, before_settings, boxes, portraits=recut)

    # Inside

    def _open_layers(self) -> Layers:
        if self._layers is None:
            raise LabelMapError("Open a target photograph first.")
        return self._layers

    def _open_stroke(self) -> Stroke:
        if self._stroke is None:
            raise RuntimeError("pixels change inside a stroke only: call begin first")
        return self._stroke

    def _walk(self, steps: Iterable[Command], *, back: bool) -> dict[Layer, Box]:
        """Undo or redo steps; return the pixels that changed in each layer."""
        boxes: dict[Layer, Box] = {}
        for command in steps:
            for layer, patch in command.patches.items():
                self._open_layers()[layer].apply(patch)
                boxes[layer] = boxes.get(layer, EMPTY_BOX).union(patch.box)
            self._settings = command.before if back else command.after
            self._exchange(command, back=back)
        for layer in boxes.keys() & {Layer.LABELS, Layer.STARTED}:
            checked_labels(self.pixels(layer))
        return boxes

    def _exchange(self, command: Command, *, back: bool) -> None:
        """Exchange what a step exchanges besides planes and settings: here, nothing."""

    def _record(self, name: str, before: EditState, origin: object = None) -> None:
        patches = self._open_layers().patches_since(before.planes)
        self._push(name, patches, before.settings)
        boxes = {layer: patch.box for layer, patch in patches.items()}
        self._announce(before.planes, before.settings, boxes, origin)

    def _push(
        self,
        name: str,
        patches: Mapping[Layer, Patch],
        before: EditSettings,
        merge_key: str | None = None,
        recut: tuple[Pair, Pair] | None = None,
    ) -> None:
        thumbnail = NO_THUMBNAIL if self._layers is None else self._layers.thumbnail()
        self._history.push(
            Command(name, patches, before, self._settings, merge_key, thumbnail, recut)
        )

    def _announce(
        self,
        before: Mapping[Layer, NDArray[np.uint8]],
        settings: EditSettings,
        boxes: Mapping[Layer, Box],
        origin: object = None,
        *,
        portraits: bool = False,
    ) -> None:
        """Report what differs from earlier settings, and from earlier planes inside the boxes."""
        maps = Box.joining(*(boxes.get(layer, EMPTY_BOX) for layer in MAPS))
        mattes = Box.joining(*(boxes.get(layer, EMPTY_BOX) for layer in MATTES))
        regions: frozenset[Region] = frozenset()
        if not maps.is_empty:
            now = self._open_layers().labels.view()
            regions = changed_regions(before[Layer.LABELS][maps.slices], now[maps.slices])
        self._changed(
            Change(
                self._revision,
                labels=maps,
                regions=regions,
                mattes=mattes,
                settings=settings.changes(self._settings),
                portraits=portraits,
                snapshots=portraits,
                history=True,
                origin=origin,
            )
        )

    def _changed(self, change: Change) -> None:
        if change.affects_result:
            self._revision += 1
        self._notify(replace(change, revision=self._revision))

    def _notify(self, change: Change) -> None:
        self._observers.notify(change)
