"""The people of an Amazon Cognito user pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import ServiceError
from sagectl.gateway.failures import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 60  # API reference of Amazon Cognito, ListUsers


class CognitoUser(NamedTuple):
    """A user as ListUsers has them; ``email`` is lower-cased."""

    username: str
    email: str
    name: str
    is_enabled: bool
    status: str


class CognitoPool:
    """A user pool by its id; safe to use from as many threads as it has ``connections``."""

    def __init__(
        self,
        region: str,
        pool: str,
        *,
        profile: str | None = None,
        connections: int = 16,
        sends_mail: bool = True,
    ) -> None:
        from sagectl.gateway.session import client

        self._client = client("cognito-idp", region, profile=profile, connections=connections)
        self._pool = pool
        self._sends_mail = sends_mail

    def people(self) -> Iterator[CognitoUser]:
        """Everybody, a page of sixty at a time."""
        return map(_user, self._pages("ListUsers", "Users", "PaginationToken"))

    def groups(self) -> Iterator[str]:
        pages = self._pages("ListGroups", "Groups", "NextToken")
        return (group["GroupName"] for group in pages)

    def members(self, group: str) -> Iterator[CognitoUser]:
        pages = self._pages("ListUsersInGroup", "Users", "NextToken", GroupName=group)
        return map(_user, pages)

    def find(self, email: str) -> CognitoUser | None:
        """Whoever has that e-mail address, written in lower case."""
        # Nothing that email_problem lets through needs an escape but these two.
        quoted = email.replace("\\", "\\\\").replace('"', '\\"')
        answer = self._call("ListUsers", Filter=f'email = "{quoted}"', Limit=1)
        return next(map(_user, answer["Users"]), None)

    def groups_of(self, username: str) -> Iterator[str]:
        pages = self._pages("AdminListGroupsForUser", "Groups", "NextToken", Username=username)
        return (group["GroupName"] for group in pages)

    def create_group(self, group: str) -> None:
        try:
            self._call("CreateGroup", GroupName=group)
        except ServiceError as error:
            if error.code != "GroupExistsException":
                raise

    def invite(self, email: str, name: str) -> str:
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
            *([{"Name": "name", "Value": name}] if name else []),
        ]
        how: dict[str, Any] = {"DesiredDeliveryMediums": ["EMAIL"]}
        if not self._sends_mail:
            how = {"MessageAction": "SUPPRESS"}
        answer = self._call("AdminCreateUser", Username=email, UserAttributes=attributes, **how)
        return str(answer["User"]["Username"])

    def resend(self, username: str) -> None:
        self._call("AdminCreateUser", Username=username, MessageAction="RESEND")

    def rename(self, username: str, name: str) -> None:
        attributes = [{"Name": "name", "Value": name}]
        self._call("AdminUpdateUserAttributes", Username=username, UserAttributes=attributes)

    def join(self, username: str, group: str) -> None:
        self._call("AdminAddUserToGroup", Username=username, GroupName=group)

    def leave(self, username: str, group: str) -> None:
        self._call("AdminRemoveUserFromGroup", Username=username, GroupName=group)

    def enable(self, username: str) -> None:
        self._call("AdminEnableUser", Username=username)

    def disable(self, username: str) -> None:
        self._call("AdminDisableUser", Username=username)

    def remove(self, username: str) -> None:
        self._call("AdminDeleteUser", Username=username)

    def _pages(
        self, operation: str, member: str, token: str, **params: Any
    ) -> Iterator[dict[str, Any]]:
        params["Limit"] = PAGE
        while True:
            answer = self._call(operation, **params)
            yield from answer.get(member, ())
            if not answer.get(token):
                return
            params[token] = answer[token]

    def _call(self, operation: str, **params: Any) -> Any:
        from botocore import xform_name

        with translated(operation):
            return getattr(self._client, xform_name(operation))(UserPoolId=self._pool, **params)


def _user(user: dict[str, Any]) -> CognitoUser:
    attributes = {each["Name"]: each.get("Value", "") for each in user.get("Attributes", ())}
    return CognitoUser(
        user["Username"],
        attributes.get("email", user["Username"]).lower(),
        attributes.get("name", ""),
        user.get("Enabled", True),
        user.get("UserStatus", ""),
    )
