"""botocore's errors in the three words of the port, each with a sentence that says what to do."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from botocore import exceptions
from botocore.parsers import ResponseParserError

from machines.ports.faults import Ambiguous, Permanent, Transient

RETRY_CREDENTIALS_S: Final = 300.0
RETRY_CAPACITY_S: Final = 300.0
RETRY_BUSY_S: Final = 30.0
_CREDENTIALS_SOURCES: Final = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role for this machine"

_THROTTLED: Final = re.compile(
    r"Throttl|RequestLimitExceeded|TooManyRequests|BandwidthLimitExceeded|SlowDown|PriorRequestNotComplete"
    r"|ProvisionedThroughputExceeded|RequestThrottled|^RateExceeded"
)
_EXPIRED: Final = re.compile(r"^ExpiredToken(Exception)?$|^RequestExpired$|^TokenRefreshRequired$")
_SKEWED: Final = re.compile(r"^RequestTimeTooSkewed$|^InvalidSignatureException$|^SignatureDoesNotMatch$")
_UNKNOWN_KEY: Final = re.compile(
    r"^InvalidClientTokenId$|^UnrecognizedClientException$|^AuthFailure$|^InvalidAccessKeyId$|^InvalidToken$"
    r"|^IncompleteSignature|^MissingAuthenticationToken"
)
_DENIED: Final = re.compile(
    r"AccessDenied|UnauthorizedOperation|^NotAuthorized|^Forbidden$|^OptInRequired$|^AuthorizationError"
)
_CAPACITY: Final = re.compile(
    r"Insufficient.*Capacity|InsufficientCapacity|InsufficientFreeAddresses"
    r"|^InsufficientHostCapacity|^MaxSpotInstanceCountExceeded$|^SpotMaxPriceTooLow$|ResourceNotReady"
)
_QUOTA: Final = re.compile(r"Limits?Exceeded|QuotaExceeded|^TooMany|ServiceQuota|^QuotaExceeded|^MaximumExceeded")
_BUSY: Final = re.compile(
    r"^Invalid.*State(Fault|Exception)?$|^Incorrect\w*State$|^ResourceInUse|^OperationInProgress|^ConcurrentModification|^DependencyViolation"
    r"|^InvalidRequestedState|OptimisticLock|^ConflictException$|^ResourceInProgress|InUseException$|^ResourcePropagationDelay"
    r"|^OperationAborted$"
)
_THERE: Final = re.compile(r"AlreadyExists|^Duplicate|^EntityAlreadyExists|^BucketAlreadyOwnedByYou$|AlreadyOwned")
_ABSENT: Final = re.compile(r"NotFound|^NoSuch|DoesNotExist|^404$")
_PROTECTED: Final = re.compile(r"^OperationNotPermitted$")
_ZONE: Final = re.compile(r"^UnsupportedAvailabilityZone")
_UNSUPPORTED: Final = re.compile(
    r"^NotImplemented|^NotYetImplemented|^UnsupportedOperation|^InvalidAction$|^UnknownOperation"
)


def code_of(error: BaseException) -> str:
    """AWS's own code of a refusal, such as `AccessDeniedException`; "" of any other error."""
    answer: Any = getattr(error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def lacks_credentials(error: BaseException) -> bool:
    """Whether other credentials than those at hand are needed, so that they are to be read anew."""
    missing = (exceptions.NoCredentialsError, exceptions.CredentialRetrievalError)
    return isinstance(error, missing) or bool(_EXPIRED.search(code_of(error)))


def translate(error: Exception, what: str, *, changes: bool, own_endpoint: str = "") -> NoReturn:
    """Raise the port's word for what botocore raised during `what`, such as `ecr create_repository in eu-central-1`.

    `changes`: the call changes something, so an answer that says neither yes nor no leaves that open.
    """
    if isinstance(error, exceptions.ClientError):
        _refused(error, what, changes=changes, own_endpoint=own_endpoint)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.CredentialRetrievalError):
        raise Transient(f"{what}: no AWS credentials were found ({error}): {_CREDENTIALS_SOURCES}", RETRY_CREDENTIALS_S)
    if isinstance(error, exceptions.PartialCredentialsError | exceptions.ProfileNotFound):
        raise Permanent(f"{what}: the AWS credentials are not complete ({error}): {_CREDENTIALS_SOURCES}")
    if isinstance(error, exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        raise Permanent(
            f"{what}: the endpoint's certificate is not trusted: set AWS_CA_BUNDLE, or mend AWS_ENDPOINT_URL"
        )
    if isinstance(
        error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError | exceptions.ProxyConnectionError
    ):
        raise Transient(f"{what}: no connection to AWS, so nothing was asked: {error}")
    if isinstance(error, exceptions.ParamValidationError | exceptions.UnknownServiceError | exceptions.NoRegionError):
        raise Permanent(f"{what}: boto3 refuses to ask for this: {_line(error)}; mend the component's options")
    if isinstance(error, ResponseParserError):
        _unreadable(what, own_endpoint)
    if isinstance(error, exceptions.BotoCoreError | OSError):
        raise Ambiguous(f"{what}: the connection was cut before an answer came: {_line(error)}")
    raise Ambiguous(f"{what} ended without an answer: {type(error).__name__}: {_line(error)}")


def _refused(error: exceptions.ClientError, what: str, *, changes: bool, own_endpoint: str) -> NoReturn:
    code = code_of(error)
    said = f"{what}: {code}: {_line(error.response.get('Error', {}).get('Message', ''))}"
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if _THROTTLED.search(code) or status == 429:
        raise Transient(f"{said}; AWS is throttling this account, trying again later helps")
    if _EXPIRED.search(code):
        raise Transient(f"{said}; the AWS credentials have expired: renew them", RETRY_CREDENTIALS_S)
    if _UNSUPPORTED.search(code) or status == 501:
        raise Permanent(f"{said}; this endpoint does not support the call{_at(own_endpoint)}")
    if advice := _advice(code):
        raise Permanent(f"{said}; {advice}")
    if _CAPACITY.search(code):
        raise Transient(
            f"{said}; AWS has no capacity for it now: wait, or choose another zone or type", RETRY_CAPACITY_S
        )
    if _BUSY.search(code):
        raise Transient(f"{said}; it is in use or AWS is at work on it: trying again later helps", RETRY_BUSY_S)
    if status == 503 or (status >= 500 and not changes):
        raise Transient(f"{said}; AWS is not available, trying again later helps")
    if status >= 500:
        raise Ambiguous(f"{said}; AWS failed in the middle: what it did is unknown until a look")
    raise Permanent(f"{said}; AWS refused it as it was asked: mend the component's options")


def _advice(code: str) -> str:
    """What to do about a refusal that no waiting helps against; "" where waiting may help or nothing is known."""
    for pattern, advice in (
        (_SKEWED, "the secret key is wrong or this machine's clock is: check both"),
        (_UNKNOWN_KEY, "AWS does not know these credentials: check AWS_ACCESS_KEY_ID and the account"),
        (_DENIED, "allow it in the IAM policy of solvent's user or role (docs/provisioners/aws.md)"),
        (_THERE, "the name is taken: adopt what is there, or remove it"),
        (_QUOTA, "the account's quota is used up: ask AWS for a higher one, or remove what is not needed"),
        (_PROTECTED, "a protection stands against it: take it off there, as its owner, if this is wished"),
        (_ZONE, "the service is not offered in one of these zones: name subnets of other zones"),
        (_ABSENT, "what it names is not there: check names, region and account in the options"),
    ):
        if pattern.search(code):
            return advice
    return ""


def _unreadable(what: str, own_endpoint: str) -> NoReturn:
    if own_endpoint:
        raise Permanent(f"{what}: the answer is none of AWS's, so the call is not supported{_at(own_endpoint)}")
    raise Ambiguous(f"{what}: the answer cannot be read as one of AWS's: look for a proxy in between")


def _at(own_endpoint: str) -> str:
    return f" (AWS_ENDPOINT_URL is {own_endpoint})" if own_endpoint else ""


def _line(text: object) -> str:
    return " ".join(str(text).split())[:500]
