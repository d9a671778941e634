"""The window as a whole: first start, menus, keys, themes, layout."""

from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QCursor, QKeySequence, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QMenu,
    QScrollArea,
    QWidget,
)

from e4s_studio.core.regions import Region
from e4s_studio.engine.request import FitProgress
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.files.resources import ICONS, sample_map, sample_pair
from e4s_studio.gui.app import Start
from e4s_studio.gui.names import region_name
from e4s_studio.gui.theme import Theme
from e4s_studio.gui.tools.tool import ToolKind
from e4s_studio.gui.widgets.pane_filters import WIDTH as FRAME


def menu_actions(menu: QMenu) -> list[QAction]:
    actions = []
    for action in menu.actions():
        actions += menu_actions(action.menu()) if action.menu() else [action]
    return actions


def test_first_start_shows_the_sample_pair_and_the_hint(make_studio):
    studio = make_studio()
    studio.editor.start(Start())
    assert studio.window.isVisible()
    assert studio.window.hint.isVisible()
    source, target = sample_pair()
    studio.wait_for_pair()
    assert studio.document.source.path == source
    assert studio.document.target.path == target
    studio.wait_for_final()
    assert studio.window.result.picture is not None
    # The shipped map is used, not a parser's guess.
    np.testing.assert_array_equal(studio.document.target.labels, read_label_map(sample_map(target)))


def test_the_hint_stays_away_once_it_was_closed(make_studio, pair):
    first = make_studio()
    first.editor.start(Start(pair))
    QTest.mouseClick(first.window.hint.button, Qt.MouseButton.LeftButton)
    assert not first.window.hint.isVisible()
    first.window.close()
    second = make_studio()
    second.editor.start(Start(pair))
    assert not second.window.hint.isVisible()


def test_every_action_stands_in_a_menu(studio):
    window = studio.window
    in_menus = {
        action for entry in window.menuBar().actions() for action in menu_actions(entry.menu())
    }
    missing = [
        name for name in window.actions_by_name if window.actions_by_name[name] not in in_menus
    ]
    assert missing == []


def test_no_two_actions_share_a_key(studio):
    actions = studio.window.actions_by_name
    keys = Counter(actions[name].shortcut().toString() for name in actions)
    keys.pop("")
    assert [key for key, count in keys.items() if count > 1] == []


def shared_letters(texts: list[str]) -> dict[str, list[str]]:
    """Return the letters with Alt that several texts have, with those texts."""
    by_letter: dict[str, list[str]] = {}
    for text in texts:
        by_letter.setdefault(QKeySequence.mnemonic(text).toString(), []).append(text)
    by_letter.pop("", None)
    return {letter: texts for letter, texts in by_letter.items() if len(texts) > 1}


def lettered(part: QWidget) -> list[str]:
    """Return the texts of controls, and of labels that lead to one."""
    labels = [label.text() for label in part.findChildren(QLabel) if label.buddy()]
    return [button.text() for button in part.findChildren(QAbstractButton)] + labels


def test_no_menu_has_a_letter_twice(studio):
    menus = [entry.menu() for entry in studio.window.menuBar().actions()]
    shared = {}
    while menus:
        menu = menus.pop()
        shared |= shared_letters([action.text() for action in menu.actions()])
        menus += [action.menu() for action in menu.actions() if action.menu()]
    assert shared == {}


def test_the_window_has_no_letter_twice(studio):
    bar = [entry.text() for entry in studio.window.menuBar().actions()]
    assert shared_letters(bar + lettered(studio.window)) == {}


@pytest.mark.parametrize("name", ["edit.shortcuts", "file.export", "file.signing", "model.install"])
def test_no_dialog_has_a_letter_twice(studio, name):
    studio.window.actions_by_name[name].trigger()
    (dialog,) = (each for each in studio.window.findChildren(QDialog) if each.isVisible())
    assert shared_letters(lettered(dialog)) == {}
    dialog.close()


def test_every_control_says_what_it_does(studio):
    window = studio.window
    silent = [
        button
        for button in window.findChildren(QAbstractButton)
        if not button.objectName().endswith("ext_button")
        and not (button.text() or button.toolTip() or button.accessibleName())
    ]
    assert silent == []


def test_every_icon_is_drawn_and_used(studio):
    items = [
        *studio.window.findChildren(QAction),
        *studio.window.findChildren(QAbstractButton),
    ]
    named = {item.property("iconName") for item in items} | {
        item.property("iconNameChecked") for item in items
    }
    drawn = {path.stem for path in ICONS.glob("*.svg")}
    assert named - {None, ""} == drawn - {"e4s-studio"}


def ink_of(item: QAction) -> QColor:
    """Return the mean colour of the icon's opaque pixels."""
    image = item.icon().pixmap(48, 48).toImage()
    points = [(x, y) for x in range(image.width()) for y in range(image.height())]
    opaque = [image.pixelColor(x, y) for x, y in points if image.pixelColor(x, y).alpha() > 250]
    return opaque[len(opaque) // 2]


def test_icons_take_the_ink_of_the_theme(studio):
    actions = studio.window.actions_by_name
    assert ink_of(actions["file.open_target"]).lightness() > 180
    actions["view.light"].trigger()
    assert studio.preferences.theme is Theme.LIGHT
    assert ink_of(actions["file.open_target"]).lightness() < 80


@pytest.mark.parametrize("name", ["source", "canvas", "result"])
def test_a_pane_can_be_hidden_and_shown(studio, name):
    action = studio.window.actions_by_name[f"view.{name}"]
    assert action.isChecked()
    action.trigger()
    assert studio.window.area.docks[name].isHidden()
    action.trigger()
    assert studio.window.area.docks[name].isVisible()


@pytest.mark.parametrize("name", ["source", "canvas", "result"])
def test_a_pane_takes_the_whole_window_and_gives_it_back(studio, qtbot, name):
    window = studio.window
    QApplication.processEvents()
    before = {name: dock.geometry() for name, dock in window.area.docks.items()}
    pane = window.area.docks[name]
    window.area.title_bar(name).maximise_asked.emit()
    others = [dock for dock in window.area.docks.values() if dock is not pane]
    assert all(dock.isHidden() for dock in others)
    assert window.dock_widgets["regions"].isHidden()
    qtbot.waitUntil(lambda: pane.width() > window.width() * 0.9)
    window.area.title_bar(name).maximise_asked.emit()
    assert window.dock_widgets["regions"].isVisible()
    QApplication.processEvents()
    assert {name: dock.geometry() for name, dock in window.area.docks.items()} == before


def test_keys_are_for_the_pane_that_came_under_a_resting_pointer(studio, qtbot):
    area, result = studio.window.area, studio.window.result
    QApplication.processEvents()
    # The screen without a display is narrower than the window.
    QCursor.setPos(result.mapToGlobal(QPoint(20, result.height() // 2)))
    assert area.pane_at_cursor() == "result"
    area.toggle_maximised("canvas")
    qtbot.waitUntil(lambda: area.pane_at_cursor() == "canvas")
    area.restore_maximised()
    qtbot.waitUntil(lambda: area.pane_at_cursor() == "result")


@pytest.mark.parametrize("layout", ["even", "compare", "paint"])
def test_arrangements_show_all_panes(studio, layout, qtbot):
    studio.window.actions_by_name[f"view.{layout}_layout"].trigger()
    docks = studio.window.area.docks

    def is_arranged() -> bool:
        widths = {name: dock.width() for name, dock in docks.items()}
        if layout == "even":
            return max(widths.values()) - min(widths.values()) <= 4
        large = "result" if layout == "compare" else "canvas"
        return widths[large] > 1.2 * sum(widths.values()) / 3

    qtbot.waitUntil(is_arranged)
    assert all(dock.isVisible() for dock in docks.values())


def test_a_long_name_like_markup_is_shown_as_it_is(studio, qtbot):
    name = "<b>ann</b> & bob" + " and so on" * 20 + ".jpg"
    label, wide = studio.window.area.title_bar("source").detail, studio.window.width()
    label.setText(name)
    long = label.grab().toImage()
    label.setText(name.replace(".jpg", ".png"))
    assert label.grab().toImage() != long  # the end is seen
    label.setText(name.replace("<b>", "<i>"))
    assert label.grab().toImage() != long  # and so is what looks like markup
    assert "&lt;i&gt;ann&lt;/b&gt; &amp; bob" in label.toolTip()
    assert studio.window.minimumSizeHint().width() <= wide
    studio.window.notice.say(f"“{name}” is damaged.")
    assert studio.window.notice.sentence.textFormat() is Qt.TextFormat.PlainText


def test_a_notice_waits_for_whoever_reads_it(studio, qtbot):
    notice, handle = studio.window.notice, studio.window.windowHandle()
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow)
    notice.say("Something is read here.")
    QTest.mouseMove(handle, notice.mapTo(studio.window, notice.rect().center()))
    qtbot.waitUntil(notice.underMouse)
    for _ in range(2):
        with qtbot.waitSignal(notice.timer.timeout):
            notice.timer.setInterval(1)
        assert notice.isVisible()
    QTest.mouseMove(handle, QPoint(5, 5))
    qtbot.waitUntil(notice.isHidden)


def test_the_layout_is_remembered(make_studio, pair):
    first = make_studio()
    first.editor.start(Start(pair))
    first.window.dock_widgets["history"].close()
    first.window.area.docks["source"].close()
    first.window.close()
    second = make_studio()
    second.editor.start(Start(pair))
    assert second.window.dock_widgets["history"].isHidden()
    assert second.window.area.docks["source"].isHidden()
    second.window.actions_by_name["view.reset_layout"].trigger()
    assert second.window.dock_widgets["history"].isVisible()
    assert second.window.area.docks["source"].isVisible()


def test_the_panes_zoom_together(studio):
    actions, view = studio.window.actions_by_name, studio.editor.view
    assert view.is_fitted
    actions["view.zoom_in"].trigger()
    assert not view.is_fitted
    actions["view.actual"].trigger()
    for pane in (studio.window.source, studio.window.canvas, studio.window.result):
        assert view.zoom(pane.size().toSizeF()) * pane.devicePixelRatioF() == pytest.approx(1)
    actions["view.fit"].trigger()
    assert view.is_fitted


def test_a_photograph_is_moved_by_hand(studio):
    view, pane = studio.editor.view, studio.window.source
    view.set_zoom(8.0, pane.size().toSizeF())
    middle = pane.rect().center()
    before = view.to_picture(middle.toPointF(), pane.size().toSizeF())
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(pane, middle + QPoint(80, 0))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=middle + QPoint(80, 0))
    QTest.mouseMove(pane, middle)
    after = view.to_picture(middle.toPointF(), pane.size().toSizeF())
    assert after.x() == pytest.approx(before.x() - 10)
    assert studio.window.status.zoom.text() == "800 %"


def test_the_keyboard_reaches_every_part(studio, qtbot):
    window = studio.window
    window.activateWindow()
    parts = (
        window.source,
        window.canvas,
        window.result,
        window.tools,
        window.regions,
        window.blend,
    )
    reached = set()
    for _ in range(12):
        window.actions_by_name["view.next_part"].trigger()
        focused = window.focusWidget()
        reached |= {part for part in parts if part is focused or part.isAncestorOf(focused)}
    assert reached == set(parts)


def test_the_keyboard_stops_only_where_it_is_seen(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.result.setFocus()
    stops = []
    while window.focusWidget() is not window.source and len(stops) < 200:
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        stop = window.focusWidget()
        assert not isinstance(stop, QScrollArea)
        assert not stop.visibleRegion().isEmpty()
        stops.append(stop)
    assert window.source in stops
    for dock in (window.tools, window.regions, window.blend, window.model):
        assert any(dock.isAncestorOf(stop) for stop in stops)


def test_the_next_part_lies_behind_no_tab(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for _ in range(18):
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_F6)
        assert not window.focusWidget().visibleRegion().isEmpty()


def frames_of(window) -> dict[str, bool]:
    panes = {"source": window.source, "canvas": window.canvas, "result": window.result}
    return {name: pane.focus_frame.isVisible() for name, pane in panes.items()}


def contrast(first: QColor, second: QColor) -> float:
    """Return the contrast ratio of WCAG 2, 1 to 21."""

    def luminance(colour: QColor) -> float:
        linear = [
            value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
            for value in colour.getRgbF()[:3]
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_a_frame_shows_which_pane_the_keyboard_was_brought_to(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.model.setFocus()
    window.blend.setFocus()
    seen = set()
    for _ in range(12):
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_F6)
        focused = window.focusWidget()
        framed = {name for name, shown in frames_of(window).items() if shown}
        assert framed == {
            name for name in ("source", "canvas", "result") if getattr(window, name) is focused
        }
        seen |= framed
    assert seen == {"source", "canvas", "result"}


def test_mouse_and_pen_need_no_frame(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.mouseClick(window.source, Qt.MouseButton.LeftButton)
    assert window.source.hasFocus()
    assert not any(frames_of(window).values())
    window.source.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(window.source, Qt.Key.Key_F6)
    assert frames_of(window)["canvas"]
    studio.editor.toolbox.choose(ToolKind.PICK)
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=window.canvas.rect().center())
    assert window.canvas.hasFocus()
    assert not any(frames_of(window).values())


def test_the_frame_is_there_again_after_a_dialog(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.result.setFocus(Qt.FocusReason.TabFocusReason)
    assert frames_of(window)["result"]
    qtbot.keyClick(window.result, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = (each for each in window.findChildren(QDialog) if each.isVisible())
    qtbot.waitUntil(dialog.isActiveWindow)
    assert not frames_of(window)["result"]
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    window.activateWindow()  # as the system's window manager does
    qtbot.waitUntil(lambda: frames_of(window)["result"])


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("name", ["source", "canvas", "result"])
def test_the_frame_is_seen_on_any_picture(studio, qtbot, theme, name):
    studio.window.actions_by_name[f"view.{theme}"].trigger()
    pane = getattr(studio.window, name)
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow)
    studio.window.regions.rows[Region.SKIN].slider.setFocus()
    before = pane.grab().toImage()
    pane.setFocus(Qt.FocusReason.TabFocusReason)
    after, middle = pane.grab().toImage(), pane.height() // 2
    outer, inner = (QColor(after.pixel(x, middle)) for x in (0, FRAME - 1))
    # Two neighbours that differ that much leave no picture from which both fade.
    assert contrast(outer, inner) >= 4.5
    for x, y in ((0, 0), (pane.width() - 1, middle), (middle, pane.height() - 1)):
        assert QColor(after.pixel(x, y)) == outer
    # Past it the picture is as it was.
    inside = pane.rect().adjusted(FRAME, FRAME, -FRAME, -FRAME)
    assert after.copy(inside) == before.copy(inside)


@pytest.mark.parametrize("theme", Theme)
def test_links_can_be_read(studio, theme):
    studio.window.actions_by_name[f"view.{theme}"].trigger()
    studio.window.actions_by_name["model.install"].trigger()
    (dialog,) = (each for each in studio.window.findChildren(QDialog) if each.isVisible())
    row = next(iter(dialog.rows.values()))
    ground = row.grab().toImage().pixelColor(row.width() // 2, 4)
    label = next(each for each in row.findChildren(QLabel) if "href" in each.text())
    assert contrast(label.palette().color(QPalette.ColorRole.Link), ground) >= 4.5
    dialog.close()


def test_the_frame_goes_with_the_pane(studio, qtbot):
    pane = studio.window.result
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow)
    pane.setFocus(Qt.FocusReason.TabFocusReason)
    studio.window.area.toggle_maximised("result")
    qtbot.waitUntil(lambda: pane.width() > studio.window.width() * 0.9)
    assert pane.focus_frame.geometry() == pane.rect()
    shown = pane.grab().toImage()
    assert shown.pixel(pane.width() - 1, 9) == shown.pixel(0, 9)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("name", ["choice", "shape", "tool", "paintOver"])
def test_the_button_that_has_the_keyboard_is_seen(studio, qtbot, theme, name):
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow)
    studio.window.actions_by_name[f"view.{theme}"].trigger()
    buttons = studio.window.findChildren(QAbstractButton, name)
    button = next(one for one in buttons if one.isVisible() and one.focusPolicy())
    studio.window.canvas.setFocus()
    before, size = button.grab().toImage(), button.size()
    button.setFocus()
    assert button.grab().toImage() != before
    assert button.size() == size


def test_the_status_bar_says_what_is_shown(studio):
    status = studio.window.status
    assert status.model.text() == "Built-in model"
    assert status.device.text() == "CPU"
    assert status.stage.text() == "final"
    assert status.time.text() == "40 ms"
    assert not status.progress.isVisible()


def test_a_message_and_a_fit_do_not_share_a_place(studio, qtbot):
    status = studio.window.status
    studio.gate.fit.clear()
    studio.controller.fitting.start()
    assert status.progress.isVisible()
    status.showMessage("Wrote a file")
    status.show_fit(FitProgress(1, 0.5))
    widgets = (status.work, status.progress, status.cancel)
    assert not any(widget.isVisible() for widget in widgets)
    status.clearMessage()
    assert all(widget.isVisible() for widget in widgets)
    status.showMessage("Wrote a file")
    studio.gate.fit.set()
    studio.wait_for_fit()
    status.clearMessage()
    assert not any(widget.isVisible() for widget in widgets)


def test_the_status_bar_names_the_region_under_the_pointer_after_work_too(studio):
    status, window = studio.window.status, studio.window
    centre = window.canvas.rect().center()
    QTest.mouseMove(window.canvas, centre)
    assert status.pointed.isVisible()
    assert status.pointed.text() == region_name(
        Region(int(studio.document.snapshot().labels[128, 128]))
    )
    studio.controller.busy.emit("Opening")
    studio.controller.busy.emit("")
    assert status.pointed.isVisible()
    assert status.pointed.text()
