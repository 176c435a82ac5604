"""What a plan cannot reach at AWS, or cannot use at all, is one sentence at `solvent plan check`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.provisioners import registry
from adapters.provisioners.registry import Kind
from config.extras import install_hint
from daemon.cli.plan import plan_group
from tests.provisioners.aws.fault_proxy import FaultProxy, Refusal
from tests.provisioners.aws.moto_place import CREDENTIALS, moto_server

PLAN = """\
plan: small
currency: EUR
components:
  server: {monthly_cost: 5, host: true}
  images: {monthly_cost: 10, provisioner: aws_ecr, options: {region: REGION}}
levels:
  - {id: floor, max_burn: 20, components: [server, images]}
"""
NOWHERE: dict[str, str | None] = {
    "AWS_ACCESS_KEY_ID": None,
    "AWS_SECRET_ACCESS_KEY": None,
    "AWS_PROFILE": None,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_CONFIG_FILE": "/nowhere/config",
}


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """An emulated AWS behind a proxy for faults."""
    with moto_server() as port, FaultProxy(port) as made:
        yield made


def check(folder: Path, proxy: FaultProxy, region: str = "eu-central-1", **environment: str | None) -> Result:
    """What `solvent plan check` says of the plan in that place."""
    path = folder / "small.yaml"
    path.write_text(PLAN.replace("REGION", region), encoding="utf-8")
    variables = {**NOWHERE, **CREDENTIALS, "AWS_ENDPOINT_URL": proxy.url, **environment}
    return CliRunner(env=variables).invoke(plan_group, ["check", str(path)])


def sentence(result: Result) -> str:
    """The one problem; beside it stands only how many there are."""
    problem, counted = result.stderr.splitlines()
    assert (2, "", True) == (result.exit_code, result.stdout, counted.startswith("1 problem with what the plan uses"))
    return problem


def test_a_place_that_is_reached_is_well(tmp_path: Path, proxy: FaultProxy) -> None:
    """With a region and credentials that hold, the plan is called ok."""
    assert (0, "") == ((result := check(tmp_path, proxy)).exit_code, result.stderr)


def test_an_unknown_region_is_named_with_the_nearest(tmp_path: Path, proxy: FaultProxy) -> None:
    """A typing error in a region."""
    said = sentence(check(tmp_path, proxy, "eu-centrul-1"))

    assert "knows no region 'eu-centrul-1' of ecr (did you mean 'eu-central-1'?)" in said
    assert "mend the option region" in said


def test_missing_credentials_say_where_they_are_looked_for(tmp_path: Path, proxy: FaultProxy) -> None:
    """No variable, no profile, no role."""
    said = sentence(check(tmp_path, proxy, **dict.fromkeys(CREDENTIALS)))

    assert "no AWS credentials were found: set AWS_ACCESS_KEY_ID" in said


def test_an_expired_token_is_to_be_renewed(tmp_path: Path, proxy: FaultProxy) -> None:
    """AWS itself says so, for STS is asked."""
    proxy.next("GetCallerIdentity", Refusal("ExpiredToken", 403))

    said = sentence(check(tmp_path, proxy, AWS_SESSION_TOKEN="yesterday's"))

    assert "have expired: renew them" in said


def test_a_missing_package_says_what_to_install(tmp_path: Path) -> None:
    """In a process whose Python has no boto3."""
    path = tmp_path / "small.yaml"
    path.write_text(PLAN.replace("REGION", "eu-central-1"), encoding="utf-8")
    program = "import sys; sys.modules['boto3'] = None; from daemon.cli.main import main; main()"

    result = subprocess.run(
        [sys.executable, "-c", program, "plan", "check", str(path)], capture_output=True, text=True, check=False
    )

    assert 2 == result.returncode
    assert f"needs the package boto3: {install_hint('aws')}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_check_that_fails_itself_is_said(tmp_path: Path, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in one kind's check is a sentence and no traceback."""
    monkeypatch.setitem(registry.KINDS, "aws_ecr", Kind("tests.cli.failing_check"))

    said = sentence(check(tmp_path, proxy))

    assert "the check of aws_ecr failed itself (ZeroDivisionError: division by zero)" in said
