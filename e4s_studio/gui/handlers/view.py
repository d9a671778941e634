"""Connects zoom, panes, layouts, themes and the keyboard's way through the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSizeF, Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from e4s_studio import __version__
from e4s_studio.gui.canvas.view import ZOOM_PER_NOTCH
from e4s_studio.gui.dialogs.shortcuts import ShortcutsDialog
from e4s_studio.gui.panes.area import Arrangement
from e4s_studio.gui.theme import Theme, apply_theme, running_application

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QDockWidget

    from e4s_studio.gui.canvas.view import ViewTransform
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences

_WINDOW_LAYOUT = "window"
_PANES_LAYOUT = "panes"


class ViewHandler(QObject):
    """How the window looks, and how it is remembered."""

    def __init__(self, window: MainWindow, view: ViewTransform, preferences: Preferences) -> None:
        super().__init__(window)
        self._window = window
        self._view = view
        self._preferences = preferences
        self._hidden_docks: list[QWidget] = []
        self._connect_zoom()
        self._connect_panes()
        self._connect_window()

    def restore(self) -> None:
        """Bring the window back as the artist left it."""
        self.use_theme(self._preferences.theme)
        window, preferences = self._window, self._preferences
        window.arrange_first()
        if preferences.restore_layout(_WINDOW_LAYOUT, window):
            preferences.restore_layout(_PANES_LAYOUT, window.area)
        window.actions_by_name.use_shortcuts(preferences.shortcuts())
        if not preferences.hint_seen:
            window.hint.pop_up()

    def remember(self) -> None:
        """Keep the window as it is now."""
        self._window.area.restore_maximised()
        self._preferences.save_layout(_WINDOW_LAYOUT, self._window)
        self._preferences.save_layout(_PANES_LAYOUT, self._window.area)

    def use_theme(self, theme: Theme) -> None:
        """Show the window in `theme` from now on."""
        self._preferences.theme = theme
        self._window.actions_by_name[f"view.{theme}"].setChecked(True)
        apply_theme(theme)
        self._window.tint(theme)

    def _connect_zoom(self) -> None:
        actions, view = self._window.actions_by_name, self._view
        actions["view.fit"].triggered.connect(self._fit)
        actions["view.actual"].triggered.connect(self._show_actual_size)
        actions["view.zoom_in"].triggered.connect(partial(self._zoom_by, ZOOM_PER_NOTCH))
        actions["view.zoom_out"].triggered.connect(partial(self._zoom_by, 1 / ZOOM_PER_NOTCH))
        actions["view.mirror"].toggled.connect(view.set_mirrored)
        actions["view.mirror"].toggled.connect(self._window.result.photograph_view.set_mirrored)
        view.changed.connect(self._show_zoom)
        self._window.canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show the zoom anew when the canvas has another size: a fitted picture follows it."""
        if event.type() == QEvent.Type.Resize:
            self._show_zoom()
        return super().eventFilter(watched, event)

    def _show_zoom(self) -> None:
        canvas = self._window.canvas
        zoom = self._view.zoom(QSizeF(canvas.size())) * canvas.devicePixelRatioF()
        self._window.status.show_zoom(zoom)

    def _connect_panes(self) -> None:
        actions, area = self._window.actions_by_name, self._window.area
        for name, dock in area.docks.items():
            _tie(actions[f"view.{name}"], dock)
        for arrangement in Arrangement:
            actions[f"view.{arrangement}_layout"].triggered.connect(
                partial(area.arrange, arrangement)
            )
        actions["view.maximise"].triggered.connect(
            lambda: area.toggle_maximised(area.pane_at_cursor())
        )
        area.maximised.connect(self._give_room)

    def _connect_window(self) -> None:
        actions = self._window.actions_by_name
        actions["view.full_screen"].triggered.connect(self._full_screen)
        actions["view.next_part"].triggered.connect(self._next_part)
        actions["view.reset_layout"].triggered.connect(self._window.arrange_first)
        for theme in Theme:
            actions[f"view.{theme}"].triggered.connect(partial(self.use_theme, theme))
        actions["edit.shortcuts"].triggered.connect(self._choose_shortcuts)
        actions["help.hint"].triggered.connect(self._window.hint.pop_up)
        actions["help.about"].triggered.connect(self._about)
        self._window.hint.closed.connect(self._hint_closed)
        running_application().focusChanged.connect(self._bring_forward)

    def _fit(self) -> None:
        view, _ = self._view_and_size()
        view.fit()

    def _show_actual_size(self) -> None:
        view, size = self._view_and_size()
        view.show_actual_size(self._window.devicePixelRatioF(), size)

    def _zoom_by(self, factor: float) -> None:
        view, size = self._view_and_size()
        view.zoom_by(factor, size)

    def _view_and_size(self) -> tuple[ViewTransform, QSizeF]:
        """Return what the pane at the cursor shows of its picture, and that pane's size."""
        window = self._window
        navigators = {
            "source": window.source.navigator,
            "canvas": window.canvas.navigator,
            "result": window.result.navigator,
        }
        navigator = navigators[window.area.pane_at_cursor()]
        return navigator.view, navigator.viewport

    def _give_room(self, maximised: bool) -> None:  # noqa: FBT001 - a slot of a signal
        """Hide the docks while one pane has the whole window, and bring them back after."""
        docks = self._window.dock_widgets.values()
        if maximised:
            self._hidden_docks = [dock for dock in docks if not dock.isHidden()]
        for dock in self._hidden_docks:
            dock.setVisible(not maximised)

    def _full_screen(self, on: bool) -> None:  # noqa: FBT001 - a slot of a signal
        if on:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def _next_part(self) -> None:
        """Move the keyboard to the next pane or dock that is shown."""
        window = self._window
        parts: list[QWidget] = [window.source, window.canvas, window.result]
        parts += [window.tools, window.history.view, window.regions, window.blend, window.model]
        parts = [part for part in parts if part.isVisible()]
        here = QApplication.focusWidget()
        place = next((n for n, part in enumerate(parts) if _holds(part, here)), -1)
        _give_focus(parts[(place + 1) % len(parts)])

    def _bring_forward(self, _before: QWidget | None, focused: QWidget | None) -> None:
        """Show the dock that the keyboard went to, where it lay behind the tab of another one."""
        for dock in self._window.dock_widgets.values():
            inside = focused is not None and dock.isAncestorOf(focused)
            if inside and dock.visibleRegion().isEmpty():
                dock.raise_()

    def _choose_shortcuts(self) -> None:
        dialog = ShortcutsDialog(self._window.actions_by_name, self._window)
        dialog.accepted.connect(lambda: self._take_shortcuts(dialog.chosen()))
        dialog.open()

    def _take_shortcuts(self, chosen: dict[str, str]) -> None:
        actions = self._window.actions_by_name
        actions.use_shortcuts(chosen)
        self._preferences.save_shortcuts(actions.changed_shortcuts())

    def _hint_closed(self) -> None:
        self._preferences.hint_seen = True

    def _about(self) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle(self.tr("About E4S Studio"))
        box.setText(self.tr("<b>E4S Studio {0}</b>").format(__version__))
        box.setInformativeText(
            self.tr(
                "Swap faces by editing them: the label map gives the shape, one amount per "
                "region the texture.\n\nUse it on pictures of people who agree to it."
            )
        )
        box.open()


def _tie(action: QAction, dock: QDockWidget) -> None:
    """Let an action show and hide a dock, and follow it."""
    action.triggered.connect(lambda on: dock.setVisible(on))  # noqa: PLW0108 - drops no argument
    dock.visibilityChanged.connect(lambda _shown: action.setChecked(not dock.isHidden()))


def _holds(part: QWidget, focused: QWidget | None) -> bool:
    return focused is not None and (part is focused or part.isAncestorOf(focused))


def _give_focus(part: QWidget) -> None:
    """Give `part` the keyboard, or the first control inside it that takes it."""
    inside = [part, *part.findChildren(QWidget)]
    takers = [widget for widget in inside if widget.focusPolicy() and widget.isVisible()]
    if takers:
        takers[0].setFocus(Qt.FocusReason.ShortcutFocusReason)
