/** The buckets: hardening, log delivery, and what is left of them when the stack goes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { createApp } from '../lib/app';
import { VARIANTS } from '../lib/variants';
import { type Any, CONFIG, type Resource, context, readable, synthesize, temporaryFolder } from './support';

// These names hold people's data. If one changes, CloudFormation makes a new, empty bucket.
const DATA = 'DataBucketE3889A50';
const LOGS = 'LogsBucket9C4D8843';

/** The code of the CDK's function that empties buckets. */
const EMPTIER = join(
  dirname(require.resolve('aws-cdk-lib/package.json')),
  'custom-resource-handlers/dist/aws-s3/auto-delete-objects-handler',
);

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

  test('uploads that nobody finishes are removed after a week', () => {
    const data = template.all('AWS::S3::Bucket').find((bucket) => bucket.id === DATA);
    expect(data?.Properties.LifecycleConfiguration.Rules).toContainEqual({
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      Status: 'Enabled',
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
      keep('AWS::IAM::OIDCProvider'),
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

  test('demo deletes all but the provider: buckets are emptied first, logs belong to the stack', () => {
    const template = synthesize({ ...VARIANTS['all'] });
    expect(kept(template.resources)).toEqual([keep('AWS::IAM::OIDCProvider')]);
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

describe('from demo to production', () => {
  // CloudFormation first updates the buckets and their policies, and only then deletes what is no longer in the template.
  // So the emptying function is called with "Delete" when no bucket policy knows it any more [aws-cdk#14649, #37257].
  test('the emptying function asks for the tags of a bucket, and then for nothing else', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url?.replace(/[=&]/g, '')}`);
      // Every bucket of a stack has tags of CloudFormation; the one that lets the function delete is gone.
      const tag = '<Tag><Key>aws:cloudformation:stack-name</Key><Value>JetbridgeStack</Value></Tag>';
      response.writeHead(200).end(`<Tagging><TagSet>${tag}</TagSet></Tagging>`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const before = { ...process.env };
    const said = jest.spyOn(console, 'log').mockReturnValue();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'us-west-2',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    try {
      const { autoDeleteHandler } = require(join(EMPTIER, 'index.js'));
      await autoDeleteHandler({ RequestType: 'Delete', ResourceProperties: { BucketName: 'bucket' } });
    } finally {
      process.env = before;
      said.mockRestore();
      server.closeAllConnections();
      server.close();
    }
    expect(asked).toEqual(['GET /bucket/?tagging']);
  });

  test('it may do that by its own role', () => {
    const template = synthesize({ setting: 'demo' });
    const role = template.all('AWS::IAM::Role').find(({ id }) => id.startsWith('CustomS3AutoDeleteObjects'));
    const statements = readable(role?.Properties.Policies).flatMap((policy: Any) => policy.PolicyDocument.Statement);
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: 's3:GetBucketTagging',
      Resource: [`${DATA}.Arn`, `${LOGS}.Arn`],
    });
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
