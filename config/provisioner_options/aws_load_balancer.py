"""Options of an application load balancer of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

SUBNETS_MIN: Final = 2
SUBNETS_MAX: Final = 20
SECURITY_GROUPS_MAX: Final = 5
PORT_MAX: Final = 65_535
HTTP_PORT: Final = 80
HTTPS_PORT: Final = 443

_vpc: Final = values.matching(r"vpc-[0-9a-f]{8,17}", "the id of a VPC, vpc-0123456789abcdef0")
_subnet: Final = values.matching(r"subnet-[0-9a-f]{8,17}", "the id of a subnet, subnet-0123456789abcdef0")
_security_group: Final = values.matching(r"sg-[0-9a-f]{8,17}", "the id of a security group, sg-0123456789abcdef0")
_scheme: Final = values.matching("internet-facing|internal", "internet-facing or internal")
_protocol: Final = values.matching("HTTPS|HTTP", "HTTPS or HTTP")
_target_type: Final = values.matching("ip|instance", "ip or instance")
_certificate: Final = values.matching(
    r"arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:\d{12}:\S{1,300}", "the ARN of a certificate of ACM or IAM"
)
_path: Final = values.matching(r"/[A-Za-z0-9_.$/~\"'@:+&%=?,*!()\[\]-]{0,1023}", "a path such as /healthz")


class LoadBalancerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A target group, and in front of it a load balancer with its listeners."""

    region: str
    vpc: str = ""
    subnets: tuple[str, ...] = ()
    """Of at least two availability zones."""
    security_groups: tuple[str, ...] = ()
    """None leaves the VPC's default group."""
    scheme: str = "internet-facing"
    protocol: str = "HTTP"
    port: int = HTTP_PORT
    certificate_arn: str = ""
    redirect_http: bool = False
    """Whether port 80 answers with the address of the HTTPS listener."""
    target_type: str = "ip"
    target_port: int = HTTP_PORT
    health_check_path: str = "/"
    tags: dict[str, str] = {}


def load_balancer_options(options: Mapping[str, Any]) -> LoadBalancerOptions:
    """The options of a loaded plan's `aws_load_balancer` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), LoadBalancerOptions)


def _read(fields: Fields, context: Context) -> LoadBalancerOptions:
    del context
    protocol = fields.optional("protocol", _protocol, "HTTP")
    secure = protocol == "HTTPS"
    port = values.integer(1, PORT_MAX)
    options = LoadBalancerOptions(
        region=region_read(fields),
        vpc=fields.required("vpc", _vpc) or "",
        subnets=tuple(subnet for subnet, _ in fields.texts("subnets", _subnet, required=True)),
        security_groups=tuple(group for group, _ in fields.texts("security_groups", _security_group)),
        scheme=fields.optional("scheme", _scheme, "internet-facing"),
        protocol=protocol,
        port=fields.optional("port", port, HTTPS_PORT if secure else HTTP_PORT),
        certificate_arn=fields.optional("certificate_arn", _certificate, ""),
        redirect_http=fields.optional("redirect_http", values.boolean, secure),
        target_type=fields.optional("target_type", _target_type, "ip"),
        target_port=fields.required("target_port", port) or HTTP_PORT,
        health_check_path=fields.optional("health_check_path", _path, "/"),
        tags=tags_read(fields),
    )
    _check(fields, options)
    return options


def _check(fields: Fields, options: LoadBalancerOptions) -> None:
    report = fields.collector.report
    if fields.has("subnets") and not SUBNETS_MIN <= len(options.subnets) <= SUBNETS_MAX:
        expected = f"{SUBNETS_MIN} to {SUBNETS_MAX} subnets, each of another availability zone"
        report(fields.place_of("subnets"), expected, f"{len(options.subnets)} of them")
    if len(options.security_groups) > SECURITY_GROUPS_MAX:
        expected = f"at most {SECURITY_GROUPS_MAX} groups"
        report(fields.place_of("security_groups"), expected, f"{len(options.security_groups)} of them")
    secure = options.protocol == "HTTPS"
    if secure and not options.certificate_arn and not fields.has("certificate_arn"):
        report(fields.place_of("certificate_arn"), "the ARN of a certificate, which HTTPS needs", "no such key")
    if not secure and options.certificate_arn:
        report(fields.place_of("certificate_arn"), "no certificate with protocol HTTP, or protocol HTTPS", "both")
    if options.redirect_http and not secure:
        report(fields.place_of("redirect_http"), "false with protocol HTTP: there is nothing to redirect to", "true")
    if options.redirect_http and secure and options.port == HTTP_PORT:
        report(fields.place_of("port"), f"another port than {HTTP_PORT}, which redirects to HTTPS", str(HTTP_PORT))


KIND: Final = OptionsKind(_read, provider_of, place=("region",))
