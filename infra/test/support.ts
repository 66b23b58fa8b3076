/** What the tests share: templates of chosen settings, and a template's references made readable. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../lib/app';

export const INFRA = join(__dirname, '..');
export const REPOSITORY = join(INFRA, '..');
export const CONFIG = join(__dirname, 'config');
export const ISSUER = 'https://dev-12345678.okta.com/oauth2/default';
export const CLIENT_ID = '0oa1b2c3d4E5F6g7h8i9';
export const PROVIDER_ARN = 'arn:aws:iam::123456789012:oidc-provider/dev-12345678.okta.com/oauth2/default';

/** The context that `cdk` gives the app, from the same file. */
export function context(choices: Record<string, unknown>): Record<string, unknown> {
  return { ...JSON.parse(readFileSync(join(INFRA, 'cdk.json'), 'utf8')).context, ...choices };
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jetbridge-infra-'));
  folders.push(folder);
  return folder;
}

/** A folder with an `okta-config.json` of these keys. */
export function oktaConfig(keys: unknown): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'okta-config.json'), typeof keys === 'string' ? keys : JSON.stringify(keys));
  return folder;
}

/** Templates are read as data. */
export type Any = any;

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export class Synthesized {
  readonly template: Any;
  readonly resources: Resource[];
  readonly outputs: Record<string, Any>;

  constructor(template: Any) {
    this.template = template;
    this.resources = Object.entries<Any>(template.Resources).map(([id, resource]) => ({ id, ...resource }));
    this.outputs = Object.fromEntries(
      Object.entries<Any>(template.Outputs).map(([name, output]) => [name, readable(output.Value)]),
    );
  }

  all(type: string): Resource[] {
    return this.resources.filter((resource) => resource.Type === type);
  }

  one(type: string): Resource {
    const found = this.all(type);
    if (found.length !== 1) {
      throw new Error(`${found.length} resources of type ${type}`);
    }
    return found[0] as Resource;
  }

  /** The roles that Cognito may hand out. */
  cognitoRoles(): Resource[] {
    return this.all('AWS::IAM::Role').filter((role) =>
      JSON.stringify(role.Properties.AssumeRolePolicyDocument).includes('cognito-identity.amazonaws.com'),
    );
  }

  role(idPrefix: string): Resource {
    const found = this.cognitoRoles().filter((role) => role.id.startsWith(idPrefix));
    expect(found).toHaveLength(1);
    return found[0] as Resource;
  }

  trust(idPrefix: string): Any[] {
    return statements(this.role(idPrefix).Properties.AssumeRolePolicyDocument);
  }

  /** The statements of all policies that are attached to a Cognito role. */
  permissions(idPrefix: string): Any[] {
    const role = this.role(idPrefix);
    expect(role.Properties.Policies).toBeUndefined();
    expect(role.Properties.ManagedPolicyArns).toBeUndefined();
    return this.all('AWS::IAM::Policy')
      .filter((policy) => readable(policy.Properties.Roles).includes(role.id))
      .flatMap((policy) => statements(policy.Properties.PolicyDocument));
  }

  /** The statements of the policies of a bucket. */
  bucketPolicy(bucket: string): Any[] {
    return this.all('AWS::S3::BucketPolicy')
      .filter((policy) => readable(policy.Properties.Bucket) === bucket)
      .flatMap((policy) => statements(policy.Properties.PolicyDocument));
  }
}

const synthesized = new Map<string, Synthesized>();

/** The stack with these choices. Nobody changes what it returns, so each is made once for a test file. */
export function synthesize(choices: Record<string, unknown> = {}): Synthesized {
  const key = JSON.stringify(choices);
  const known = synthesized.get(key);
  if (known !== undefined) {
    return known;
  }
  const { app, stack } = createApp({ outdir: temporaryFolder(), context: context({ config: CONFIG, ...choices }) });
  const made = new Synthesized(app.synth().getStackByName(stack.stackName).template);
  synthesized.set(key, made);
  return made;
}

function statements(document: Any): Any[] {
  expect(document.Version).toBe('2012-10-17');
  return readable(document.Statement);
}

/**
 * Replaces references by texts that can be compared: Ref by the logical id (of a pseudo parameter: its name), GetAtt by
 * `Id.Attribute`, Join and Sub by the joined text. Everything else stays, and an unknown function is an error.
 */
export function readable(value: Any): Any {
  if (Array.isArray(value)) {
    return value.map(readable);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[name, argument] = ['', undefined]] = Object.entries<Any>(value);
  if (name === 'Ref') {
    return argument;
  }
  if (name === 'Fn::GetAtt') {
    return argument.join('.');
  }
  if (name === 'Fn::Join') {
    return readable(argument[1]).join(argument[0]);
  }
  if (name === 'Fn::Sub') {
    return argument;
  }
  if (name.startsWith('Fn::')) {
    throw new Error(`${name} is a function that the local stack does not know`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, readable(entry)]));
}

export function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
