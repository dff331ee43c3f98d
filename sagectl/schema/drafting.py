"""Drafts to documents: the YAML of a specification, read by the shape of its kind."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sagectl.manifest.document import Document
from sagectl.schema.constraints import StructureChecker, TextChecker
from sagectl.schema.forms import forms_of
from sagectl.schema.params import create_params
from sagectl.schema.request import in_document, with_rules
from sagectl.schema.rules.rule import given
from sagectl.schema.rules.workteam import stray_workers
from sagectl.schema.scalars import Limits
from sagectl.schema.shorthands import expand_node
from sagectl.schema.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.catalog.kinds import Kind
    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.reader import Draft
    from sagectl.schema.model import ServiceModel


class DraftReader:
    """Reads the drafts of one kind by the shape of its create operation."""

    def __init__(
        self,
        kind: Kind,
        model: ServiceModel,
        lenient: bool,
        region: Callable[[], str],
    ) -> None:
        self.kind = kind
        self.region = region
        self.model = model
        self.lenient = lenient
        self.forms = cache(lambda base: forms_of(kind, prefix="spec.", base=base))
        elsewhere = {kind.name_field: "The name stands at the top of the document, as `name`."}
        self.shape = model.operation(kind.create).input_shape
        self.spec = StructureChecker(self.shape, model, elsewhere)
        self.name = TextChecker(self.shape.members[kind.name_field], model)
        tags = self.shape.members["Tags"]
        tag = tags.member
        self.tag_limits = Limits(tags, "tag")
        self.tag_key = TextChecker(tag.members["Key"], model)
        self.tag_value = TextChecker(tag.members["Value"], model)

    def read(self, draft: Draft) -> tuple[Document, list[Diagnostic]]:
        """The document that ``draft`` means, and everything that is wrong with it."""
        walk = Walk(self.forms(draft.base), draft.spans, is_lenient=self.lenient)
        if draft.name:
            self.name.judge(draft.name, "name", walk, draft.spans.values_at["name"])
        if self.kind.name == "LabelingJob" and draft.spec is not None:
            expand_node(draft.spec, self._region_of(draft), walk)
        spec = self.spec.from_node(draft.spec, "spec", walk) if draft.spec is not None else {}
        tags = self._tags(draft, spec.pop("Tags", None), walk)
        document = Document(
            draft.kind,
            draft.name,
            spec,
            draft.region,
            tags,
            draft.span,
            draft.spans,
            draft.workers,
        )
        draft.findings.extend(stray_workers(document))
        if draft.spec is None:
            return document, [*draft.findings, *walk.findings]
        params = create_params(document)
        found = with_rules(
            self.kind.create, params, walk, lambda one: in_document(one, document)
        )
        return document, [*draft.findings, *found]

    def _region_of(self, draft: Draft) -> Callable[[], str]:
        return (lambda: str(draft.region)) if draft.region else self.region

    def _tags(self, draft: Draft, listed: Any, walk: Walk) -> dict[str, str]:
        """The tags at the top and those in the spec, as one mapping."""
        key, value = self.tag_key, self.tag_value
        places = draft.spans.values_at
        for name, content in draft.tags.items():
            at = f"tags.{name}"
            key.judge(name, at, walk, draft.spans.keys_at[at])
            value.judge(content, at, walk, places[at])
        tags = dict(draft.tags)
        for index, tag in enumerate(listed if isinstance(listed, list) else ()):
            name = given(tag, "Key")
            if name in tags:
                at = f"spec.Tags[{index}]"
                walk.add("tags.duplicate", at, f"the tag {name!r} is given twice", places[at])
            elif isinstance(name, str) and isinstance(text := given(tag, "Value"), str):
                tags[name] = text
        self.tag_limits.judge(len(tags), "tags", walk, places.get("tags"))
        return tags
