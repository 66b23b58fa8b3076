/** The data bucket, and the bucket that keeps the log of who read it. */
import { type CfnResource, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { type Setting, removalPolicy } from './settings';

export function createBuckets(scope: Construct, setting: Setting): { data: Bucket; logs: Bucket } {
  const hardened: BucketProps = {
    versioned: true,
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    // No ACLs at all: AWS delivers access logs by the bucket policy, and refuses the old log-delivery ACL.
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    // The Lambda function that empties a bucket, versions included, exists in the demo setting only.
    removalPolicy: removalPolicy(setting),
    autoDeleteObjects: setting === 'demo',
  };
  const logs = new Bucket(scope, 'LogsBucket', {
    ...hardened,
    lifecycleRules: [{ expiration: Duration.days(365), noncurrentVersionExpiration: Duration.days(30) }],
  });
  const data = new Bucket(scope, 'DataBucket', {
    ...hardened,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'data-bucket/',
    // Uploads that an app began and never finished cost money and are seen in no listing.
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
  });
  Validations.of(logs).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'A log of the log bucket in itself would never end; only the log delivery service writes there.',
  });
  // The CDK leaves a policy to CloudFormation, which deletes it: a kept bucket would go on without TLS and without log.
  for (const bucket of [data, logs]) {
    bucket.policy?.applyRemovalPolicy(removalPolicy(setting));
  }
  if (setting === 'demo') {
    restrictEmptier(scope, [data, logs]);
  }
  return { data, logs };
}

/**
 * Writes the role of the function that empties the buckets anew.
 *
 * By default it makes its log itself, and that log would outlive the stack. So it gets one that belongs to the stack,
 * and may not make another.
 *
 * What it does with the buckets is granted by their policies, which on the way to `production` lose that grant before
 * CloudFormation lets the function go. It is then called once more, looks for the tag that would allow it to delete,
 * and must be able to see that it is gone: or the update ends in AccessDenied and the function's resources are left over
 * [aws-cdk#14649, #37257].
 */
function restrictEmptier(scope: Construct, buckets: Bucket[]): void {
  const emptier = Stack.of(scope).node.findChild('Custom::S3AutoDeleteObjectsCustomResourceProvider').node;
  const log = new LogGroup(scope, 'EmptierLog', {
    retention: RetentionDays.ONE_WEEK,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  (emptier.findChild('Handler') as CfnResource).addPropertyOverride('LoggingConfig', { LogGroup: log.logGroupName });
  const role = emptier.findChild('Role') as CfnResource;
  role.addPropertyDeletionOverride('ManagedPolicyArns');
  const readTags = new PolicyDocument({
    statements: [
      new PolicyStatement({
        actions: ['s3:GetBucketTagging'],
        resources: buckets.map((bucket) => bucket.bucketArn),
      }),
    ],
  });
  role.addPropertyOverride('Policies', [
    { PolicyName: 'log', PolicyDocument: writeTo(log) },
    { PolicyName: 'tags', PolicyDocument: readTags },
  ]);
}

/** What a function needs to write its log, and no more. */
export function writeTo(log: LogGroup): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] }),
    ],
  });
}
