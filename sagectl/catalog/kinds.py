"""The resource kinds sagectl manages, one row each."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from sagectl.catalog.statuses import COMPILATION, LABELING, WORKFORCE, StatusSet

if TYPE_CHECKING:
    from collections.abc import Mapping


class Column(NamedTuple):
    """One column of a kind's table: its heading and where in a list row its text is.

    ``path`` is dotted (``LabelCounters.TotalLabeled``); several, separated by ``|``, are joined
    by a space where present. ``style`` is one of text, time, arn, status, list.
    ``is_wide`` columns show with ``-o wide`` alone.
    """

    title: str
    path: str
    style: str = "text"
    is_wide: bool = False


class Kind(NamedTuple):
    """How one resource kind maps onto operations, fields and columns.

    Field paths are dotted, in the service's spelling, ``[]`` standing for every item of a list.
    """

    name: str  # CompilationJob
    noun: str  # compilation job
    plural: str  # compilation jobs
    group: str  # the CLI group: compile
    create: str
    describe: str
    list: str
    delete: str | None
    update: str | None
    stop: str | None
    name_field: str  # CompilationJobName
    arn_field: str  # CompilationJobArn
    status_field: str | None  # CompilationJobStatus
    failure_field: str | None
    created_field: str  # CreationTime
    list_member: str  # CompilationJobSummaries
    describe_member: str | None  # the member a describe wraps its answer in, if it does
    statuses: StatusSet | None
    mutable: tuple[str, ...] = ()  # top-level fields that the update operation takes
    references: Mapping[str, str] = MappingProxyType({})  # field path -> kind
    uploads: tuple[str, ...] = ()  # fields where {upload: PATH} may stand for an S3 URI
    packed_uploads: tuple[str, ...] = ()  # those of them packed as tar.gz
    json_text: tuple[str, ...] = ()  # strings that hold JSON, writable as mappings
    unordered: tuple[str, ...] = ()  # lists whose order the service does not keep
    secrets: tuple[str, ...] = ()  # values never shown
    columns: tuple[Column, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)  # mappings among the fields cannot be hashed

    @property
    def word(self) -> str:
        """The kind as the command line writes it: ``compilationjob``."""
        return self.name.lower()

    @property
    def is_job(self) -> bool:
        """Whether it runs to an end and cannot be changed on the way."""
        return self.stop is not None


_CREATED = Column("CREATED", "CreateDate", "time")
_UPDATED = Column("UPDATED", "LastUpdatedDate", "time", is_wide=True)

WORKFORCE_KIND = Kind(
    name="Workforce",
    noun="workforce",
    plural="workforces",
    group="workforce",
    create="CreateWorkforce",
    describe="DescribeWorkforce",
    list="ListWorkforces",
    delete="DeleteWorkforce",
    update="UpdateWorkforce",
    stop=None,
    name_field="WorkforceName",
    arn_field="WorkforceArn",
    status_field="Status",
    failure_field="FailureReason",
    created_field="CreateDate",
    list_member="Workforces",
    describe_member="Workforce",
    statuses=WORKFORCE,
    mutable=("SourceIpConfig", "OidcConfig", "WorkforceVpcConfig", "IpAddressType"),
    unordered=(
        "SourceIpConfig.Cidrs",
        "WorkforceVpcConfig.Subnets",
        "WorkforceVpcConfig.SecurityGroupIds",
    ),
    secrets=("OidcConfig.ClientSecret",),
    columns=(
        Column("NAME", "WorkforceName"),
        Column("STATUS", "Status", "status"),
        Column("USER POOL", "CognitoConfig.UserPool"),
        Column("ISSUER", "OidcConfig.Issuer"),
        Column("CIDRS", "SourceIpConfig.Cidrs", "list"),
        _CREATED,
        Column("SUBDOMAIN", "SubDomain", is_wide=True),
        _UPDATED,
        Column("ARN", "WorkforceArn", "arn", is_wide=True),
    ),
)

WORKTEAM_KIND = Kind(
    name="Workteam",
    noun="work team",
    plural="work teams",
    group="workteam",
    create="CreateWorkteam",
    describe="DescribeWorkteam",
    list="ListWorkteams",
    delete="DeleteWorkteam",
    update="UpdateWorkteam",
    stop=None,
    name_field="WorkteamName",
    arn_field="WorkteamArn",
    status_field=None,
    failure_field=None,
    created_field="CreateDate",
    list_member="Workteams",
    describe_member="Workteam",
    statuses=None,
    mutable=(
        "MemberDefinitions",
        "Description",
        "NotificationConfiguration",
        "WorkerAccessConfiguration",
    ),
    references=MappingProxyType({"WorkforceName": "Workforce"}),
    unordered=("MemberDefinitions", "MemberDefinitions[].OidcMemberDefinition.Groups"),
    columns=(
        Column("NAME", "WorkteamName"),
        Column(
            "GROUPS",
            "MemberDefinitions[].OidcMemberDefinition.Groups[]"
            "|MemberDefinitions[].CognitoMemberDefinition.UserGroup",
            "list",
        ),
        Column("DESCRIPTION", "Description"),
        _CREATED,
        Column("SUBDOMAIN", "SubDomain", is_wide=True),
        Column("TOPIC", "NotificationConfiguration.NotificationTopicArn", "arn", is_wide=True),
        _UPDATED,
        Column("ARN", "WorkteamArn", "arn", is_wide=True),
    ),
)

COMPILATION_JOB_KIND = Kind(
    name="CompilationJob",
    noun="compilation job",
    plural="compilation jobs",
    group="compile",
    create="CreateCompilationJob",
    describe="DescribeCompilationJob",
    list="ListCompilationJobs",
    delete="DeleteCompilationJob",
    update=None,
    stop="StopCompilationJob",
    name_field="CompilationJobName",
    arn_field="CompilationJobArn",
    status_field="CompilationJobStatus",
    failure_field="FailureReason",
    created_field="CreationTime",
    list_member="CompilationJobSummaries",
    describe_member=None,
    statuses=COMPILATION,
    uploads=("InputConfig.S3Uri",),
    packed_uploads=("InputConfig.S3Uri",),
    json_text=("InputConfig.DataInputConfig", "OutputConfig.CompilerOptions"),
    unordered=("VpcConfig.Subnets", "VpcConfig.SecurityGroupIds"),
    columns=(
        Column("NAME", "CompilationJobName"),
        Column("STATUS", "CompilationJobStatus", "status"),
        Column(
            "TARGET",
            "CompilationTargetDevice|CompilationTargetPlatformOs"
            "|CompilationTargetPlatformArch|CompilationTargetPlatformAccelerator",
        ),
        Column("CREATED", "CreationTime", "time"),
        Column("STARTED", "CompilationStartTime", "time", is_wide=True),
        Column("ENDED", "CompilationEndTime", "time", is_wide=True),
        Column("ARN", "CompilationJobArn", "arn", is_wide=True),
    ),
)

LABELING_JOB_KIND = Kind(
    name="LabelingJob",
    noun="labeling job",
    plural="labeling jobs",
    group="labeling",
    create="CreateLabelingJob",
    describe="DescribeLabelingJob",
    list="ListLabelingJobs",
    delete=None,
    update=None,
    stop="StopLabelingJob",
    name_field="LabelingJobName",
    arn_field="LabelingJobArn",
    status_field="LabelingJobStatus",
    failure_field="FailureReason",
    created_field="CreationTime",
    list_member="LabelingJobSummaryList",
    describe_member=None,
    statuses=LABELING,
    references=MappingProxyType({"HumanTaskConfig.WorkteamArn": "Workteam"}),
    uploads=(
        "InputConfig.DataSource.S3DataSource.ManifestS3Uri",
        "LabelCategoryConfigS3Uri",
        "HumanTaskConfig.UiConfig.UiTemplateS3Uri",
    ),
    unordered=(
        "InputConfig.DataAttributes.ContentClassifiers",
        "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VpcConfig.Subnets",
        "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VpcConfig.SecurityGroupIds",
    ),
    columns=(
        Column("NAME", "LabelingJobName"),
        Column("STATUS", "LabelingJobStatus", "status"),
        Column("LABELED", "LabelCounters.TotalLabeled"),
        Column("FAILED", "LabelCounters.FailedNonRetryableError"),
        Column("LEFT", "LabelCounters.Unlabeled"),
        Column("CREATED", "CreationTime", "time"),
        Column("WORK TEAM", "WorkteamArn", "arn", is_wide=True),
        Column("UPDATED", "LastModifiedTime", "time", is_wide=True),
        Column("ARN", "LabelingJobArn", "arn", is_wide=True),
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (WORKFORCE_KIND, WORKTEAM_KIND, COMPILATION_JOB_KIND, LABELING_JOB_KIND)
    }
)
