"""The document: source and target portrait, and the painting on the target."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.commands import CommandStack, Layer
from e4s_studio.core.contents import DocumentContents, DocumentSnapshot
from e4s_studio.core.errors import ImageError, LabelMapError, SettingsError
from e4s_studio.core.events import Change
from e4s_studio.core.label_map import checked_labels
from e4s_studio.core.layers import Layers
from e4s_studio.core.painting import Painting
from e4s_studio.core.pair import Both
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, ShapeSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from e4s_studio.core.commands import Command, Pair
    from e4s_studio.core.contents import Recut
    from e4s_studio.core.layers import EditState
    from e4s_studio.core.portrait import Portrait

SNAPSHOT_SLOTS: Final = ("A", "B", "C")


class Document(Painting):
    """The edited document: source and target portrait, and the painting on the target."""

    def __init__(self, settings: EditSettings | None = None) -> None:
        super().__init__(settings)
        self._portraits: Pair = Both(None, None)
        # By crop of the target, so that undoing a re-crop restores the snapshots before it.
        self._kept: dict[Portrait | None, dict[str, EditState]] = {}

    @property
    def source(self) -> Portrait | None:
        """The photograph that provides the face."""
        return self._portraits.source

    @property
    def target(self) -> Portrait | None:
        """The photograph that receives the face."""
        return self._portraits.target

    @property
    def portraits(self) -> Pair:
        """Source and target; None for a photograph that is not open."""
        return self._portraits

    def snapshot(self) -> DocumentSnapshot:
        """Return the current document, without copying.

        Raises
        ------
        ImageError
            If the source or the target is missing.
        """
        source, target = self._open_portraits()
        return self._snapshot(source, target, self.state())

    # Opening

    def open(self, *, source: Portrait | None = None, target: Portrait | None = None) -> None:
        """Open one photograph or both, with an empty history.

        A new target discards the painting. A new source alone keeps it; then `start` replaces the
        map below it.

        Raises
        ------
        ImageError
            If the two crops differ in size; then nothing changes.
        """
        new = Both(source or self.source, target or self.target)
        if new.source and new.target and new.source.shape != new.target.shape:
            raise ImageError("The source and the target crop must have the same size.")
        self.abort()
        self._portraits = new
        self._kept = {new.target: self._slots() if target is None else {}}
        if target is not None:
            self._layers = Layers.blank(target.labels)
        self._history = CommandStack()
        self._changed(Change(0, portraits=True, history=True, snapshots=True, labels=self.box))

    def start(self, label_map: NDArray[np.uint8], hole: NDArray[np.bool_]) -> None:
        """Set the result of the swap rule, without an undo step; painted pixels stay.

        Parameters
        ----------
        label_map
            (H, W) uint8 regions.
        hole
            (H, W) bool: where the rule left a gap.

        Raises
        ------
        LabelMapError
            If a map does not fit the target.
        """
        layers = self._open_layers()
        self._require_fit(label_map, hole)
        self.commit()
        layers.rebase(label_map, hole, frozenset(), frozenset())
        self._history = CommandStack()
        self._changed(Change(0, labels=self.box, regions=frozenset(Region), history=True))

    def contents(self) -> DocumentContents:
        """Return the complete contents, after committing a stroke in progress.

        The history contains the steps for the current crops: those between the last re-crop and
        the next undone one.
        """
        self.commit()
        commands, index = self._history.commands, self._history.index
        recuts = [place for place, command in enumerate(commands) if command.recut is not None]
        first = max((place + 1 for place in recuts if place < index), default=0)
        last = min((place for place in recuts if place >= index), default=len(commands))
        return DocumentContents(
            source=self.source,
            target=self.target,
            state=None if self._layers is None else self.state(),
            rules=self._rules,
            kept=MappingProxyType(dict(self._slots())),
            commands=commands[first:last],
            index=index - first,
        )

    def restore(self, contents: DocumentContents) -> None:
        """Replace the contents by those of another document.

        Raises
        ------
        LabelMapError
            If planes and target differ in size, a plane is invalid, or the index lies outside the
            history; then nothing changes.
        """
        layers = None if contents.state is None else Layers(contents.state.planes)
        size = None if contents.target is None else contents.target.shape
        if size != (None if layers is None else layers.box.shape):
            raise LabelMapError("The saved maps do not fit the saved target photograph.")
        if not 0 <= contents.index <= len(contents.commands):
            raise LabelMapError("The saved history is damaged.")
        history = CommandStack(contents.commands, contents.index)
        self.abort()
        self._portraits, self._layers = Both(contents.source, contents.target), layers
        if contents.state is not None:
            self._settings = contents.state.settings
        self._rules, self._history = contents.rules, history
        self._kept = {self.target: dict(contents.kept)}
        self._changed(
            Change(0, portraits=True, history=True, snapshots=True, rules=True, labels=self.box)
        )

    def restart(
        self,
        label_map: NDArray[np.uint8],
        hole: NDArray[np.bool_],
        *,
        settings: EditSettings,
        name: str,
        origin: object = None,
    ) -> None:
        """Change settings together with the started map that they need, as one undo step.

        Painted pixels stay, except those of a region whose shape source changes to target or
        source. A region that changes to painted keeps all its current pixels.

        Parameters
        ----------
        label_map, hole
            As for `start`, with the new settings.
        settings, name, origin
            As for `change_settings`.
        """
        layers = self._open_layers()
        self._require_fit(label_map, hole)
        self.commit()
        before = self.state()
        moved = [
            region for region in Region if before.settings.shape(region) != settings.shape(region)
        ]
        pin = frozenset(r for r in moved if settings.shape(r) is ShapeSource.PAINTED)
        layers.rebase(label_map, hole, frozenset(moved) - pin, pin)
        self._settings = settings
        self._record(name, before, origin)

    def recut(self, recut: Recut, *, name: str) -> None:
        """Set new crops of the same photographs, as one undo step.

        `recut` contains the painting on the new crop; elsewhere the started map is visible.

        Raises
        ------
        LabelMapError
            If a plane does not fit, or no target is open; then nothing changes.
        """
        layers = self._open_layers()
        self._require_fit(recut.started, recut.hole)
        if any(plane.shape != self.box.shape for plane in recut.planes.values()):
            raise LabelMapError("The maps do not fit the new crop of the target photograph.")
        self.commit()
        before, old, new = self.state(), self._portraits, Both(recut.source, recut.target)
        layers.restore(recut.planes)
        layers.rebase(recut.started, recut.hole, frozenset(), frozenset())
        self._portraits = new
        if recut.kept is not None:
            self._kept[self.target] = dict(recut.kept)
        patches = layers.patches_since(before.planes)
        self._push(name, patches, before.settings, recut=(old, new))
        boxes = {layer: patch.box for layer, patch in patches.items()}
        self._announce(before.planes, before.settings, boxes, portraits=True)

    def jump(self, index: int) -> None:
        """Undo or redo until `index` steps are done; see `Painting.jump`."""
        portraits = self._portraits
        try:
            super().jump(index)
        except LabelMapError:
            self._portraits = portraits
            raise

    # Snapshots to compare

    @property
    def kept(self) -> Mapping[str, EditState]:
        """The kept snapshots by slot, "A" to "C"."""
        return MappingProxyType(self._slots())

    def keep(self, slot: str) -> None:
        """Keep the current state in a slot, "A" to "C"."""
        _require_slot(slot)
        self.commit()
        self._slots()[slot] = self.state()
        self._notify(Change(self._revision, snapshots=True))

    def kept_snapshot(self, slot: str) -> DocumentSnapshot:
        """Return the state kept in a slot, with the current portraits.

        Raises
        ------
        ImageError
            If the source or the target is missing.
        SettingsError
            If nothing is kept in that slot.
        """
        source, target = self._open_portraits()
        return self._snapshot(source, target, self._kept_state(slot))

    def recall(self, slot: str, *, name: str = "Recall snapshot") -> None:
        """Restore a kept state, as one undo step.

        Raises
        ------
        SettingsError
            If nothing is kept in that slot.
        """
        kept = self._kept_state(slot)
        self.commit()
        self.take(kept, name=name)

    def _open_portraits(self) -> tuple[Portrait, Portrait]:
        if self.source is None or self.target is None:
            raise ImageError("Open a source and a target photograph first.")
        return self.source, self.target

    def _snapshot(self, source: Portrait, target: Portrait, state: EditState) -> DocumentSnapshot:
        return DocumentSnapshot(
            revision=self._revision,
            source=source,
            target=target,
            labels=state.planes[Layer.LABELS],
            hole=state.planes[Layer.HOLE].view(np.bool_),
            occluder=state.planes[Layer.OCCLUDER],
            amount=state.planes[Layer.AMOUNT],
            settings=state.settings,
        )

    def _slots(self) -> dict[str, EditState]:
        return self._kept.setdefault(self.target, {})

    def _exchange(self, command: Command, *, back: bool) -> None:
        if command.recut is not None:
            self._portraits = command.recut[0 if back else 1]

    def _kept_state(self, slot: str) -> EditState:
        _require_slot(slot)
        if slot not in self._slots():
            raise SettingsError(f"Nothing is kept as snapshot {slot} yet.")
        return self._slots()[slot]

    def _require_fit(self, label_map: NDArray[np.uint8], hole: NDArray[np.bool_]) -> None:
        checked_labels(label_map)
        if label_map.shape != self.box.shape or hole.shape != self.box.shape:
            raise LabelMapError("The started label map does not fit the target photograph.")


def _require_slot(slot: str) -> None:
    if slot not in SNAPSHOT_SLOTS:
        raise SettingsError(f"Snapshots are kept as {', '.join(SNAPSHOT_SLOTS)}, not “{slot}”.")
