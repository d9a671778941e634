"""Exports signed with the artist's own certificate."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from e4s_studio.files.export.kinds import ExportKind
from e4s_studio.files.project import Labelling
from e4s_studio.files.provenance.credential import inspect_file
from e4s_studio.files.provenance.facts import Ground
from e4s_studio.files.provenance.identity import local_identity
from e4s_studio.gui.dialogs.export import ExportDialog
from e4s_studio.gui.dialogs.signing import SigningDialog
from e4s_studio.gui.exporter import ExportOrder, Signer

PHRASE = "correct horse"


@pytest.fixture
def mine(tmp_path):
    """Return the files of a certificate of the artist's own, its key locked with a password."""
    identity = local_identity(tmp_path / "mine")
    key = load_pem_private_key(identity.key, None)
    lock = BestAvailableEncryption(PHRASE.encode())
    (tmp_path / "mine" / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    )
    return tmp_path / "mine" / "certificates.pem", tmp_path / "mine" / "key.pem", identity.name


def dialog_of(studio, kind):
    return studio.window.findChild(kind)


def open_signing(studio) -> SigningDialog:
    studio.window.actions_by_name["file.signing"].trigger()
    return dialog_of(studio, SigningDialog)


def click(button, qtbot) -> None:
    # A radio button is wider than the part that can be clicked.
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(10, button.height() // 2))


def fill(dialog, certificate, key, password, qtbot) -> None:
    click(dialog.mine, qtbot)
    for line, text in ((dialog.certificate.line, certificate), (dialog.key.line, key)):
        line.clear()
        QTest.keyClicks(line, str(text))
    dialog.password.clear()
    QTest.keyClicks(dialog.password, password)


def use(studio, dialog, qtbot) -> None:
    click(dialog.use, qtbot)
    qtbot.waitUntil(lambda: dialog_of(studio, SigningDialog) is None, timeout=60_000)


def test_an_export_is_signed_with_the_artists_own_certificate(studio, mine, tmp_path, qtbot):
    certificate, key, name = mine
    studio.window.actions_by_name["file.export"].trigger()
    export = dialog_of(studio, ExportDialog)
    assert export.signed_by.text() == "with this computer's key"
    qtbot.mouseClick(export.change_signer, Qt.MouseButton.LeftButton)
    dialog = export.findChild(SigningDialog)
    fill(dialog, certificate, key, PHRASE, qtbot)
    use(studio, dialog, qtbot)
    assert "certificates.pem" in export.signed_by.text()
    export.ground.setCurrentIndex(export.ground.findData(Ground.OWN_FACE))
    export.path.setText(str(tmp_path / "swap.jpg"))
    with qtbot.waitSignal(studio.editor.exporter.written, timeout=60_000):
        qtbot.mouseClick(export.start, Qt.MouseButton.LeftButton)
    found = inspect_file(tmp_path / "swap.jpg", certificate.read_text())
    assert found.is_intact
    assert found.trusted
    assert found.signer == name
    assert not (tmp_path / "own" / "keys").exists()


def test_the_files_are_remembered_and_the_password_is_not(studio, make_studio, mine, qtbot):
    certificate, key, _ = mine
    dialog = open_signing(studio)
    fill(dialog, certificate, key, PHRASE, qtbot)
    use(studio, dialog, qtbot)
    assert open_signing(studio).password.text() == PHRASE
    second = open_signing(make_studio())
    assert second.mine.isChecked()
    assert second.certificate.path == certificate
    assert second.key.path == key
    assert second.password.text() == ""


def test_a_locked_key_without_its_password_is_said_at_the_export(studio, mine, tmp_path, qtbot):
    order = ExportOrder(
        tmp_path / "swap.png", ExportKind.PICTURE, Labelling(Ground.CONSENT), Signer(*mine[:2])
    )
    with qtbot.waitSignal(studio.editor.exporter.failed, timeout=60_000) as failed:
        studio.editor.exporter.start(order)
    assert "locked with a password" in failed.args[0]
    assert not (tmp_path / "swap.png").exists()


@pytest.fixture
def unusable(mine, tmp_path):
    """Return, for each way in which a certificate cannot be used, its files and a password."""
    certificate, key, _ = mine
    local_identity(tmp_path / "others")
    return {
        "no password": (certificate, key, ""),
        "wrong password": (certificate, key, "wrong"),
        "another key": (certificate, tmp_path / "others" / "key.pem", ""),
        "missing": (tmp_path / "nowhere.pem", key, PHRASE),
        "nothing": ("", "", ""),
        "not for signing": (self_signed(key, tmp_path), key, PHRASE),
    }


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("no password", "locked with a password"),
        ("wrong password", "its password is another one"),
        ("another key", "does not belong"),
        ("missing", "no such file"),
        ("nothing", "Choose the certificate"),
        ("not for signing", "cannot be signed with"),
    ],
)
def test_what_cannot_be_used_is_said(studio, unusable, qtbot, what, sentence):
    dialog = open_signing(studio)
    fill(dialog, *unusable[what], qtbot)
    click(dialog.use, qtbot)
    qtbot.waitUntil(dialog.said.isVisible, timeout=60_000)
    assert sentence in dialog.said.text()
    assert dialog.use.isEnabled()
    assert studio.editor.signing.signer == Signer()
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert studio.preferences.certificate == (None, None)


def self_signed(key_file, folder):
    """Return a certificate that vouches for itself, which C2PA does not take."""
    key = load_pem_private_key(key_file.read_bytes(), PHRASE.encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    first = x509.load_pem_x509_certificates((key_file.parent / "certificates.pem").read_bytes())[0]
    made = (
        x509.CertificateBuilder()
        .subject_name(first.subject)
        .issuer_name(first.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(first.not_valid_before_utc)
        .not_valid_after(first.not_valid_after_utc)
        .sign(key, SHA256())
    )
    (folder / "self.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return folder / "self.pem"


def test_going_back_to_this_computers_key(studio, mine, qtbot):
    certificate, key, _ = mine
    dialog = open_signing(studio)
    fill(dialog, certificate, key, PHRASE, qtbot)
    use(studio, dialog, qtbot)
    dialog = open_signing(studio)
    click(dialog.own, qtbot)
    assert not dialog.certificate.isEnabled()
    use(studio, dialog, qtbot)
    assert studio.editor.signing.signer == Signer()
    assert studio.preferences.certificate == (None, None)


def test_browsing_for_a_file(studio, mine, qtbot):
    dialog = open_signing(studio)
    click(dialog.mine, qtbot)
    qtbot.mouseClick(dialog.key.browse, Qt.MouseButton.LeftButton)
    files = dialog.findChild(QFileDialog)
    files.fileSelected.emit(str(mine[1]))
    files.close()
    assert dialog.key.path == mine[1]
