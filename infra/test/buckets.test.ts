/** The buckets: hardening, log delivery, and what is left of them when the stack goes. */
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { createApp } from '../lib/app';
import { VARIANTS } from '../lib/variants';
import { CONFIG, type Resource, context, readable, synthesize, temporaryFolder } from './support';

// These names hold people's data. If one changes, CloudFormation makes a new, empty bucket.
const DATA = 'DataBucketE3889A50';
const LOGS = 'LogsBucket9C4D8843';

describe.each([['demo'], ['production']])('%s', (setting) => {
  const template = synthesize({ setting });

  test('both buckets are private, encrypted and versioned, and know no ACLs', () => {
    expect(
      template
        .all('AWS::S3::Bucket')
        .map((bucket) => bucket.id)
        .sort(),
    ).toEqual([DATA, LOGS]);
    for (const bucket of template.all('AWS::S3::Bucket')) {
      expect(bucket.Properties).toMatchObject({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        VersioningConfiguration: { Status: 'Enabled' },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      });
      expect(bucket.Properties.AccessControl).toBeUndefined();
      // Bucket names are unique in the whole world, so AWS chooses them.
      expect(bucket.Properties.BucketName).toBeUndefined();
    }
  });

  test.each([[DATA], [LOGS]])('%s refuses plain http', (bucket) => {
    expect(template.bucketPolicy(bucket)).toContainEqual({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:*',
      Resource: [`${bucket}.Arn`, `${bucket}.Arn/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  test('the log of the data bucket goes to the logs bucket, by bucket policy and from nowhere else', () => {
    const data = template.all('AWS::S3::Bucket').find((bucket) => bucket.id === DATA);
    expect(readable(data?.Properties.LoggingConfiguration)).toEqual({
      DestinationBucketName: LOGS,
      LogFilePrefix: 'data-bucket/',
    });
    const delivery = template
      .bucketPolicy(LOGS)
      .filter((statement) => statement.Principal.Service === 'logging.s3.amazonaws.com');
    expect(delivery).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'logging.s3.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: `${LOGS}.Arn/data-bucket/*`,
        Condition: {
          ArnLike: { 'aws:SourceArn': `${DATA}.Arn` },
          StringEquals: { 'aws:SourceAccount': 'AWS::AccountId' },
        },
      },
    ]);
  });
});

describe('teardown', () => {
  const kept = (resources: Resource[]) =>
    resources
      .filter((resource) => resource.DeletionPolicy !== undefined && resource.DeletionPolicy !== 'Delete')
      .map((resource) => [resource.Type, resource.DeletionPolicy, resource.UpdateReplacePolicy])
      .sort();
  // Except while they are made: a first deployment that fails must leave nothing that the second one trips over.
  const keep = (type: string) => [type, 'RetainExceptOnCreate', 'Retain'];

  test('production keeps data, what protects it, and the pool whose identities name the folders', () => {
    expect(kept(synthesize({ ...VARIANTS['all-production'] }).resources)).toEqual([
      keep('AWS::Cognito::IdentityPool'),
      keep('AWS::Logs::LogGroup'),
      keep('AWS::Logs::LogGroup'),
      keep('AWS::S3::Bucket'),
      keep('AWS::S3::Bucket'),
      // Without them a kept bucket is read over plain http, and its log is no longer delivered.
      keep('AWS::S3::BucketPolicy'),
      keep('AWS::S3::BucketPolicy'),
    ]);
  });

  test('production has no custom resource, and nothing to upload', () => {
    const template = synthesize({ ...VARIANTS['all-production'] });
    expect(template.resources.filter((resource) => resource.Type.startsWith('Custom::'))).toEqual([]);
    expect(template.resources.filter((resource) => resource.Type === 'AWS::CloudFormation::CustomResource')).toEqual(
      [],
    );
    expect(JSON.stringify(template.template)).not.toContain('cdk-hnb659fds-assets');
  });

  test('demo deletes everything: buckets are emptied first, logs belong to the stack', () => {
    const template = synthesize({ ...VARIANTS['all'] });
    for (const resource of template.resources) {
      expect([resource.id, resource.DeletionPolicy ?? 'Delete']).toEqual([resource.id, 'Delete']);
    }
    const emptied = template
      .all('Custom::S3AutoDeleteObjects')
      .map((resource) => readable(resource.Properties.BucketName));
    expect(emptied.sort()).toEqual([DATA, LOGS]);
    // A function without a log group of the stack makes one by itself, and that one stays.
    const groups = template.all('AWS::Logs::LogGroup').map((group) => group.id);
    for (const fn of template.all('AWS::Lambda::Function')) {
      expect(groups).toContain(readable(fn.Properties.LoggingConfig?.LogGroup));
    }
    expect(JSON.stringify(template.template)).not.toMatch(/logs:CreateLogGroup|AWSLambdaBasicExecutionRole/);
  });

  test('whoever says nothing keeps the data', () => {
    expect(synthesize().template).toEqual(synthesize({ setting: 'production' }).template);
  });
});

describe('cdk-nag', () => {
  test.each(Object.entries(VARIANTS))('finds nothing in %s', (_, choices) => {
    // Synthesis fails on a finding: see the next test.
    expect(() => synthesize(choices)).not.toThrow();
  });

  test('would find a careless bucket', () => {
    const { app, stack } = createApp({ outdir: temporaryFolder(), context: context({ config: CONFIG }) });
    new Bucket(stack, 'Careless');
    expect(() => app.synth()).toThrow('AwsSolutions-S10');
  });
});

describe('for tools that read the template', () => {
  test.each(Object.entries(VARIANTS))('%s uses simple functions and no parameters', (_, choices) => {
    const { template } = synthesize(choices);
    expect(Object.keys(template).sort()).toEqual(['Description', 'Outputs', 'Resources']);
    // Throws on a function that it does not know.
    readable(template);
    // Nothing of the machine that made it.
    expect(JSON.stringify(template)).not.toMatch(/CDKMetadata|aws:cdk:path|BootstrapVersion/);
  });
});
