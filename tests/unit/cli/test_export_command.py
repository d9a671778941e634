"""`export` goes from a project file to pictures, label maps and layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own short name
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from PIL import Image
from projects import photographed
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.document import Document
from e4s_studio.core.errors import CredentialError, OutputError, ProjectError, SettingsError
from e4s_studio.core.regions import PALETTE
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.fitting.fitted_file import pack_fitted
from e4s_studio.files import places
from e4s_studio.files.export import exporting
from e4s_studio.files.export.kinds import SHOWING, SUFFIXES, ExportKind
from e4s_studio.files.project import Labelling, Project, open_project, save_project
from e4s_studio.files.provenance.credential import inspect_file
from e4s_studio.files.provenance.facts import Ground
from e4s_studio.files.provenance.identity import local_identity


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a project with a fit, so that nothing is fitted here."""
    document = Document()
    document.open(source=photographed(1, "ann.png"), target=photographed(2, "bob.png"))
    snapshot = document.snapshot()
    network = load_network()
    fit = pack_fitted(encode_pair(network, snapshot.portraits), network, "studio-256")
    path = tmp_path_factory.mktemp("project") / "a.e4s"
    labelling = Labelling(Ground.LICENSED, credential=True, mark=False)
    save_project(Project(document.contents(), labelling, fit), path)
    return path, snapshot


@pytest.fixture(autouse=True)
def own_keys(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.getbasetemp() / "own"
    monkeypatch.setattr(places, "keys_folder", lambda: folder / "keys")
    monkeypatch.setattr(places, "locks_folder", lambda: folder / "locks")


def run(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def copy_of(saved, tmp_path):
    path = tmp_path / "copy.e4s"
    path.write_bytes(saved[0].read_bytes())
    return path


def test_a_signed_picture_at_the_photographs_size(saved, tmp_path):
    path, snapshot = saved
    result = run(path, "-o", tmp_path / "a.png")
    assert result.exit_code == 0, result.stderr
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert picture.shape == snapshot.target.photograph.shape
    np.testing.assert_array_equal(picture[-20:, -20:], snapshot.target.photograph[-20:, -20:])
    found = inspect_file(tmp_path / "a.png")
    assert found.is_intact
    assert found.facts["ground"] == "licensed"


def test_a_film_that_was_followed_is_named(saved, tmp_path):
    project = open_project(saved[0]).project
    target = project.contents.target
    grey = np.repeat(target.photograph.mean(axis=2, dtype=np.uint16)[..., None], 3, axis=2)
    grey = grey.astype(np.uint8)
    crop = np.repeat(target.image[..., :1], 3, axis=2)
    target = replace(target, image=crop, photograph=grey, file=None)
    path = tmp_path / "grey.e4s"
    save_project(replace(project, contents=replace(project.contents, target=target)), path)
    assert run(path, "-o", tmp_path / "a.png").exit_code == 0
    assert inspect_file(tmp_path / "a.png").actions[-1]["parameters"]["film"] == "tone"
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert np.ptp(picture, axis=2).max() <= 1
    assert run(saved[0], "-o", tmp_path / "b.png").exit_code == 0
    assert inspect_file(tmp_path / "b.png").actions[-1]["action"] == "c2pa.edited"


def test_options_go_before_what_the_project_says_and_are_remembered(saved, tmp_path):
    path = copy_of(saved, tmp_path)
    arguments = ("--ground", "synthetic", "--mark", "-o", tmp_path / "a.png")
    assert run(path, *arguments).exit_code == 0
    assert inspect_file(tmp_path / "a.png").facts["ground"] == "synthetic"
    assert run(path, "--no-credential", "-o", tmp_path / "b.png").exit_code == 0
    assert inspect_file(tmp_path / "b.png") is None
    assert open_project(path).project.labelling == Labelling(
        Ground.SYNTHETIC, credential=False, mark=True
    )
    marked = np.asarray(Image.open(tmp_path / "a.png"))
    assert run(path, "--no-mark", "-o", tmp_path / "b.png").exit_code == 0
    plain = np.asarray(Image.open(tmp_path / "b.png"))
    assert (marked != plain)[-25:, -90:].any()
    assert (marked == plain)[:100, :60].all()


def test_the_first_picture_needs_a_ground_and_the_project_remembers_it(saved, tmp_path):
    whole, _ = saved
    project = open_project(whole).project
    path = tmp_path / "new.e4s"
    save_project(replace(project, labelling=Labelling(ground=None, credential=False)), path)
    result = run(path, "-o", tmp_path / "a.png")
    assert result.exit_code == SettingsError.exit_code
    assert "--ground" in result.stderr
    assert not (tmp_path / "a.png").exists()
    assert run(path, "--kind", "regions", "-o", tmp_path / "map.png").exit_code == 0
    assert run(path, "--ground", "own-face", "-o", tmp_path / "a.png").exit_code == 0
    labelling = open_project(path).project.labelling
    assert labelling == Labelling(Ground.OWN_FACE, credential=False)
    assert run(path, "-o", tmp_path / "b.png").exit_code == 0


FORMS = [
    (kind, suffix)
    for kind, known in SUFFIXES.items()
    for suffix in known
    if suffix not in {".jpeg", ".tiff"}
]


@pytest.mark.parametrize(("kind", "suffix"), FORMS)
def test_every_kind_in_every_format(saved, tmp_path, kind, suffix):
    path, snapshot = saved
    result = run(path, "--kind", kind, "-o", tmp_path / f"a{suffix}")
    assert result.exit_code == 0, result.stderr
    shows = kind in SHOWING
    found = inspect_file(tmp_path / f"a{suffix}")
    assert (found is not None) == shows
    assert not shows or found.is_intact
    if kind is not ExportKind.SHEET and suffix not in {".psd", ".ora"}:
        spec = oiio.ImageBuf(str(tmp_path / f"a{suffix}")).spec()
        assert (spec.height, spec.width) == snapshot.target.photograph.shape[:2]
        assert (spec.nchannels == 4) == (kind is ExportKind.FACE)
        assert (spec.format == oiio.UINT16) == (suffix == ".tif")


def test_the_artists_own_certificate(saved, tmp_path, monkeypatch):
    path, _ = saved
    identity = local_identity(tmp_path / "mine")
    key = load_pem_private_key(identity.key, None)
    lock = BestAvailableEncryption(b"secret")
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    (tmp_path / "mine" / "key.pem").write_bytes(locked)
    options = ("--certificate", tmp_path / "mine" / "certificates.pem")
    options += ("--key", tmp_path / "mine" / "key.pem", "-o", tmp_path / "a.png")
    result = run(path, *options)
    assert result.exit_code == CredentialError.exit_code
    assert "locked with a password" in result.stderr
    monkeypatch.setenv("E4S_STUDIO_KEY_PASSWORD", "secret")
    assert run(path, *options).exit_code == 0
    assert inspect_file(tmp_path / "a.png").signer == identity.name


def test_a_sheet_shows_the_whole_source(saved, tmp_path, monkeypatch):
    path, snapshot = saved
    shown, sheet = [], exporting.before_after_sheet
    monkeypatch.setattr(
        exporting, "before_after_sheet", lambda *three: shown.append(three[0]) or sheet(*three)
    )
    assert run(path, "--kind", "sheet", "-o", tmp_path / "a.png").exit_code == 0
    np.testing.assert_array_equal(shown[0], snapshot.source.photograph)


def test_label_maps(saved, tmp_path):
    path, snapshot = saved
    assert run(path, "--kind", "colours", "-o", tmp_path / "a.png").exit_code == 0
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    found = {tuple(colour) for colour in picture.reshape(-1, 3)}
    assert found == {tuple(PALETTE[label]) for label in np.unique(snapshot.labels)}


def test_projects_that_cannot_be_exported(saved, tmp_path):
    path, _ = saved
    save_project(Project(Document().contents()), tmp_path / "empty.e4s")
    result = run(tmp_path / "empty.e4s", "-o", tmp_path / "a.png")
    assert result.exit_code == ProjectError.exit_code
    assert "no pair" in result.stderr
    assert run(tmp_path / "no.e4s", "-o", tmp_path / "a.png").exit_code == ProjectError.exit_code
    assert run(path, "-o", tmp_path / "a.bmp").exit_code == OutputError.exit_code
    assert not (tmp_path / "a.png").exists()
