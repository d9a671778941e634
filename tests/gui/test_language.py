"""Every text of the window can be translated, and a translation is taken."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QLabel,
    QMenu,
    QWidget,
)

from e4s_studio.core.regions import Region
from e4s_studio.files.models import CATALOGUE
from e4s_studio.gui.app import Start
from e4s_studio.gui.language import languages, speak
from e4s_studio.gui.names import CATALOGUE_WORDS, REGION_WORDS, region_name

GUI = Path(__file__).resolve().parents[2] / "e4s_studio" / "gui"
TOOLS = Path(sys.executable).parent
DIALOGS = ("edit.shortcuts", "help.about", "file.export", "file.signing", "model.install")
NAMES = ("red", "blue", "CPU", "E4S Studio", "English", "CUDA")
"""What is the same in every language: files, the engine's names."""
MODELS = ("BiSeNet", "RetinaFace", "ResNet", "RGI")


class Invented(QTranslator):
    """Speaks an invented language, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[tuple[str, str]] = set()

    def translate(self, context, source, _disambiguation=None, _n=-1):
        self.asked.add((context, source))
        return f"⟦{source}⟧"

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's own name
        return False


@pytest.fixture
def invented():
    translator = Invented()
    QApplication.installTranslator(translator)
    yield translator
    QApplication.removeTranslator(translator)


@pytest.fixture
def strange(invented, make_studio, pair):
    """An editor in the invented language, with a pair open and an edit made."""
    studio = make_studio()
    studio.editor.start(Start(pair))
    studio.wait_for_pair()
    studio.wait_for_fit()
    studio.editor.editing.set_amounts([Region.SKIN], 0.5)
    studio.wait_for_final()
    return studio


def texts_of(widget: QWidget) -> list[str]:
    """Return what an artist can read on a widget."""
    texts = [widget.toolTip(), widget.accessibleName()]
    if isinstance(widget, QLabel | QAbstractButton):
        texts.append(widget.text())
    if isinstance(widget, QMenu | QGroupBox):
        texts.append(widget.title())
    if isinstance(widget, QDialog):
        texts.append(widget.windowTitle())
    if isinstance(widget, QComboBox):
        texts += [widget.itemText(index) for index in range(widget.count())]
    return texts


def is_english(text: str) -> bool:
    """Whether a text holds words that nobody translated."""
    rest, before = re.sub("</?span>", "", text), ""
    while rest != before:  # names of regions stand inside other texts
        before, rest = rest, re.sub("⟦[^⟦⟧]*⟧", "", rest)
    rest = re.sub(r"(/\S+|\w*)\.\w+", "", rest)  # files
    for name in (*NAMES, *MODELS):
        rest = rest.replace(name, "")
    return re.search(r"[A-Za-z]{3,}", rest) is not None


def english_on(part: QWidget) -> list[str]:
    """Return the texts of a window or dialog that nobody translated."""
    widgets = [part, *part.findChildren(QWidget)]
    actions = part.findChildren(QAction)
    # Qt translates its own buttons.
    widgets = [each for each in widgets if not isinstance(each.parent(), QDialogButtonBox)]
    texts = [(type(each).__name__, text) for each in widgets for text in texts_of(each)]
    texts += [("action", text) for each in actions for text in (each.text(), each.toolTip())]
    return sorted({f"{where}: {text}" for where, text in texts if is_english(text)})


def test_no_text_of_the_window_stays_english(strange):
    assert "\n".join(english_on(strange.window)) == ""
    assert not is_english(strange.document.history.commands[-1].name)


@pytest.mark.parametrize("action", DIALOGS)
def test_no_text_of_a_dialog_stays_english(strange, action):
    strange.window.actions_by_name[action].trigger()
    (dialog,) = (each for each in strange.window.findChildren(QDialog) if each.isVisible())
    assert "\n".join(english_on(dialog)) == ""
    dialog.close()


def test_translators_are_given_the_catalogue_s_own_words():
    said = {words for model in CATALOGUE for words in (model.purpose, model.licence)}
    assert set(CATALOGUE_WORDS) == said


def test_translators_are_given_the_regions_own_names():
    assert set(REGION_WORDS) == {region_name(region) for region in Region}


def test_a_longer_word_for_mixed_is_not_cut(strange):
    group = strange.window.regions.groups[0]
    assert group.value.text() == "⟦mixed⟧"
    needed = group.value.fontMetrics().horizontalAdvance(group.value.text())
    assert group.value.contentsRect().width() >= needed


def sources_in(path: Path) -> set[str]:
    return {each.text for each in ET.parse(path).iter("source")}  # noqa: S314 - our own file


def test_translators_are_given_every_text(strange, invented, tmp_path):
    collected = tmp_path / "all.ts"
    files = [str(path) for path in GUI.rglob("*.py")]
    lupdate = TOOLS / "pyside6-lupdate"
    subprocess.run([lupdate, *files, "-ts", collected], check=True, capture_output=True)
    known = sources_in(collected)
    asked = {source for context, source in invented.asked if not context.startswith("Q")}
    assert asked - known == set()


@pytest.fixture
def german(tmp_path):
    """A folder with a translation of one menu."""
    source = tmp_path / "e4s-studio_de.ts"
    source.write_text(
        '<?xml version="1.0"?><TS version="2.1" language="de"><context><name>MainWindow</name>'
        "<message><source>&amp;File</source><translation>&amp;Datei</translation></message>"
        "</context></TS>",
        encoding="utf-8",
    )
    subprocess.run([TOOLS / "pyside6-lrelease", source], check=True, capture_output=True)
    yield tmp_path
    for translator in QApplication.instance().findChildren(QTranslator):
        QApplication.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(QLocale.system())


def test_a_translation_is_found_and_taken(german, qapp, make_studio, pair):
    assert languages([german]) == ["en", "de"]
    assert speak(qapp, "de_AT", [german])
    studio = make_studio()
    studio.editor.start(Start(pair))
    assert studio.window.menuBar().actions()[0].text() == "&Datei"
    assert qapp.translate("QPlatformTheme", "Cancel") == "Abbrechen"  # Qt's own, with ours
    studio.wait_for_pair()


@pytest.mark.parametrize("language", ["fr", "en", "en_GB"])
def test_without_a_translation_all_stays_english(german, qapp, language):
    assert not speak(qapp, language, [german])
    assert qapp.translate("MainWindow", "&File") == "&File"


def test_the_chosen_language_is_remembered(studio):
    (english,) = (a for a in studio.window.languages.actions() if a.text() == "English")
    english.trigger()
    assert studio.preferences.language == "en"
    assert studio.window.notice.isVisible()
