"""What is packed comes back byte by byte, or is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyrage
import pytest

from adapters.backups.errors import BackupError
from adapters.backups.packing import pack, unpack
from config.secret import Secret

CONTENT = b"events " * 400_000


class Packed:
    """A packed file, and the key that reads it."""

    def __init__(self, folder: Path, *, encrypted: bool) -> None:
        self.folder = folder
        self.path = folder / "packed"
        self.key = pyrage.x25519.Identity.generate()
        self.identity = Secret(f"# created: today\n{self.key}\n") if encrypted else None
        (folder / "plain").write_bytes(CONTENT)
        recipients = [str(self.key.to_public()), str(pyrage.x25519.Identity.generate().to_public())]
        self.size, self.digest = pack(folder / "plain", self.path, recipients if encrypted else [])

    def unpacked(self, identity: Secret | None = None) -> bytes:
        """What comes back."""
        target = self.folder / "back"
        target.unlink(missing_ok=True)
        unpack(self.path, target, len(CONTENT), identity or self.identity)
        return target.read_bytes()

    def refusal(self, identity: Secret | None = None) -> str:
        """Why nothing comes back."""
        with pytest.raises(BackupError) as caught:
            self.unpacked(identity)
        return str(caught.value)


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def packed(request: pytest.FixtureRequest, tmp_path: Path) -> Packed:
    """The same content, with and without encryption."""
    return Packed(tmp_path, encrypted=request.param)


def test_it_comes_back(packed: Packed) -> None:
    """Packing and unpacking is the identity, and packing made it smaller."""
    assert CONTENT == packed.unpacked()
    assert packed.path.stat().st_size == packed.size < len(CONTENT) // 100


def test_a_missing_end_is_found(packed: Packed) -> None:
    """A file that lost its last bytes is refused."""
    packed.path.write_bytes(packed.path.read_bytes()[:-20])
    assert "cut short" in packed.refusal()


def test_something_after_the_end_is_found(packed: Packed) -> None:
    """A file that has grown is refused."""
    packed.path.write_bytes(packed.path.read_bytes() + b"more")
    assert "damaged" in packed.refusal()


def test_every_changed_byte_is_found(packed: Packed) -> None:
    """A flipped bit anywhere is refused, or was never part of the content."""
    whole = packed.path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        packed.path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            assert packed.unpacked() == CONTENT
        except BackupError:
            continue


def test_another_key_is_said_so(tmp_path: Path) -> None:
    """Who has the wrong key reads that, and not that the file is damaged."""
    packed = Packed(tmp_path, encrypted=True)
    assert "for other keys" in packed.refusal(Secret(str(pyrage.x25519.Identity.generate())))


def test_a_key_that_is_none_is_said_so(tmp_path: Path) -> None:
    """A public key, or anything else, in the place of the secret key."""
    packed = Packed(tmp_path, encrypted=True)
    assert "AGE-SECRET-KEY-1" in packed.refusal(Secret(str(packed.key.to_public())))


def test_a_recipient_that_is_none_is_said_so(tmp_path: Path) -> None:
    """A public key with a typing error is refused before anything is written for nobody."""
    (tmp_path / "plain").write_bytes(CONTENT)
    with pytest.raises(BackupError, match="no age public key"):
        pack(tmp_path / "plain", tmp_path / "packed", ["age1" + "q" * 58])


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    """Without encryption it is gzip; with it, gzip within the age format."""
    plain, encrypted = Packed(tmp_path, encrypted=False), tmp_path / "second"
    encrypted.mkdir()
    secret = Packed(encrypted, encrypted=True)

    assert CONTENT == gzip.decompress(plain.path.read_bytes())
    assert CONTENT == gzip.decompress(pyrage.decrypt(secret.path.read_bytes(), [secret.key]))


def test_what_unpacks_to_more_than_it_should_is_stopped(tmp_path: Path) -> None:
    """A manipulated file cannot fill the disk."""
    packed = Packed(tmp_path, encrypted=False)
    with pytest.raises(BackupError, match="more than its manifest says"):
        unpack(packed.path, tmp_path / "back", 1_000, None)
    assert (tmp_path / "back").stat().st_size <= 1_000
