"""Tags of resources, by ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults, resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource

# How the resource's part of an ARN begins -> its kind.
KINDS_BY_PATH = {
    "workteam/private-crowd/": "Workteam",
    "compilation-job/": "CompilationJob",
    "labeling-job/": "LabelingJob",
}


def add(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """AddTags: answers with all the tags that the resource has then."""
    with context.store.writing() as db:
        tagged = _tagged(context, db, params["ResourceArn"])
        put(context, db, tagged, params["Tags"])
        return {"Tags": of(db, tagged)}


def list_(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """ListTags: a page holds at least 50, which is all that a resource may have."""
    if params.get("NextToken"):
        raise faults.validation("NextToken is not one that ListTags gave.")
    with context.store.reading() as db:
        return {"Tags": of(db, _tagged(context, db, params["ResourceArn"]))}


def delete(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteTags: keys that the resource does not have are no matter."""
    with context.store.writing() as db:
        tagged = _tagged(context, db, params["ResourceArn"])
        db.executemany(
            "DELETE FROM tags WHERE resource = ? AND key = ?",
            [(tagged.id, key) for key in params["TagKeys"]],
        )
    return {}


def put(
    context: Context, db: Connection, tagged: Resource, tags: Iterable[Mapping[str, str]]
) -> None:
    """Add or overwrite tags, within a transaction; past the quota is a ValidationException."""
    pairs = [(tagged.id, tag["Key"], tag["Value"]) for tag in tags]
    if not pairs:
        return
    for _, key, _ in pairs:
        if key.lower().startswith("aws:"):
            raise faults.validation(
                f"The tag key {key!r} begins with aws:, which AWS keeps for itself."
            )
    db.executemany(
        "INSERT INTO tags (resource, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (resource, key) DO UPDATE SET value = excluded.value",
        pairs,
    )
    has = db.execute("SELECT count(*) FROM tags WHERE resource = ?", (tagged.id,)).fetchone()[0]
    if has > context.quotas["Tag"]:
        raise faults.validation(
            f"{tagged.arn} would have {has} tags; a resource may have {context.quotas['Tag']}."
        )


def of(db: Connection, tagged: Resource) -> list[dict[str, str]]:
    """The tags of a resource, in the order they came."""
    rows = db.execute(
        "SELECT key, value FROM tags WHERE resource = ? ORDER BY rowid", (tagged.id,)
    )
    return [{"Key": key, "Value": value} for key, value in rows]


def _tagged(context: Context, db: Connection, arn: str) -> Resource:
    path = arn.split(":", 5)[-1]
    if path.startswith("workforce/"):
        # The service's text (terraform-provider-aws, PR 20065).
        raise faults.validation("Invalid resource type: workforce")
    for start, kind in KINDS_BY_PATH.items():
        if path.startswith(start):
            tagged = resources.find(db, kind, context.place, path.removeprefix(start))
            if tagged is not None and tagged.arn == arn:
                return tagged
    raise faults.not_found(f"There is no resource {arn} to tag.", code="ValidationException")


OPERATIONS = {"AddTags": add, "ListTags": list_, "DeleteTags": delete}
