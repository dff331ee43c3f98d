"""What the local plane takes from SageMaker, and from where it is known."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Short name -> what it stands for.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "model": "the service model of the installed botocore",
        "reference": "SageMaker API reference",
        "guide": "SageMaker developer guide",
        "terraform": "hashicorp/terraform-provider-aws, which talks to the service",
        "issues": "the service's answers, as people report them in public issues",
        "ours": "not known of the service; decided here",
    }
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour of one or several operations.

    ``source`` names a row of SOURCES, ``detail`` where in it; ``tested_by`` is a test's path
    and name below ``tests/``.
    """

    operations: str
    says: str
    source: str
    tested_by: str
    detail: str = ""


_WORKFORCES = "controlplane/operations/test_workforces.py::"
_WORKTEAMS = "controlplane/operations/test_workteams.py::"
_COMPILATIONS = "controlplane/operations/test_compilations.py::"
_LABELINGS = "controlplane/operations/test_labelings.py::"
_LABELWORK = "controlplane/test_labelwork.py::"
_TAGS = "controlplane/operations/test_tags.py::"
_QUERY = "controlplane/test_query.py::"
_PAGING = "controlplane/test_paging.py::"
_PLANE = "controlplane/test_plane.py::"
_SETTLING = "controlplane/test_settling.py::"
_CHAOS = "controlplane/test_chaos.py::"
_SIGNATURES = "controlplane/test_signatures.py::"
_EVENTS = "controlplane/test_events.py::"
_WIRE = "controlplane/test_wire.py::"

# What people might look for in vain.
NOT_EMULATED: tuple[str, ...] = (
    "Cognito, IAM and the VPC: a pool, role or subnet that a request names need not exist.",
    "Rates: no call is one too many here, unless --chaos says so.",
    "Other quotas than work teams (25), workforces (1) and tags (50).",
    "Buckets in other regions: there is one namespace of buckets, in one folder.",
    "The wait of a work team for its SNS topic, and messages to workers.",
    "Training: Search looks through records that were loaded.",
    "Model packages: ModelPackageVersionArn is refused.",
)

FIDELITY: tuple[Behaviour, ...] = (
    Behaviour(
        "all",
        "Every field that the release of 2020-07-24 names is taken, and given back.",
        "reference",
        _PLANE + "test_every_field_of_the_fifteen_operations_goes_in_and_comes_out",
    ),
    Behaviour(
        "all",
        "Shapes are checked before anything else; all violations are told in one "
        "ValidationException, with lower camel case paths.",
        "issues",
        _WORKTEAMS + "test_a_malformed_team_is_refused_in_the_service_s_style",
    ),
    Behaviour(
        "all",
        "Accounts and regions know nothing of each other.",
        "reference",
        _WORKFORCES + "test_every_account_and_region_has_its_own_workforce",
    ),
    Behaviour(
        "CreateWorkforce",
        "One private workforce per account and region; the second is refused in the "
        "service's words.",
        "issues",
        _WORKFORCES + "test_a_second_workforce_is_refused_in_the_service_s_words",
        "terraform-provider-aws pull request 20472",
    ),
    Behaviour(
        "DescribeWorkforce, UpdateWorkforce, DeleteWorkforce",
        "A missing workforce is a ValidationException that contains 'No workforce'; the rest "
        "of the text is ours.",
        "terraform",
        _WORKFORCES + "test_a_missing_workforce_is_a_validation_exception",
    ),
    Behaviour(
        "DescribeWorkforce, ListWorkforces",
        "Without an allow list, SourceIpConfig is {Cidrs: []}, never absent.",
        "terraform",
        _WORKFORCES + "test_a_workforce_is_described_with_everything_but_its_secret",
    ),
    Behaviour(
        "CreateWorkforce, UpdateWorkforce",
        "ClientSecret is never shown; only its keyed digest is kept.",
        "model",
        _WORKFORCES + "test_the_client_secret_is_nowhere_in_the_state_directory",
        "OidcConfigForResponse has no ClientSecret",
    ),
    Behaviour(
        "UpdateWorkforce",
        "OidcConfig changes only while the workforce has no work teams.",
        "reference",
        _WORKFORCES + "test_the_oidc_configuration_changes_only_while_there_is_no_team",
        "UpdateWorkforce; the error is ours",
    ),
    Behaviour(
        "UpdateWorkforce",
        "A Cognito workforce stays one.",
        "terraform",
        _WORKFORCES + "test_a_cognito_workforce_cannot_turn_to_oidc",
        "changing it forces a new resource; the error is ours",
    ),
    Behaviour(
        "UpdateWorkforce",
        "An empty WorkforceVpcConfig takes the workforce out of its VPC.",
        "terraform",
        _WORKFORCES + "test_a_workforce_enters_a_vpc_and_leaves_it",
    ),
    Behaviour(
        "DeleteWorkforce",
        "A workforce with work teams is ResourceInUse.",
        "reference",
        _WORKFORCES + "test_a_workforce_with_teams_is_in_use",
        "DeleteWorkforce",
    ),
    Behaviour(
        "CreateWorkforce, UpdateWorkforce, DeleteWorkforce",
        "A workforce is Initializing, Updating and Deleting for as long as "
        "--workforce-delay says; without it, it is Active, or gone, at once.",
        "model",
        _SETTLING + "test_a_workforce_passes_through_the_states_of_the_service",
        "WorkforceStatus; the service takes minutes for one in a VPC",
    ),
    Behaviour(
        "UpdateWorkforce, DeleteWorkforce",
        "A workforce on its way to another state is a ConflictException.",
        "model",
        _SETTLING + "test_a_workforce_on_its_way_cannot_be_changed",
        "UpdateWorkforce has the error; that it is this one is ours",
    ),
    Behaviour(
        "CreateWorkteam",
        "Only an Active workforce takes work teams.",
        "ours",
        _SETTLING + "test_only_an_active_workforce_takes_teams",
        "terraform-provider-aws waits for Active first",
    ),
    Behaviour(
        "DescribeWorkforce",
        "With --chaos failures=SHARE a new workforce may end Failed, with its FailureReason.",
        "model",
        _CHAOS + "test_a_workforce_may_end_failed_with_its_reason",
        "WorkforceStatus; the text is ours",
    ),
    Behaviour(
        "CreateWorkteam",
        "The first Cognito work team of a region brings a workforce named default.",
        "reference",
        _WORKFORCES + "test_the_first_cognito_team_brings_the_default_workforce",
        "Workforce, UpdateWorkforce",
    ),
    Behaviour(
        "CreateWorkteam",
        "Without WorkforceName a work team belongs to the region's private workforce.",
        "reference",
        _WORKTEAMS + "test_a_team_belongs_to_the_region_s_workforce",
        "ListWorkforces: one private workforce per region",
    ),
    Behaviour(
        "CreateWorkteam",
        "25 work teams per account and region, then ResourceLimitExceeded; a taken name is "
        "ResourceInUse and said first.",
        "reference",
        _WORKTEAMS + "test_a_taken_name_is_said_before_the_quota",
        "CreateWorkteam; the texts and their order are ours",
    ),
    Behaviour(
        "CreateWorkteam, UpdateWorkteam",
        "Cognito members are of the workforce's pool and client; OIDC members belong to an "
        "OIDC workforce.",
        "reference",
        _WORKTEAMS + "test_a_cognito_team_uses_the_pool_and_client_of_its_workforce",
        "MemberDefinition; the errors are ours",
    ),
    Behaviour(
        "UpdateWorkteam",
        "MemberDefinitions replaces the whole list.",
        "reference",
        _WORKTEAMS + "test_an_update_replaces_the_whole_member_list",
        "UpdateWorkteam",
    ),
    Behaviour(
        "DescribeWorkteam, UpdateWorkteam, DeleteWorkteam",
        "A missing work team is a ValidationException that begins with 'The work team'; the "
        "rest of the text is ours.",
        "terraform",
        _WORKTEAMS + "test_a_missing_team_is_a_validation_exception",
    ),
    Behaviour(
        "DeleteWorkteam",
        "Answers {Success: true}. A work team that has labeling jobs can be deleted.",
        "model",
        _WORKTEAMS + "test_deleting_a_team_says_so",
        "the second sentence is ours",
    ),
    Behaviour(
        "CreateCompilationJob",
        "A new job is STARTING until a worker takes it.",
        "ours",
        _COMPILATIONS + "test_a_new_job_is_starting_and_says_all_that_it_must",
        "no page states the order of the states",
    ),
    Behaviour(
        "CreateCompilationJob",
        "Without MaxRuntimeInSeconds a job may run a day.",
        "reference",
        _COMPILATIONS + "test_a_job_without_a_limit_may_run_a_day",
        "StoppingCondition",
    ),
    Behaviour(
        "CreateCompilationJob",
        "A taken name is ResourceInUse; the text is ours.",
        "model",
        _COMPILATIONS + "test_a_taken_name_is_in_use",
    ),
    Behaviour(
        "DescribeCompilationJob",
        "FailureReason is always there, empty where there is none; so is ModelArtifacts.",
        "model",
        _COMPILATIONS + "test_a_new_job_is_starting_and_says_all_that_it_must",
        "both are required members; that they are empty is ours",
    ),
    Behaviour(
        "DescribeCompilationJob, StopCompilationJob, DeleteCompilationJob",
        "A missing job is ResourceNotFound; the text is ours.",
        "model",
        _COMPILATIONS + "test_a_missing_job_is_not_found",
    ),
    Behaviour(
        "StopCompilationJob",
        "A running job is STOPPING, then STOPPED.",
        "reference",
        _COMPILATIONS + "test_a_running_job_is_stopping_until_its_worker_has_stopped",
        "StopCompilationJob",
    ),
    Behaviour(
        "StopCompilationJob",
        "A job that nobody works on is STOPPED at once; one that has ended is a "
        "ValidationException.",
        "ours",
        _COMPILATIONS + "test_a_job_that_has_ended_cannot_be_stopped_but_deleted",
    ),
    Behaviour(
        "DeleteCompilationJob",
        "Only a job that is COMPLETED, FAILED or STOPPED can be deleted.",
        "reference",
        _COMPILATIONS + "test_a_job_that_has_not_ended_cannot_be_deleted",
        "DeleteCompilationJob; the error is ours",
    ),
    Behaviour(
        "CreateLabelingJob",
        "A missing work team is refused in the service's words.",
        "issues",
        _LABELINGS + "test_a_missing_team_is_refused_in_the_service_s_words",
    ),
    Behaviour(
        "CreateLabelingJob",
        "A job whose manifest nobody can read is InProgress, with counters that stand still.",
        "ours",
        _LABELINGS + "test_a_new_job_is_in_progress_and_says_all_that_it_must",
    ),
    Behaviour(
        "CreateLabelingJob",
        "A job whose manifest lists nothing has failed, unless objects may be streamed to it.",
        "ours",
        _LABELINGS + "test_a_job_with_an_empty_manifest_fails_at_once",
    ),
    Behaviour(
        "DescribeLabelingJob, ListLabelingJobs, ListLabelingJobsForWorkteam",
        "Whoever looks sees that a job's time is over: it is Completed with what there is, "
        "as 'Complete with labeling errors' of the service's console, and Failed where its "
        "manifest is gone.",
        "issues",
        _LABELWORK + "test_whoever_looks_sees_that_the_time_of_a_job_is_over",
        "amazon-sagemaker-examples 2928; the failure is ours",
    ),
    Behaviour(
        "CreateLabelingJob, DescribeLabelingJob",
        "Tasks go to as many workers as wanted, counters follow, and the job is Completed when "
        "every object has its label.",
        "guide",
        _LABELWORK + "test_tasks_go_to_workers_until_every_object_has_enough",
        "Input and output data",
    ),
    Behaviour(
        "CreateLabelingJob",
        "The output is an augmented manifest, with each worker's answers beside it.",
        "guide",
        _LABELWORK + "test_the_output_is_an_augmented_manifest",
        "Output data; automated labeling is not emulated",
    ),
    Behaviour(
        "CreateLabelingJob",
        "An object that nobody labels in its lifetime has failed; one with too few answers is "
        "labeled by those there are.",
        "ours",
        _LABELWORK + "test_objects_that_nobody_labels_in_time_have_failed",
    ),
    Behaviour(
        "StopLabelingJob",
        "A job is Stopped at once; one that has ended is a ValidationException.",
        "ours",
        _LABELINGS + "test_a_job_stops_once",
    ),
    Behaviour(
        "ListTags, AddTags, DeleteTags",
        "A workforce has no tags to list, although its creation takes some: 'Invalid resource "
        "type: workforce'.",
        "issues",
        _TAGS + "test_a_workforce_cannot_be_tagged_though_its_creation_takes_tags",
        "terraform-provider-aws pull request 20065, of ListTags; the other two follow it",
    ),
    Behaviour(
        "AddTags",
        "50 tags per resource; keys that begin with aws: are refused.",
        "model",
        _TAGS + "test_fifty_tags_are_the_most_and_a_refusal_adds_none",
        "TagList; the errors are ours",
    ),
    Behaviour(
        "ListCompilationJobs, ListLabelingJobs, ListLabelingJobsForWorkteam, ListWorkteams",
        "By creation time, ascending, unless told otherwise.",
        "reference",
        _PAGING + "test_a_list_is_ascending_by_creation_unless_told_otherwise",
    ),
    Behaviour(
        "List*",
        "A page holds 100 unless told otherwise. NameContains minds upper and lower case. "
        "Times are after and before, never equal.",
        "ours",
        _PAGING + "test_filters_narrow_the_list",
    ),
    Behaviour(
        "List*, Search",
        "A NextToken is good for the same operation, filters, account and region alone.",
        "ours",
        _PAGING + "test_a_token_is_good_for_the_same_question_alone",
    ),
    Behaviour(
        "Search",
        "Filters, nested filters and sub-expressions joined by And or Or; 50 of them at most.",
        "reference",
        _QUERY + "test_fifty_conditions_are_the_most",
        "SearchExpression; the error is ours",
    ),
    Behaviour(
        "Search",
        "Contains once, but for names, tags and artifacts of experiments, trials and their "
        "components; refused in the service's words.",
        "reference",
        _QUERY + "test_contains_may_be_used_once",
        "Filter",
    ),
    Behaviour(
        "Search",
        "Beside an integer, decimal hyper-parameters are compared as integers.",
        "reference",
        _QUERY + "test_decimals_are_integers_beside_an_integer",
        "Filter",
    ),
    Behaviour(
        "Search",
        "Ordering is for numbers and times, Contains and In for text.",
        "reference",
        _QUERY + "test_a_filter_that_cannot_be_is_refused",
        "Filter; the errors are ours",
    ),
    Behaviour(
        "Search",
        "NotEquals is true where the property is missing; of a list, one item that fits is "
        "enough; what lacks the property to sort by comes last.",
        "ours",
        _QUERY + "test_a_filter_finds_its_records",
    ),
    Behaviour(
        "Search",
        "By LastModifiedTime, descending, unless told otherwise. TotalHits is not given.",
        "reference",
        _QUERY + "test_results_are_newest_first_unless_told_otherwise",
        "Search; the second sentence is ours",
    ),
    Behaviour(
        "all",
        "With --chaos throttle=SHARE some calls are refused with ThrottlingException, 'Rate "
        "exceeded', status 400; with errors=SHARE some fail with InternalFailure.",
        "issues",
        _CHAOS + "test_a_call_that_met_trouble_changed_nothing",
        "aws-cli issue 7596; that nothing was changed is ours",
    ),
    Behaviour(
        "List*",
        "With --chaos empty-pages=SHARE some pages are empty and have a NextToken.",
        "issues",
        _CHAOS + "test_empty_pages_lead_on_and_hide_nothing",
        "aws-cli issue 7596",
    ),
    Behaviour(
        "all",
        "With --chaos lag=SECONDS reads see what was made, changed or deleted only later.",
        "terraform",
        _CHAOS + "test_changes_and_ends_are_seen_late_as_well",
        "it repeats CreateWorkteam for two minutes; that all reads are late is ours",
    ),
    Behaviour(
        "CreateWorkteam",
        "With --chaos lag=SECONDS a workforce just made cannot be named yet, "
        "nor a work team by CreateLabelingJob: ValidationException.",
        "terraform",
        _CHAOS + "test_what_was_just_made_cannot_be_named_at_once",
        "it repeats CreateWorkteam for two minutes on a ValidationException",
    ),
    Behaviour(
        "all",
        "Signature Version 4 is verified where it is required: five minutes of difference "
        "between clocks; a change is carried out once.",
        "guide",
        _SIGNATURES + "test_clocks_may_differ_by_five_minutes_and_no_more",
        "IAM user guide, Signature Version 4; the refusal of a repeated request is ours",
    ),
    Behaviour(
        "all",
        "State changes are told in EventBridge's form.",
        "guide",
        _EVENTS + "test_an_event_has_eventbridge_s_shape",
        "Automating SageMaker with EventBridge; the service tells them of labeling jobs alone",
    ),
    Behaviour(
        "all",
        "AWS JSON 1.1: unknown members are ignored, malformed bodies are "
        "SerializationException, times are seconds since the epoch.",
        "guide",
        _WIRE + "test_a_wrong_type_is_a_serialization_exception_that_names_the_member",
        "Smithy specification, awsJson1_1",
    ),
    Behaviour(
        "GetSearchSuggestions",
        "Names of hyper-parameters, parameters, metrics and tags, in lower case.",
        "reference",
        _QUERY + "test_suggestions_begin_with_the_hint_in_lower_case",
        "GetSearchSuggestions",
    ),
)
