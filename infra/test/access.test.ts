/** Who may do what: the permissions written out, and rules that hold for every variant. */
import { VARIANTS } from '../lib/variants';
import { type Any, list, readable, synthesize } from './support';

const BUCKET = 'DataBucketE3889A50';
const ARN = `${BUCKET}.Arn`;
const own = 'users/${cognito-identity.amazonaws.com:sub}/*';
const department = 'departments/${aws:PrincipalTag/department}/*';

function bySid(statements: Any[]): Record<string, Any> {
  return Object.fromEntries(statements.map(({ Sid, ...rest }) => [Sid, rest]));
}

describe('signed-in users', () => {
  test('see shared/, their own folder and their department, write their own folder, and that is all', () => {
    expect(bySid(synthesize().permissions('AuthenticatedRole'))).toEqual({
      ListTopLevel: {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: ARN,
        Condition: { StringEquals: { 's3:delimiter': '/' }, StringEqualsIfExists: { 's3:prefix': '' } },
      },
      ListSharedAndOwn: {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: ARN,
        Condition: { StringLike: { 's3:prefix': ['shared/*', own] } },
      },
      ReadSharedAndOwn: {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: [`${ARN}/shared/*`, `${ARN}/${own}`],
      },
      WriteOwn: {
        Effect: 'Allow',
        Action: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
        Resource: `${ARN}/${own}`,
      },
      ListDepartment: {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: ARN,
        Condition: { StringLike: { 's3:prefix': [department] } },
      },
      ReadDepartment: { Effect: 'Allow', Action: 's3:GetObject', Resource: `${ARN}/${department}` },
    });
  });

  test('cannot list the uploads that are under way: no condition could keep them to their own', () => {
    const actions = synthesize({ guest: 'true' })
      .permissions('AuthenticatedRole')
      .flatMap((statement) => list(statement.Action));
    expect(actions).not.toContain('s3:ListBucketMultipartUploads');
  });

  test('may read what guests may read', () => {
    const permissions = bySid(synthesize({ guest: 'true' }).permissions('AuthenticatedRole'));
    expect(permissions['ReadSharedAndOwn'].Resource).toContain(`${ARN}/public/*`);
    expect(permissions['ListSharedAndOwn'].Condition.StringLike['s3:prefix']).toContain('public/*');
  });
});

test('guests list and read public/', () => {
  expect(bySid(synthesize({ guest: 'true' }).permissions('GuestRole'))).toEqual({
    ListPublic: {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: ARN,
      Condition: { StringLike: { 's3:prefix': ['public/*'] } },
    },
    ReadPublic: { Effect: 'Allow', Action: 's3:GetObject', Resource: `${ARN}/public/*` },
  });
});

test('admins list, read, write and delete everything in the data bucket, unfinished uploads too', () => {
  expect(bySid(synthesize({ admin: 'true' }).permissions('AdminRole'))).toEqual({
    ListAll: { Effect: 'Allow', Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: ARN },
    ReadAndWriteAll: {
      Effect: 'Allow',
      Action: [
        's3:AbortMultipartUpload',
        's3:DeleteObject',
        's3:GetObject',
        's3:ListMultipartUploadParts',
        's3:PutObject',
      ],
      Resource: `${ARN}/*`,
    },
  });
});

describe.each(Object.entries(VARIANTS))('%s', (_, choices) => {
  const template = synthesize(choices);
  const statements: Any[] = template.resources.flatMap((resource) => statementsIn(resource.Properties));

  test('nothing is allowed on everything, and no action has a star but those of the emptying function', () => {
    const stars = statements
      .filter((statement) => statement.Effect === 'Allow')
      .flatMap((statement) => [...list(statement.Action), ...list(statement.Resource ?? [])])
      .filter((text) => text === '*' || (typeof text === 'string' && /^[a-z0-9-]+:.*\*/.test(text)));
    // CDK's function that empties a bucket before it is deleted has these on that bucket, in the demo setting.
    const emptier = ['s3:GetBucket*', 's3:List*', 's3:DeleteObject*'];
    const buckets = choices['setting'] === 'demo' ? 2 : 0;
    expect(stars.sort()).toEqual([...Array(buckets)].flatMap(() => emptier).sort());
  });

  test('the roles reach the data bucket of this template and its API, and nothing else', () => {
    for (const role of template.cognitoRoles()) {
      for (const statement of template.permissions(role.id)) {
        for (const resource of list(statement.Resource)) {
          const listing = list(statement.Action).some((action) => action.startsWith('s3:ListBucket'));
          expect(resource).toMatch(
            listing
              ? new RegExp(`^${BUCKET}\\.Arn$`)
              : new RegExp(
                  `^${BUCKET}\\.Arn/|^arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:Api\\w+/\\*/GET/whoami$`,
                ),
          );
        }
      }
    }
  });

  test('IAM takes the policies of every role', () => {
    // IAM user guide, "IAM and AWS STS quotas": of a role's inline policies all together 10,240 characters, of its trust
    // policy 2,048; white space does not count. The names of resources stand for longer ones that AWS makes.
    const longest = (value: Any) => JSON.stringify(value).replace(new RegExp(`${BUCKET}\\.Arn`, 'g'), 'b'.repeat(77));
    for (const role of template.all('AWS::IAM::Role')) {
      const attached = template
        .all('AWS::IAM::Policy')
        .filter((policy) => readable(policy.Properties.Roles).includes(role.id));
      const documents = [...attached.map((policy) => policy.Properties), ...(role.Properties.Policies ?? [])].map(
        (policy) => longest(readable(policy.PolicyDocument)),
      );
      expect(documents.join('').length).toBeLessThan(10_240 / 2);
      expect(longest(readable(role.Properties.AssumeRolePolicyDocument)).length).toBeLessThan(2_048 / 2);
    }
  });

  test('nobody may be anybody: no role trusts everyone', () => {
    for (const role of template.all('AWS::IAM::Role')) {
      expect(JSON.stringify(role.Properties.AssumeRolePolicyDocument)).not.toContain('"*"');
    }
  });
});

/** Every IAM statement below a value, with its references as they are. */
function statementsIn(value: Any): Any[] {
  if (Array.isArray(value)) {
    return value.flatMap(statementsIn);
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return [...('Effect' in value ? [value] : []), ...Object.values(value).flatMap(statementsIn)];
}
