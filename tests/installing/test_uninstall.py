"""`solvent uninstall`: it takes back exactly what an install did."""

from __future__ import annotations

from tests.installing.fake_systemd import Target


def test_nothing_is_left_of_an_install(target: Target) -> None:
    """Stopped, disabled, removed with the folders that were made, and reloaded."""
    target.install()
    target.calls()
    target.uninstall()

    assert [] == list(target.home.iterdir())
    assert [
        "stop solvent-backup.timer solvent-drill.timer solvent.service solvent-backup.service solvent-drill.service",
        "disable solvent.service solvent-backup.timer solvent-drill.timer",
        "daemon-reload",
    ] == target.calls()


def test_the_state_stays(target: Target) -> None:
    """The journal is never touched, and its place is told."""
    target.install()
    target.state.mkdir(parents=True)
    (target.state / "journal.sqlite").write_bytes(b"what was decided")
    said = target.uninstall().stdout

    assert {".local/state/solvent/journal.sqlite": b"what was decided"} == target.files()
    assert f"left {target.state}: the journal" in said


def test_what_a_person_changed_stays(target: Target) -> None:
    """Changed settings, an edited unit and a drop-in are left, each with its reason."""
    target.install()
    timer = target.units / "solvent-drill.timer"
    drop_in = target.units / "solvent.service.d" / "override.conf"
    target.settings.write_text('plan = "starter"\n', encoding="utf-8")
    timer.write_text("# mine\n", encoding="utf-8")
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nNice=5\n", encoding="utf-8")
    said = target.uninstall().stdout

    kept = {path.relative_to(target.home).as_posix() for path in (target.settings, timer, drop_in)}
    assert kept == set(target.files())
    assert f"left {target.settings}: it was changed since it was written" in said
    assert f"left {timer}: it was changed since it was written" in said
    assert f"left {drop_in}: a drop-in of yours" in said


def test_folders_that_were_there_stay(target: Target) -> None:
    """Only folders that the install made are removed, and only empty ones."""
    target.units.mkdir(parents=True)
    target.install()
    (target.settings.parent / "plan.yaml").write_text("plan: mine\n", encoding="utf-8")
    target.uninstall()

    assert target.units.is_dir()
    assert {".config/solvent/plan.yaml"} == set(target.files())


def test_a_dry_run_changes_nothing(target: Target) -> None:
    """It tells the commands and the files, and leaves all of them."""
    target.install()
    before = target.files()
    target.calls()
    said = target.uninstall("--dry-run").stdout

    assert before == target.files()
    assert [] == target.calls()
    assert f"would remove {target.units / 'solvent.service'}" in said
    assert "would run systemctl --user disable solvent.service" in said


def test_twice_finds_nothing(target: Target) -> None:
    """Where nothing is installed it says so, with an exit code of its own."""
    target.install()
    target.uninstall()

    assert "nothing is installed" in target.uninstall(code=3).stderr


def test_one_that_failed_can_be_repeated(target: Target) -> None:
    """What systemctl refuses leaves everything, and the next attempt takes all of it."""
    target.install()
    before = target.files()
    target.fail_at("disable")
    said = target.uninstall(code=1).stderr

    assert "solvent uninstall` again" in said
    assert before == target.files()
    target.fail_at("nothing")
    target.uninstall()
    assert {} == target.files()


def test_units_removed_by_hand_are_no_obstacle(target: Target) -> None:
    """A unit that is gone already is neither stopped nor disabled, for systemctl would refuse that."""
    target.install()
    (target.units / "solvent.service").unlink()
    target.calls()
    target.uninstall()

    assert {} == target.files()
    assert not any(" solvent.service" in f" {call}" for call in target.calls())


def test_a_damaged_list_is_refused(target: Target) -> None:
    """Nothing is guessed from a manifest that cannot be read."""
    target.install()
    manifest = target.settings.with_name("installed.json")
    manifest.write_text("{", encoding="utf-8")
    before = target.files()

    assert str(manifest) in target.uninstall(code=2).stderr
    assert before == target.files()
