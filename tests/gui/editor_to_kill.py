"""An editor that edits until it is killed: FOLDER OWN PICTURES WHAT.

WHAT is "nothing", "edit" for one edit, or "edits" for many from the moment in which the pair is
open. It says the number of each edit as soon as it is made; the first two also wait until it is on
the disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fake_engine import FakeEngine, Gate
from PySide6.QtCore import QSettings, QTimer

from e4s_studio.core.regions import Region
from e4s_studio.gui.app import Editor, Start, make_application
from e4s_studio.gui.photographs import Photographs
from e4s_studio.gui.preferences import Places, Preferences

PAUSE_MS = 30
STEPS = 1000
"""An amount of n / STEPS tells which edit it was."""


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def edit(editor: Editor, number: int) -> None:
    editor.editing.set_amounts([Region.SKIN], number / STEPS)
    editor.editing.end_gesture()


def main() -> None:
    folder, own, pictures = map(Path, sys.argv[1:4])
    what = sys.argv[4]
    application = make_application()
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    editor = Editor(
        lambda choice, post: FakeEngine(choice, post, Gate()), Preferences(store), Places.under(own)
    )
    timer, made = QTimer(editor), []

    def edit_once(*_: object) -> None:
        editor.controller.rendering.shown.disconnect(edit_once)
        if what == "edit":
            edit(editor, 400)
        editor.keeper.journal.flush()
        say(1)

    def edit_on() -> None:
        made.append(len(made) + 1)
        edit(editor, made[-1])
        say(made[-1])

    if what == "edits":
        timer.timeout.connect(edit_on)
        editor.controller.pair_opened.connect(edit_on)
        editor.controller.pair_opened.connect(lambda: timer.start(PAUSE_MS))
    else:
        editor.controller.rendering.shown.connect(edit_once)
    editor.start(Start(Photographs(pictures / "red.png", pictures / "blue.png")))
    application.exec()


if __name__ == "__main__":
    main()
