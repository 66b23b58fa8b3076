/**
 * Who may do what in the data bucket, as IAM statements. One place, so that the roles, the tests and the policies in
 * docs/aws-by-hand.md can be compared.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Where listings start: what every signed-in user may read. */
export const SHARED = 'shared/';
/** What also guests may read, when there are guests. */
export const PUBLIC = 'public/';
/**
 * A user's own folder. Cognito's identity id stays the same for a user at every sign-in and device, and no user can
 * choose it.
 */
export const OWN = 'users/${cognito-identity.amazonaws.com:sub}/';
/** The folder of the user's department, from the ID token's claim by way of a principal tag. */
export const DEPARTMENT = 'departments/${aws:PrincipalTag/department}/';

/** Principal tag → claim of the ID token. */
export const PRINCIPAL_TAGS = { department: 'department' };
/**
 * The claim that the admin rule looks at, and its value for admins. It has one value, so that the rule can ask for just
 * that: of a list of groups it could ask only whether a name is contained, also in another group's (Cognito developer
 * guide, "Using role-based access control").
 */
export const ADMIN_RULE = { claim: 'jetbridge_role', value: 'admin' };

/**
 * To begin, continue and complete an upload in parts is to put its object; to give one up and to ask which parts have
 * arrived, before it is taken up again, are actions of their own (S3 user guide, "Multipart upload API and permissions").
 * Which uploads are under way is a matter of the bucket, and no condition key keeps the answer to a folder (service
 * authorization reference, Amazon S3: `s3:prefix` is for objects and versions). It would show everybody's keys, so whoever
 * uploads has to remember the id of an upload.
 */
const WRITE = ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];

export function signedInStatements(bucketArn: string, guest: boolean): PolicyStatement[] {
  const readable = [SHARED, OWN, ...(guest ? [PUBLIC] : [])];
  return [
    // The names of the folders, so that one can look around from the top. Clients leave an empty prefix out or send
    // it; what is below is another matter.
    allow('ListTopLevel', ['s3:ListBucket'], [bucketArn], {
      StringEquals: { 's3:delimiter': '/' },
      StringEqualsIfExists: { 's3:prefix': '' },
    }),
    list('ListSharedAndOwn', bucketArn, readable),
    read('ReadSharedAndOwn', bucketArn, readable),
    allow('WriteOwn', WRITE, [`${bucketArn}/${OWN}*`]),
    // Apart from the others: where the tag is missing, the variable has no value and only these do not apply.
    list('ListDepartment', bucketArn, [DEPARTMENT]),
    read('ReadDepartment', bucketArn, [DEPARTMENT]),
  ];
}

export function guestStatements(bucketArn: string): PolicyStatement[] {
  return [list('ListPublic', bucketArn, [PUBLIC]), read('ReadPublic', bucketArn, [PUBLIC])];
}

export function adminStatements(bucketArn: string): PolicyStatement[] {
  return [
    allow('ListAll', ['s3:ListBucket', 's3:ListBucketMultipartUploads'], [bucketArn]),
    allow('ReadAndWriteAll', ['s3:GetObject', ...WRITE], [`${bucketArn}/*`]),
  ];
}

// Listing is a matter of the bucket, reading of its objects: with the wrong one of the two ARNs S3 denies everything.

function list(sid: string, bucketArn: string, prefixes: string[]): PolicyStatement {
  return allow(sid, ['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': prefixes.map((p) => `${p}*`) } });
}

function read(sid: string, bucketArn: string, prefixes: string[]): PolicyStatement {
  return allow(
    sid,
    ['s3:GetObject'],
    prefixes.map((prefix) => `${bucketArn}/${prefix}*`),
  );
}

function allow(sid: string, actions: string[], resources: string[], conditions = {}): PolicyStatement {
  return new PolicyStatement({ sid, actions, resources, conditions });
}
