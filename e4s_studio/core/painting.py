"""Painting and settings as undoable steps: planes, strokes and history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.commands import NO_THUMBNAIL, Command, CommandStack, Layer
from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.events import Change, Observers
from e4s_studio.core.geometry import EMPTY_BOX, Box
from e4s_studio.core.label_map import FREE, PaintRules, checked_labels, clipped
from e4s_studio.core.layers import FULL, EditState, Layers, changed_regions
from e4s_studio.core.settings import EditSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from e4s_studio.core.brush import SoftStencil, Stencil
    from e4s_studio.core.commands import Pair
    from e4s_studio.core.plane import Patch
    from e4s_studio.core.regions import Region

_MATTES = frozenset({Layer.OCCLUDER, Layer.AMOUNT})
"""The layers that a soft brush writes to."""


class Stroke:
    """One stroke from button press to release: it changes layers and records where.

    Parameters
    ----------
    name
        The name of the undo step.
    before
        Layers and settings before the stroke.
    """

    def __init__(self, name: str, before: EditState) -> None:
        self.name = name
        self.before = before
        self.boxes: dict[Layer, Box] = {}
        self._covers: dict[Layer, NDArray[np.float32]] = {}

    def paint(
        self, layers: Layers, stencil: Stencil, region: Region, rules: PaintRules
    ) -> tuple[Box, frozenset[Region]]:
        """Set a stencil's pixels to a region; return the changed pixels and regions."""
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
        """Reset a stencil's pixels to the started map; return the changed pixels and regions."""
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
        """Blend a matte towards a value; return the pixels that changed.

        Within a stroke the highest coverage of a pixel counts, so that overlapping dabs leave no
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


_MAPS: Final = (Layer.LABELS, Layer.HOLE)


class Painting:
    """Planes and settings with undo; observers are notified of each change.

    Pixels change inside a stroke only: `begin`, then any number of `paint`, `erase` and `cover`,
    then `commit` (one undo step) or `abort` (reverts the stroke).
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
        """The command stack; navigate it with `undo`, `redo` and `jump`."""
        return self._history

    @property
    def revision(self) -> int:
        """A number that increases with every change that affects the result."""
        return self._revision

    @property
    def is_empty(self) -> bool:
        """Whether no target is open."""
        return self._layers is None

    @property
    def box(self) -> Box:
        """The box of all pixels; empty while no target is open."""
        return EMPTY_BOX if self._layers is None else self._layers.box

    @property
    def in_stroke(self) -> bool:
        """Whether a stroke is in progress."""
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
        """Return a layer's current (H, W) pixels, read-only; get them again after a change."""
        return self._open_layers()[layer].view()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` on every change; call the returned function to stop that."""
        return self._observers.subscribe(listener)

    def state(self) -> EditState:
        """Return the undoable state, including a stroke in progress, without copying."""
        return EditState(self._open_layers().freeze(), self._settings)

    # Strokes

    def begin(self, name: str) -> None:
        """Begin a stroke, after committing one in progress.

        Raises
        ------
        LabelMapError
            If no target is open.
        """
        self.commit()
        self._stroke = Stroke(name, self.state())

    def paint(self, stencil: Stencil, region: Region) -> None:
        """Set the stencil's pixels to a region, as far as the rules allow."""
        stroke = self._open_stroke()
        box, regions = stroke.paint(self._open_layers(), stencil, region, self._rules)
        self._changed(Change(0, labels=box, regions=regions, in_stroke=True))

    def erase(self, stencil: Stencil) -> None:
        """Reset the stencil's pixels to the result of the swap rule, except locked regions."""
        stroke = self._open_stroke()
        box, regions = stroke.erase(self._open_layers(), stencil, self._rules)
        self._changed(Change(0, labels=box, regions=regions, in_stroke=True))

    def cover(
        self, layer: Layer, stencil: SoftStencil, value: float, *, within: Region | None = None
    ) -> None:
        """Blend a matte towards a value with a soft stencil.

        Parameters
        ----------
        layer
            `Layer.OCCLUDER` (the original's pixels are in front) or `Layer.AMOUNT`.
        stencil
            The coverage of each pixel.
        value
            0 to 1: the value at full coverage.
        within
            Restricts the change to pixels of a region.
        """
        if layer not in _MATTES or not 0 <= value <= 1:
            raise ValueError(f"no soft brush paints {value} on {layer}")
        box = self._open_stroke().cover(self._open_layers(), layer, stencil, value, within)
        self._changed(Change(0, mattes=box, in_stroke=True))

    def commit(self) -> None:
        """End the stroke in progress, if any, as one step of the history."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        patches = self._open_layers().patches_since(stroke.before.planes, stroke.boxes)
        self._push(stroke.name, patches, self._settings)
        self._notify(Change(self._revision, history=True))

    def abort(self) -> None:
        """Revert the stroke in progress, if any."""
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
        """Change the settings, as one undo step.

        Parameters
        ----------
        settings
            The new settings.
        name
            The name of the undo step.
        merge_key
            Consecutive steps with the same key become one (a slider's drag), until `seal`.
        origin
            The caller, for the observers (`Change.origin`).
        """
        self.commit()
        before, self._settings = self._settings, settings
        changes = before.changes(settings)
        if changes:
            self._push(name, {}, before, merge_key)
            self._changed(Change(0, settings=changes, history=True, origin=origin))

    def seal(self) -> None:
        """End a slider's drag: the next change is a separate undo step."""
        self._history.seal()

    def take(self, state: EditState, *, name: str) -> None:
        """Replace planes and settings, as one undo step.

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
        if layer not in _MATTES:
            raise ValueError(f"{layer} is no matte")
        layers = self._open_layers()
        self.commit()
        before = self.state()
        layers[layer].replace(Layers.blank(before.planes[Layer.LABELS])[layer].freeze())
        self._record(name, before)

    # History

    def undo(self) -> None:
        """Undo the last step, if any."""
        self.commit()
        self.jump(max(0, self._history.index - 1))

    def redo(self) -> None:
        """Redo the step that was undone last, if any."""
        self.commit()
        self.jump(min(len(self._history.commands), self._history.index + 1))

    def jump(self, index: int) -> None:
        """Undo or redo until `index` steps are done, after committing a stroke in progress.

        Raises
        ------
        IndexError
            If `index` lies outside the history.
        LabelMapError
            If a step on the way is damaged; then nothing changes.
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
        """Undo or redo further changes of a step (for subclasses)."""

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
        """Notify of differences from earlier settings, and from earlier planes inside boxes."""
        maps = Box.joining(*(boxes.get(layer, EMPTY_BOX) for layer in _MAPS))
        mattes = Box.joining(*(boxes.get(layer, EMPTY_BOX) for layer in _MATTES))
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
