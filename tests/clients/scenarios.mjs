// What people do with SageMaker, by its JavaScript SDK: prints one JSON object of what was seen.
import {
  AddTagsCommand,
  CreateCompilationJobCommand,
  CreateWorkforceCommand,
  CreateWorkteamCommand,
  DescribeCompilationJobCommand,
  DescribeWorkforceCommand,
  ResourceInUse,
  ResourceNotFound,
  SageMakerClient,
  StopCompilationJobCommand,
  paginateListCompilationJobs,
  paginateListTags,
  paginateSearch,
} from "@aws-sdk/client-sagemaker";

const [endpoint, accessKeyId, secretAccessKey, oidc, team, job] = process.argv.slice(2);
const client = new SageMakerClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: 12,
});
const JOB = JSON.parse(job);
const seen = {};

async function refusal(command) {
  try {
    await client.send(command);
  } catch (error) {
    return error;
  }
  throw new Error("not refused");
}

const made = await client.send(
  new CreateWorkforceCommand({ WorkforceName: "crowd", OidcConfig: JSON.parse(oidc) }),
);
seen.workforceArn = made.WorkforceArn;
const found = await client.send(new DescribeWorkforceCommand({ WorkforceName: "crowd" }));
seen.createdIsDate = found.Workforce.CreateDate instanceof Date;
seen.secret = "ClientSecret" in found.Workforce.OidcConfig;
const second = await refusal(
  new CreateWorkforceCommand({ WorkforceName: "other", OidcConfig: JSON.parse(oidc) }),
);
seen.second = [second.name, second.message, second.$metadata.httpStatusCode];

const { WorkteamArn } = await client.send(
  new CreateWorkteamCommand({ WorkteamName: "radiology", ...JSON.parse(team) }),
);
const Tags = [{ Key: "owner", Value: "é 雪" }];
await client.send(new AddTagsCommand({ ResourceArn: WorkteamArn, Tags }));
seen.tags = [];
for await (const page of paginateListTags({ client }, { ResourceArn: WorkteamArn })) {
  seen.tags.push(...page.Tags);
}

for (const name of ["a", "b", "c"]) {
  await client.send(new CreateCompilationJobCommand({ CompilationJobName: name, ...JOB }));
}
seen.pages = [];
const pages = paginateListCompilationJobs({ client, pageSize: 2 }, { SortBy: "Name" });
for await (const page of pages) {
  seen.pages.push(page.CompilationJobSummaries.map((row) => row.CompilationJobName));
}
seen.typed = [
  (await refusal(new DescribeCompilationJobCommand({ CompilationJobName: "z" }))) instanceof
    ResourceNotFound,
  (await refusal(new CreateCompilationJobCommand({ CompilationJobName: "a", ...JOB }))) instanceof
    ResourceInUse,
];
await client.send(new StopCompilationJobCommand({ CompilationJobName: "a" }));
seen.stopped = (
  await client.send(new DescribeCompilationJobCommand({ CompilationJobName: "a" }))
).CompilationJobStatus;
seen.results = [];
for await (const page of paginateSearch({ client }, { Resource: "TrainingJob" })) {
  seen.results.push(...page.Results.map((row) => row.TrainingJob.TrainingJobName));
}
const last = await client.send(new DescribeWorkforceCommand({ WorkforceName: "crowd" }));
seen.attempts = last.$metadata.attempts;
seen.requestId = last.$metadata.requestId.length;
console.log(JSON.stringify(seen));
