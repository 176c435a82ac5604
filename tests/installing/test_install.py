"""`solvent install`: what is written, what is kept, and what is taken back."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings_loading import load_settings
from daemon.cli.install import install_command
from daemon.installing.places import Places
from daemon.installing.rendering import unit_texts
from tests.installing.fake_systemd import UNITS, Target


def test_units_are_written_and_enabled(target: Target) -> None:
    """Five units and a settings file, reloaded and enabled, and not started."""
    said = target.install().stdout

    assert sorted(UNITS) == sorted(path.name for path in target.units.iterdir())
    assert [
        "daemon-reload",
        "enable solvent.service solvent-backup.timer solvent-drill.timer",
    ] == target.calls()
    assert all(f"wrote {target.units / unit}" in said for unit in UNITS)
    assert "systemctl --user restart solvent.service" in said


def test_now_starts_them_too(target: Target) -> None:
    """`--now` starts what was enabled."""
    target.install("--now")

    assert "start solvent.service solvent-backup.timer solvent-drill.timer" == target.calls()[-1]


def test_a_dry_run_changes_nothing(target: Target) -> None:
    """It shows each file and each command, and leaves no trace."""
    said = target.install("--dry-run").stdout

    assert {} == target.files()
    assert [] == list(target.home.iterdir())
    assert [] == target.calls()
    assert all(f"would write {target.units / unit} (mode 0644)" in said for unit in UNITS)
    assert "would run systemctl --user enable solvent.service" in said


def test_a_dry_run_shows_exactly_what_is_written(target: Target) -> None:
    """Every line of every file that an install then writes stands in it."""
    shown = target.install("--dry-run").stdout
    target.install()

    for name, data in target.files().items():
        block = "".join(f"    {line}".rstrip() + "\n" for line in data.decode().splitlines())
        assert block in shown, name


def test_the_starter_settings_are_valid(target: Target) -> None:
    """The daemon starts with the settings file as it is made; only its owner and group read it."""
    target.install()
    settings = load_settings(str(target.settings), {}, {})

    assert ("autobroker", "127.0.0.1:9327") == (settings.plan, settings.http)
    assert f"{target.state}/backups" == settings.backup.to
    assert 0o640 == stat.S_IMODE(target.settings.stat().st_mode)


def test_settings_are_never_overwritten(target: Target) -> None:
    """A settings file of the operator's stays, also with --force."""
    target.settings.parent.mkdir(parents=True)
    target.settings.write_text('plan = "starter"\n', encoding="utf-8")
    said = target.install("--force").stdout

    assert 'plan = "starter"\n' == target.settings.read_text(encoding="utf-8")
    assert f"{target.settings} exists and is left as it is" in said


def test_twice_is_once(target: Target) -> None:
    """A second install finds everything as it should be, and does nothing."""
    target.install()
    before = target.files()
    target.calls()
    said = target.install().stdout

    assert before == target.files()
    assert [] == target.calls()
    assert "nothing was to be done" in said


def test_an_edited_unit_is_not_overwritten(target: Target) -> None:
    """It is refused with the lines that differ, and nothing else is changed either."""
    target.install()
    timer, service = target.units / "solvent-drill.timer", target.units / "solvent.service"
    timer.write_text(timer.read_text(encoding="utf-8").replace("04:00:00", "05:30:00"), encoding="utf-8")
    service.unlink()
    target.calls()
    said = target.install(code=2).stderr

    assert "-OnCalendar=Tue *-*-* 05:30:00\n+OnCalendar=Tue *-*-* 04:00:00" in said
    assert "--force" in said
    assert "05:30:00" in timer.read_text(encoding="utf-8")
    assert not service.exists()
    assert [] == target.calls()


def test_force_overwrites_an_edited_unit(target: Target) -> None:
    """And says so."""
    target.install()
    timer = target.units / "solvent-drill.timer"
    timer.write_text("# mine\n", encoding="utf-8")
    said = target.install("--force").stdout

    assert "OnCalendar=Tue" in timer.read_text(encoding="utf-8")
    assert f"wrote {timer}, in place of a file that was changed by hand" in said


def test_a_unit_of_somebody_else_is_not_overwritten(target: Target) -> None:
    """A unit of that name that no install wrote belongs to a person."""
    target.units.mkdir(parents=True)
    (target.units / "solvent.service").write_text("[Service]\nExecStart=/bin/mine\n", encoding="utf-8")
    said = target.install(code=2).stderr

    assert "-ExecStart=/bin/mine" in said
    assert ["solvent.service"] == [path.name for path in target.units.iterdir()]


def test_an_older_version_is_renewed(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier install wrote and nobody changed is replaced without a question, and reloaded."""

    def older(places: Places, command: Path) -> Mapping[str, str]:
        return {name: f"# of an older version\n{text}" for name, text in unit_texts(places, command).items()}

    with monkeypatch.context() as earlier:
        earlier.setattr("daemon.installing.planning.unit_texts", older)
        target.install()
    target.calls()
    said = target.install().stdout

    assert f"wrote {target.units / 'solvent.service'}, in place of an older version" in said
    assert "# of an older version" not in (target.units / "solvent.service").read_text(encoding="utf-8")
    assert ["daemon-reload"] == target.calls()


@pytest.mark.parametrize("command", ["daemon-reload", "enable", "start"])
def test_a_failed_install_is_taken_back(target: Target, command: str) -> None:
    """Whatever systemctl refuses, nothing is left of the install, and what was enabled is not."""
    target.fail_at(command)
    said = target.install("--now", code=1).stderr

    assert "Failed as asked" in said
    assert "taken back" in said
    assert {} == target.files()
    assert [] == list(target.home.iterdir())
    calls = target.calls()
    assert (command != "daemon-reload") == any(call.startswith("disable ") for call in calls)


def test_a_failed_renewal_brings_the_former_files_back(target: Target) -> None:
    """The units are those of before, byte by byte."""
    target.install()
    timer = target.units / "solvent-drill.timer"
    timer.write_text("# mine\n", encoding="utf-8")
    before = target.files()
    target.fail_at("daemon-reload")
    target.install("--force", code=1)

    assert before == target.files()


def test_a_killed_install_can_be_taken_back(target: Target) -> None:
    """The list of what is installed is written before what it names."""
    wrote = [line for line in target.install().stdout.splitlines() if line.startswith("wrote ")]

    assert f"wrote {target.settings.with_name('installed.json')}" == wrote[0]


def test_without_systemd_it_says_so(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """No systemctl, no install, and the reason."""
    monkeypatch.setenv("PATH", str(target.home))

    assert "no systemctl on PATH" in target.install(code=2).stderr
    assert {} == target.files()


def test_an_image_gets_the_units_of_a_machine(target: Target, tmp_path: Path) -> None:
    """`--root` writes below it what a machine has, with the machine's own paths inside."""
    image = tmp_path / "image"
    image.mkdir()
    result = CliRunner().invoke(install_command, ["--root", str(image)])

    assert 0 == result.exit_code, result.output
    unit = (image / "etc/systemd/system/solvent.service").read_text(encoding="utf-8")
    assert "LoadCredential=solvent.toml:/etc/solvent/solvent.toml" in unit
    assert str(image) not in unit
    assert [f"--root={image} enable solvent.service solvent-backup.timer solvent-drill.timer"] == target.calls()


@pytest.mark.parametrize("link", ["etc", "etc/solvent", "etc/systemd/system/solvent.service"])
def test_a_link_out_of_an_image_is_refused(target: Target, tmp_path: Path, link: str) -> None:
    """Below `--root` a link to the machine's own files would have those written: nothing is, and the link is named."""
    image, machine = tmp_path / "image", tmp_path / "machine"
    machine.mkdir()
    (image / link).parent.mkdir(parents=True)
    (image / link).symlink_to(machine)
    refused = CliRunner().invoke(install_command, ["--root", str(image)])

    assert 2 == refused.exit_code, refused.output
    assert f"leads by a symbolic link to {machine}" in refused.stderr
    assert ([], []) == (list(machine.iterdir()), target.calls())


def test_a_link_within_an_image_is_followed(target: Target, tmp_path: Path) -> None:
    """One that is relative leads to the same place in the image and on the machine that is started from it."""
    image = tmp_path / "image"
    (image / "data").mkdir(parents=True)
    (image / "etc").symlink_to("data")
    result = CliRunner().invoke(install_command, ["--root", str(image)])

    assert 0 == result.exit_code, result.output
    assert (image / "data/systemd/system/solvent.service").is_file()
    assert 1 == len(target.calls())
