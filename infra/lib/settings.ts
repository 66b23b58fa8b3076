/** The choices of a deployment, read from CDK context (`-c name=value`). `infra/README.md` explains them to users. */
import { join } from 'node:path';
import { RemovalPolicy } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Node } from 'constructs';
import { type OktaConfig, loginsKey, readOktaConfig } from './okta-config';

export type Setting = 'demo' | 'production';

export interface Settings {
  readonly okta: OktaConfig;
  /** `demo` leaves nothing of its data behind when the stack is destroyed, `production` keeps all. */
  readonly setting: Setting;
  /** Whether people who did not sign in may read `public/`. */
  readonly guest: boolean;
  /** Whether to make the API that answers who called. */
  readonly api: boolean;
  /** Whether there is a role for admins. Who they are is said in Okta. */
  readonly admin: boolean;
  /** An IAM OIDC provider that is already there: AWS allows one for each issuer and account. */
  readonly existingProviderArn: string | undefined;
}

/**
 * What becomes of data when the stack goes. What is kept is still removed if the deployment that makes it fails: the
 * next attempt would make another beside it (CloudFormation user guide, DeletionPolicy: `RetainExceptOnCreate`).
 */
export function removalPolicy(setting: Setting): RemovalPolicy {
  return setting === 'demo' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}

/** The repository's `config` folder, which the apps and the command line read. */
const CONFIG = join(__dirname, '..', '..', 'config');

export const NAMES = ['config', 'setting', 'guest', 'api', 'admin', 'existingProviderArn'];

export function readSettings(node: Node): Settings {
  refuseOtherPartitions();
  // A slip of the pen must not quietly mean the default. The CDK's own names have colons, slashes or dashes.
  const unknown = Object.keys(node.getAllContext()).filter((name) => /^\w+$/.test(name) && !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new Error(`-c ${unknown.join(', ')}: unknown; there are ${NAMES.join(', ')}`);
  }
  const config = text(node, 'config');
  // Whoever names a folder means that folder: no example there.
  const okta = readOktaConfig(config ?? CONFIG, config === undefined);
  const setting = text(node, 'setting') ?? 'production';
  if (setting !== 'demo' && setting !== 'production') {
    throw new Error(`-c setting=${setting}: must be demo or production`);
  }
  const existingProviderArn = text(node, 'existingProviderArn');
  if (existingProviderArn !== undefined) {
    checkProviderArn(existingProviderArn, okta.issuer);
  }
  return {
    okta,
    setting,
    guest: flag(node, 'guest'),
    api: flag(node, 'api'),
    admin: flag(node, 'admin'),
    existingProviderArn,
  };
}

/**
 * The roles trust `cognito-identity.amazonaws.com`. GovCloud's Cognito goes by other names, one in each region (GovCloud
 * user guide, Amazon Cognito), and with it the keys and variables of the policies; of the other partitions that is not
 * documented. All would be deployed, and no user would ever get credentials.
 */
function refuseOtherPartitions(): void {
  // The toolkit tells the app so where it will deploy.
  const region = process.env['CDK_DEFAULT_REGION'] ?? '';
  const partition = RegionInfo.get(region).partition ?? 'aws';
  if (partition !== 'aws') {
    throw new Error(
      `${region}: regions of China, GovCloud and other partitions of AWS are not supported; here it would be ${partition}`,
    );
  }
}

/** A provider of another issuer would be accepted by AWS, and every sign-in refused. */
function checkProviderArn(arn: string, issuer: string): void {
  const found = /^arn:aws:iam::\d{12}:oidc-provider\/(.+)$/.exec(arn)?.[1];
  if (found === undefined) {
    throw new Error(
      `-c existingProviderArn=${arn}: must look like arn:aws:iam::123456789012:oidc-provider/${loginsKey(issuer)}`,
    );
  }
  if (found !== loginsKey(issuer)) {
    throw new Error(
      `-c existingProviderArn=${arn}: that provider is for https://${found}, but okta_issuer_url is ${issuer}`,
    );
  }
}

function text(node: Node, name: string): string | undefined {
  const value: unknown = node.tryGetContext(name);
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== 'string' || value === '') {
    throw new Error(`-c ${name}: must be a text that is not empty`);
  }
  return value;
}

function flag(node: Node, name: string): boolean {
  // The command line hands over texts, cdk.json may hold a boolean.
  const value: unknown = node.tryGetContext(name) ?? false;
  if (value === true || value === 'true') {
    return true;
  }
  if (value === false || value === 'false') {
    return false;
  }
  throw new Error(`-c ${name}=${String(value)}: must be true or false`);
}
