"""What the artist can do to the document without a brush: one verb a method, one step each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from e4s_studio.core.regions import GROUPS, Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.names import region_name, shape_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from e4s_studio.core.commands import Pair
    from e4s_studio.core.settings import ShapeSource
    from e4s_studio.engine.request import StartMap
    from e4s_studio.gui.controller import Controller

# The swap rule makes another map when one of these changes.
_MAP_SETTINGS = frozenset({"shapes", "face_over_hair"})


class Editing(QObject):
    """Verbs on the controller's document."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._controller = controller
        self._document = controller.document
        self._wanted: EditSettings | None = None
        self._late: list[Callable[[], None]] = []
        controller.changed.connect(self._follow_stroke)

    def set_amounts(self, regions: Iterable[Region], amount: float, gesture: str = "") -> None:
        """Give regions a texture amount, 0 to 1; moves of one gesture are one step."""
        chosen = frozenset(regions)
        self._document.change_settings(
            self._document.settings.with_amount(chosen, amount),
            name=self.tr("{0} texture {1} %").format(self._group_name(chosen), round(amount * 100)),
            merge_key=gesture or None,
        )

    def reset_amounts(self) -> None:
        """Go back to the amounts of a full swap."""
        self._document.change_settings(
            replace(self._document.settings, amounts=EditSettings().amounts),
            name=self.tr("Reset textures"),
        )

    def set_setting(self, attribute: str, value: object, gesture: str = "") -> None:
        """Change one attribute of the settings that belongs to no region."""
        name = self._setting_name(attribute)
        change: dict[str, Any] = {attribute: value}
        if attribute in _MAP_SETTINGS:
            self._restart(replace(self._wanted or self._document.settings, **change), name)
        else:
            settings = replace(self._document.settings, **change)
            self._document.change_settings(settings, name=name, merge_key=gesture or None)

    def set_shape(self, region: Region, shape: ShapeSource) -> None:
        """Take a region's shape from somewhere else; the swap rule makes the map anew."""
        name = self.tr("{0} shape: {1}").format(region_name(region), shape_name(shape))
        wanted = (self._wanted or self._document.settings).with_shape(region, shape)
        self._restart(wanted, name)

    def end_gesture(self) -> None:
        """End the drag of a slider: its next move is another step."""
        self._document.seal()
        self._controller.rendering.submit_rest()

    def set_locked(self, region: Region, *, locked: bool) -> None:
        """Lock a region against all tools, or free it."""
        self._document.rules = self._document.rules.with_lock(region, locked=locked)

    def undo(self) -> None:
        """Take the last step back."""
        self._document.undo()
        self._controller.rendering.submit_rest()

    def redo(self) -> None:
        """Do the last undone step again."""
        self._document.redo()
        self._controller.rendering.submit_rest()

    def jump(self, index: int) -> None:
        """Go to where `index` steps are done."""
        self._document.jump(index)
        self._controller.rendering.submit_rest()

    def keep(self, slot: str) -> None:
        """Keep the state, and its picture if it is there, as snapshot A, B or C."""
        self._document.keep(slot)
        self._controller.rendering.results.keep(slot, self._document.revision)

    def recall(self, slot: str) -> None:
        """Go back to a kept state, as one step."""
        self._document.recall(slot)
        self._controller.rendering.submit_rest()

    def _restart(self, wanted: EditSettings, name: str) -> None:
        if not self._controller.has_pair:
            self._document.change_settings(wanted, name=name)
            return
        self._wanted = wanted
        self._make_map(wanted, name)

    def _make_map(self, wanted: EditSettings, name: str) -> None:
        """Apply the swap rule to the open pair, off the GUI thread."""
        portraits, workspace = self._document.portraits, self._controller.workspace
        source, target = portraits
        if source is not None and target is not None:
            workspace.jobs.run(
                Job(
                    self.tr("Making the map"),
                    lambda: workspace.ready_engine().start_map(source, target, wanted),
                    partial(self._take_map, portraits, wanted, name),
                )
            )

    def _follow_stroke(self) -> None:
        """Take at a stroke's end the maps that came during it."""
        if not self._document.in_stroke:
            late, self._late = self._late, []
            for take in late:
                QTimer.singleShot(0, self, take)

    def _take_map(self, portraits: Pair, wanted: EditSettings, name: str, start: StartMap) -> None:
        """Put a new map under the paint; sliders may have moved while it was made."""
        if portraits != self._document.portraits:  # a crop was cut out anew meanwhile
            self._make_map(wanted, name)
            return
        if self._document.in_stroke:  # which would end under the artist's hand
            self._late.append(partial(self._take_map, portraits, wanted, name, start))
            return
        if self._wanted is wanted:
            self._wanted = None
        label_map, hole = start
        settings = replace(
            self._document.settings, shapes=wanted.shapes, face_over_hair=wanted.face_over_hair
        )
        self._document.restart(label_map, hole, settings=settings, name=name)
        self._controller.rendering.submit_rest()

    def _group_name(self, regions: frozenset[Region]) -> str:
        if len(regions) == 1:
            return region_name(next(iter(regions)))
        if regions == GROUPS["inner_face"]:
            return self.tr("Inner face")
        return self.tr("All regions")

    def _setting_name(self, attribute: str) -> str:
        return {
            "face_over_hair": self.tr("Face and hair order"),
            "detail": self.tr("Detail"),
            "blend_width": self.tr("Blend width"),
            "light": self.tr("Follow light"),
            "film": self.tr("Follow film"),
            "precision": self.tr("Precision"),
            "live_preview": self.tr("Live preview"),
        }[attribute]
