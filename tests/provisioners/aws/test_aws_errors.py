"""Every way in which a call to AWS can fail has one of the port's words and a sentence that says what to do."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from adapters.provisioners.aws.errors import translate
from machines.lifecycle_states import Step
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.provisioner import Resource
from tests.provisioners.aws.ecr_place import EcrPlace
from tests.provisioners.aws.fault_proxy import Refusal

REFUSALS = [
    ("ThrottlingException", 400, Transient, "throttling"),
    ("RequestLimitExceeded", 503, Transient, "throttling"),
    ("TooManyRequestsException", 429, Transient, "throttling"),
    ("ExpiredToken", 400, Transient, "have expired: renew them"),
    ("ExpiredTokenException", 400, Transient, "have expired: renew them"),
    ("SignatureDoesNotMatch", 403, Permanent, "clock"),
    ("InvalidClientTokenId", 403, Permanent, "AWS_ACCESS_KEY_ID"),
    ("UnrecognizedClientException", 400, Permanent, "AWS_ACCESS_KEY_ID"),
    ("AccessDeniedException", 400, Permanent, "IAM policy"),
    ("UnauthorizedOperation", 403, Permanent, "IAM policy"),
    ("InsufficientDBInstanceCapacity", 400, Transient, "no capacity"),
    ("InsufficientCacheClusterCapacity", 400, Transient, "no capacity"),
    ("InsufficientInstanceCapacity", 500, Transient, "no capacity"),
    ("LimitExceededException", 400, Permanent, "quota"),
    ("InstanceQuotaExceeded", 400, Permanent, "quota"),
    ("ServiceQuotaExceededException", 400, Permanent, "quota"),
    ("RepositoryAlreadyExistsException", 400, Permanent, "name is taken"),
    ("DBInstanceAlreadyExists", 400, Permanent, "name is taken"),
    ("ResourceInUseException", 409, Transient, "in use"),
    ("InvalidDBInstanceState", 400, Transient, "in use"),
    ("DependencyViolation", 400, Transient, "in use"),
    ("IncorrectInstanceState", 400, Transient, "in use"),
    ("WAFOptimisticLockException", 400, Transient, "in use"),
    ("WAFLimitsExceededException", 400, Permanent, "quota"),
    ("OperationNotPermitted", 400, Permanent, "a protection stands against it"),
    ("UnsupportedAvailabilityZoneException", 400, Permanent, "name subnets of other zones"),
    ("RepositoryNotFoundException", 400, Permanent, "not there"),
    ("NoSuchDistribution", 404, Permanent, "not there"),
    ("NotImplemented", 501, Permanent, "does not support"),
    ("InvalidAction", 400, Permanent, "does not support"),
    ("InvalidParameterException", 400, Permanent, "mend the component's options"),
    ("ServiceUnavailable", 503, Transient, "not available"),
]


def _refused(code: str, status: int) -> exceptions.ClientError:
    answer = {"Error": {"Code": code, "Message": "said AWS"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "CreateThing")  # type: ignore[arg-type] # the parts that are read


def _translated(error: Exception, *, changes: bool = True, own_endpoint: str = "") -> CallError:
    with pytest.raises(CallError) as raised:
        translate(error, "thing create in eu-central-1", changes=changes, own_endpoint=own_endpoint)
    assert raised.value.reason.startswith("thing create in eu-central-1")
    return raised.value


@pytest.mark.parametrize(("code", "status", "word", "advice"), REFUSALS)
def test_a_refusal_by_its_code(code: str, status: int, word: type[CallError], advice: str) -> None:
    """AWS's own code decides the word, and the sentence holds code, message and advice."""
    fault = _translated(_refused(code, status))

    assert word is type(fault)
    assert code in fault.reason
    assert "said AWS" in fault.reason
    assert advice in fault.reason


@pytest.mark.parametrize(("changes", "word"), [(True, Ambiguous), (False, Transient)])
def test_a_failure_inside_aws_leaves_a_change_open(changes: bool, word: type[CallError]) -> None:
    """A 500 says nothing about whether a change was made; a look that met one is simply taken again."""
    assert word is type(_translated(_refused("InternalFailure", 500), changes=changes))


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), Transient),
        (exceptions.ConnectTimeoutError(endpoint_url="https://x"), Transient),
        (exceptions.NoCredentialsError(), Transient),
        (exceptions.ProfileNotFound(profile="x"), Permanent),
        (exceptions.ParamValidationError(report="x"), Permanent),
        (exceptions.SSLError(endpoint_url="https://x", error=OSError("CERTIFICATE_VERIFY_FAILED")), Permanent),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), Ambiguous),
        (exceptions.ConnectionClosedError(endpoint_url="https://x"), Ambiguous),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), Ambiguous),
        (ResponseParserError("<html>"), Ambiguous),
        (ConnectionResetError("cut"), Ambiguous),
        (KeyError("answer"), Ambiguous),
    ],
)
def test_an_answer_that_is_none(error: Exception, word: type[CallError]) -> None:
    """What failed before anything was asked is transient, what failed after it is ambiguous."""
    assert word is type(_translated(error))


def test_an_emulators_gap_names_the_endpoint() -> None:
    """An unreadable answer of an endpoint of one's own means a call that it does not support."""
    fault = _translated(ResponseParserError("<html>"), own_endpoint="http://127.0.0.1:5000")

    assert type(fault) is Permanent
    assert "AWS_ENDPOINT_URL is http://127.0.0.1:5000" in fault.reason


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[EcrPlace]:
    """An empty account."""
    with EcrPlace(moto_port) as place:
        yield place
        await place.end()


async def test_one_call_is_one_request(place: EcrPlace) -> None:
    """boto3 repeats nothing by itself: a throttled look is refused although a second one would succeed."""
    place.proxy.next("DescribeRepositories", Refusal("ThrottlingException"))

    with pytest.raises(Transient, match="throttling"):
        await place.observer().observe(place.resource())

    assert place.proxy.served["DescribeRepositories"] == 0


async def test_nobody_listens(place: EcrPlace) -> None:
    """A refused connection is transient: nothing was asked."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{reserved.getsockname()[1]}"}
        provisioner = place.provisioner_with(**environment)

        with pytest.raises(Transient, match="nothing was asked"):
            await provisioner.take(Step.WARM, place.order(place.resource()))


async def test_a_step_after_its_deadline_asks_nothing(place: EcrPlace) -> None:
    """Where the deadline has passed, the step ends as transient before any request."""
    order = place.order(place.resource(), within_s=0)

    with pytest.raises(Transient, match="deadline passed"):
        await place.provisioner().take(Step.WARM, order)

    assert not place.proxy.served


async def test_a_resource_adopted_elsewhere_is_refused(place: EcrPlace) -> None:
    """An ARN of another region than the options' is refused with both regions in the sentence."""
    arn = "arn:aws:ecr:us-east-1:123456789012:repository/shop"
    resource = Resource("shop", "web", place.resource().options, name=arn)

    with pytest.raises(Permanent, match=r"us-east-1.*eu-central-1"):
        await place.observer().observe(resource)
