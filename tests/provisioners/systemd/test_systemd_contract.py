"""The systemd provisioner does what every provisioner must do."""

from __future__ import annotations

from tests.contracts.provisioner import ProvisionerContract


class TestSystemdContract(ProvisionerContract):
    """Over a private D-Bus; the harness is the folder's."""
