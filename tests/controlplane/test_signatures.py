"""Requests signed by botocore, checked by the control plane's own hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import TYPE_CHECKING

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sagectl.controlplane.signatures import SKEW_SECONDS, Key, Signatures, read_keys
from sagectl.errors import InputError, ServiceError

if TYPE_CHECKING:
    from pathlib import Path

BODY = b'{"WorkteamName":"radiology"}'
KEYS = {"111122223333": Key("secret", "111122223333"), "CI": Key("other", "123456789012")}


def signed(
    key: str = "111122223333",
    secret: str = "secret",
    *,
    operation: str = "DeleteWorkteam",
    region: str = "eu-west-1",
    service: str = "sagemaker",
    **headers: str,
) -> Message:
    """The headers of a request as botocore would send them."""
    request = AWSRequest(
        "POST",
        "http://10.0.0.5:8181/",
        {
            "X-Amz-Target": f"SageMaker.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Host": "10.0.0.5:8181",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        BODY,
    )
    SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    message = Message()
    for name, value in request.headers.items():
        message[name] = value
    return message


def refused(checker: Signatures, headers: Message, body: bytes = BODY) -> str:
    with pytest.raises(ServiceError) as caught:
        checker.caller("POST", "/", headers, body)
    assert caught.value.status == 403
    return caught.value.code


def changed(headers: Message, name: str, value: str) -> Message:
    del headers[name]
    headers[name] = value
    return headers


def test_a_signed_request_speaks_for_its_key_s_account_in_its_scope_s_region() -> None:
    checker = Signatures(KEYS)
    assert checker.caller("POST", "/", signed(), BODY) == ("111122223333", "eu-west-1")
    headers = signed("CI", "other", region="us-east-1")
    assert checker.caller("POST", "/", headers, BODY) == ("123456789012", "us-east-1")


def test_a_request_that_nobody_known_signed_is_refused() -> None:
    checker = Signatures(KEYS)
    headers = signed()
    del headers["Authorization"]
    assert refused(checker, headers) == "MissingAuthenticationTokenException"
    assert refused(checker, signed("stranger")) == "UnrecognizedClientException"
    assert refused(checker, signed(secret="guess")) == "InvalidSignatureException"
    bearer = changed(signed(), "Authorization", "Bearer abc")
    assert refused(checker, bearer) == "IncompleteSignatureException"


def test_a_request_that_was_changed_on_its_way_is_refused() -> None:
    checker = Signatures(KEYS)
    assert refused(checker, signed(), b"{}") == "InvalidSignatureException"
    other = changed(signed(), "X-Amz-Target", "SageMaker.DeleteWorkforce")
    assert refused(checker, other) == "InvalidSignatureException"
    with pytest.raises(ServiceError):
        checker.caller("POST", "/other", signed(), BODY)


def test_what_is_not_signed_cannot_be_trusted() -> None:
    headers = signed()
    text = headers["Authorization"].replace(";x-amz-target", "")
    assert refused(Signatures(KEYS), changed(headers, "Authorization", text)) == (
        "IncompleteSignatureException"
    )


def test_a_signature_for_another_service_is_refused() -> None:
    assert refused(Signatures(KEYS), signed(service="s3")) == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-6, 6], ids=["old", "from the future"])
def test_clocks_may_differ_by_five_minutes_and_no_more(minutes: int) -> None:
    now = datetime.now(UTC)
    skewed = Signatures(KEYS, clock=lambda: now + timedelta(minutes=minutes))
    assert refused(skewed, signed()) == "InvalidSignatureException"
    near = Signatures(KEYS, clock=lambda: now + timedelta(minutes=minutes * 0.7))
    assert near.caller("POST", "/", signed(), BODY).account == "111122223333"


def test_a_change_is_carried_out_once_and_a_look_may_be_repeated() -> None:
    checker = Signatures(KEYS)
    change, look = signed(), signed(operation="DescribeWorkteam")
    checker.caller("POST", "/", change, BODY)
    assert refused(checker, change) == "InvalidSignatureException"
    for _ in range(2):
        checker.caller("POST", "/", look, BODY)


def test_spent_signatures_are_forgotten_when_they_are_too_old_to_be_used() -> None:
    now = datetime.now(UTC)
    checker = Signatures(KEYS, clock=lambda: now)
    checker.caller("POST", "/", signed(), BODY)
    now += timedelta(seconds=2 * SKEW_SECONDS + 1)
    assert refused(checker, signed(Other="1")) == "InvalidSignatureException"
    assert len(vars(checker)["_spent"]) == 1


def test_keys_are_read_from_a_credentials_file(tmp_path: Path) -> None:
    place = tmp_path / "keys"
    place.write_text(
        "[ci]\naws_access_key_id = CI\naws_secret_access_key = a%b\naccount = 999988887777\n"
        "[mine]\naws_access_key_id = 111122223333\naws_secret_access_key = s\n"
    )
    place.chmod(0o600)
    assert read_keys(place) == {
        "CI": Key("a%b", "999988887777"),
        "111122223333": Key("s", "111122223333"),
    }


BAD_FILES = {
    "no section": "aws_access_key_id = hush",
    "no secret": "[a]\naws_access_key_id = hush\n",
    "empty": "",
}


@pytest.mark.parametrize("text", BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_without_keys_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    place = tmp_path / "keys"
    place.write_text(text)
    place.chmod(0o600)
    with pytest.raises(InputError) as caught:
        read_keys(place)
    assert "hush" not in str(caught.value)
    assert caught.value.hint


MAIN_KEY = "aws_access_key_id = CI\naws_secret_access_key = hush\n"
BAD_KEYS = {
    "empty secret": ("[a]\naws_access_key_id = CI\naws_secret_access_key =\n", "empty"),
    "odd id": ("[a]\naws_access_key_id = C I\naws_secret_access_key = hush\n", "can name"),
    "no account": (f"[a]\n{MAIN_KEY}account = mine\n", "'mine' is no account"),
    "a key twice": (f"[a]\n{MAIN_KEY}[b]\n{MAIN_KEY}", "a key twice"),
}


@pytest.mark.parametrize(("text", "problem"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_opens_too_much_or_nothing_is_refused(
    tmp_path: Path, text: str, problem: str
) -> None:
    place = tmp_path / "keys"
    place.write_text(text)
    place.chmod(0o600)
    with pytest.raises(InputError, match=problem) as caught:
        read_keys(place)
    assert "hush" not in str(caught.value)


def test_a_folder_of_keys_is_no_file_of_keys(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_keys(tmp_path)


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "keys"
    place.write_text("[a]\n")
    place.chmod(0o644)
    with pytest.raises(InputError, match="read by others"):
        read_keys(place)
