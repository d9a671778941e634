"""The window's language: finding and installing translations, and the menu to choose one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtGui import QActionGroup

from e4s_studio.files.places import translations_folder
from e4s_studio.files.resources import TRANSLATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtCore import QCoreApplication

    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences

_NAME: Final = "e4s-studio"
_WRITTEN_IN: Final = "en"
"""The language of the texts in the code, which needs no translation."""


def folders() -> list[Path]:
    """Return the folders of translations: the package's, then the artist's own."""
    return [TRANSLATIONS, translations_folder()]


def languages(where: Sequence[Path] | None = None) -> list[str]:
    """Return the languages of the window, such as "en" or "pt_BR"; English is the first.

    Parameters
    ----------
    where
        The folders of the translations.
    """
    files = [file for folder in where or folders() for file in folder.glob(f"{_NAME}_*.qm")]
    return [_WRITTEN_IN, *sorted({file.stem.removeprefix(f"{_NAME}_") for file in files})]


def speak(
    application: QCoreApplication, language: str, where: Sequence[Path] | None = None
) -> bool:
    """Use a language for all texts from now on, Qt's own dialogs included.

    Parameters
    ----------
    application
        Gets the translators.
    language
        Such as "de"; empty for the system's language.
    where
        The folders of the translations.

    Returns
    -------
    bool
        Whether there is a translation; without one all texts stay English.
    """
    locale = QLocale(language) if language else QLocale.system()
    if locale.language() == QLocale.Language.English:
        return False
    # The artist's own translation takes precedence over the package's.
    own = [each for folder in where or folders() if (each := _loaded(locale, _NAME, str(folder)))]
    if not own:
        return False
    qt = _loaded(locale, "qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    for translator in [qt, *own]:
        if translator is not None:
            translator.setParent(application)
            application.installTranslator(translator)
    QLocale.setDefault(locale)
    return True


def _loaded(locale: QLocale, name: str, folder: str) -> QTranslator | None:
    translator = QTranslator()
    return translator if translator.load(locale, name, "_", folder) else None


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
        self._window.notice.say(self.tr("The new language applies from the next start."))


def _native_name(language: str) -> str:
    locale = QLocale(language)
    if language == "en":
        return "English"
    return locale.nativeLanguageName().capitalize() or language
