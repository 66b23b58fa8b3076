/**
 * Reads `okta-config.json`, the file that the apps read too, so that the issuer and the client id of the
 * infrastructure cannot differ from those of the apps.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const OKTA_CONFIG = 'okta-config.json';
export const OKTA_CONFIG_EXAMPLE = 'okta-config.example.json';

export interface OktaConfig {
  /** The issuer, letter for letter the `iss` of the tokens. */
  readonly issuer: string;
  readonly clientId: string;
  /** Why this configuration must not be deployed, if it must not: it is the example, or still has its values. */
  readonly placeholder: string | undefined;
}

/**
 * The most characters of an issuer after `https://`: tags and role rules of an identity pool are set for a provider by its
 * name, which has at most 128 (Cognito identity pools API reference, SetPrincipalTagAttributeMap and SetIdentityPoolRoles),
 * and for a provider of IAM is its ARN (developer guide, "Using role-based access control"). The issuer stands at its end.
 */
const MAX_LOGINS_KEY = 128 - 'arn:aws:iam::123456789012:oidc-provider/'.length;

/**
 * The key under which the apps hand Cognito their ID token: the issuer without its scheme. AWS knows the provider by
 * the same text.
 */
export function loginsKey(issuer: string): string {
  return issuer.replace(/^https:\/\//, '');
}

/**
 * Reads the configuration in `directory`. On a fresh clone there is only the example: with `exampleWillDo` it serves,
 * marked as a placeholder, so that everything but a deployment can be tried.
 */
export function readOktaConfig(directory: string, exampleWillDo: boolean): OktaConfig {
  const own = join(directory, OKTA_CONFIG);
  const example = join(directory, OKTA_CONFIG_EXAMPLE);
  if (existsSync(own)) {
    return parseOktaConfig(readFileSync(own, 'utf8'), own);
  }
  const advice = `copy config/${OKTA_CONFIG_EXAMPLE} there and fill in your issuer and client id (config/README.md)`;
  if (exampleWillDo && existsSync(example)) {
    return {
      ...parseOktaConfig(readFileSync(example, 'utf8'), example),
      placeholder: `${own} is missing, so this is made from the example: ${advice}`,
    };
  }
  throw new Error(`${own} is missing: ${advice}`);
}

/** Checks the text of `okta-config.json`. All problems are told at once. */
export function parseOktaConfig(text: string, file: string): OktaConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${String(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error(`${file} must be a JSON object with okta_issuer_url and okta_client_id`);
  }
  const keys = json as Record<string, unknown>;
  const issuer = keys['okta_issuer_url'];
  const clientId = keys['okta_client_id'];
  const problems: string[] = [];
  const issuerProblem = checkIssuer(issuer);
  if (issuerProblem !== undefined) {
    problems.push(`okta_issuer_url: ${issuerProblem}`);
  }
  if (typeof clientId !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(clientId)) {
    problems.push('okta_client_id: must be the Client ID of the Okta application, such as 0oa1b2c3d4E5F6g7h8i9');
  }
  if (problems.length > 0) {
    throw new Error(problems.map((problem) => `${file}: ${problem}`).join('\n'));
  }
  // The examples say "fill me in" by eight x.
  const blanks = ['okta_issuer_url', 'okta_client_id'].filter((key) => /x{8}/i.test(String(keys[key])));
  return {
    issuer: issuer as string,
    clientId: clientId as string,
    placeholder: blanks.length > 0 ? `${file} still has the example's ${blanks.join(' and ')}` : undefined,
  };
}

/**
 * What IAM refuses in a provider's URL, and what would make it another text than the tokens' `iss`. Told here, because
 * AWS tells it late, or accepts it and then refuses every token.
 */
function checkIssuer(issuer: unknown): string | undefined {
  const example = 'such as https://dev-12345678.okta.com/oauth2/default';
  if (typeof issuer !== 'string' || issuer === '') {
    return `must be the issuer of the authorization server, ${example}`;
  }
  if (!issuer.startsWith('https://')) {
    return `"${issuer}" must begin with https://, ${example}. An issuer on http (the local stack) cannot be used by AWS`;
  }
  let url: URL;
  try {
    url = new URL(issuer);
  } catch {
    return `"${issuer}" is not a URL, ${example}`;
  }
  if (/^https:\/\/[^/]*:/.test(issuer) || url.username !== '') {
    return `"${issuer}" must not have a port or a user: IAM accepts neither`;
  }
  if (/[?#]/.test(issuer)) {
    return `"${issuer}" must not have a query or a fragment`;
  }
  if (issuer.endsWith('/')) {
    return `"${issuer}" must not end with a slash: Okta's issuers have none, and AWS compares the whole text`;
  }
  if (url.href !== issuer && url.href !== `${issuer}/`) {
    return `"${issuer}" must be written as ${url.href.replace(/\/$/, '')}`;
  }
  const excess = loginsKey(issuer).length - MAX_LOGINS_KEY;
  if (excess > 0) {
    return `"${issuer}" is ${excess} ${excess === 1 ? 'character' : 'characters'} too long: ${MAX_LOGINS_KEY} may follow https://`;
  }
  return undefined;
}
