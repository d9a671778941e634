"""Connects the languages' menu with the preference."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject
from PySide6.QtGui import QActionGroup

from e4s_studio.gui.language import languages

if TYPE_CHECKING:
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences


class LanguageHandler(QObject):
    """One entry per language that there is a translation for."""

    def __init__(self, window: MainWindow, preferences: Preferences) -> None:
        super().__init__(window)
        self._window = window
        self._preferences = preferences
        group = QActionGroup(self)
        for language in ("", *languages()):
            name = _native_name(language) if language else self.tr("&As the system")
            action = window.languages.addAction(name)
            action.setCheckable(True)
            action.setChecked(language == preferences.language)
            action.triggered.connect(partial(self._choose, language))
            group.addAction(action)

    def _choose(self, language: str) -> None:
        self._preferences.language = language
        self._window.notice.say(
            self.tr("The window speaks the new language when it is opened the next time.")
        )


def _native_name(language: str) -> str:
    locale = QLocale(language)
    if language == "en":
        return "English"
    return locale.nativeLanguageName().capitalize() or language
