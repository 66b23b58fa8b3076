/** Provider, identity pool and roles: everything between Okta's ID token and AWS credentials. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VARIANTS } from '../lib/variants';
import { CLIENT_ID, CONFIG, ISSUER, PROVIDER_ARN, type Synthesized, oktaConfig, readable, synthesize } from './support';

const POOL = 'IdentityPoolEC8A1A0D';
const PROVIDER = 'OktaProviderD88D9C1B';
const all = { guest: 'true', admin: 'true', api: 'true' };

/** The trust policy that a role needs, written out. */
function trusted(amr: string, actions: string | string[]) {
  return [
    {
      Effect: 'Allow',
      Principal: { Federated: 'cognito-identity.amazonaws.com' },
      Action: actions,
      Condition: {
        StringEquals: { 'cognito-identity.amazonaws.com:aud': POOL },
        'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': amr },
      },
    },
  ];
}

describe('what the sample had', () => {
  test('counts: two buckets, one provider without a Lambda function, one pool, the roles', () => {
    const production = synthesize();
    expect(production.all('AWS::S3::Bucket')).toHaveLength(2);
    expect(production.all('AWS::IAM::OIDCProvider')).toHaveLength(1);
    expect(production.all('AWS::Cognito::IdentityPool')).toHaveLength(1);
    expect(production.all('AWS::IAM::Role')).toHaveLength(1);
    expect(production.all('AWS::Lambda::Function')).toHaveLength(0);
    expect(synthesize(all).cognitoRoles()).toHaveLength(3);
  });

  test('exactly one role for signed-in users, and its policy lists and reads', () => {
    const template = synthesize({ guest: 'true' });
    const signedIn = template
      .cognitoRoles()
      .filter((role) => JSON.stringify(role.Properties.AssumeRolePolicyDocument).includes('"authenticated"'));
    expect(signedIn.map((role) => role.id)).toEqual([template.role('AuthenticatedRole').id]);
    const actions = template.permissions('AuthenticatedRole').flatMap((statement) => statement.Action);
    expect(actions).toEqual(expect.arrayContaining(['s3:ListBucket', 's3:GetObject']));
  });
});

describe('issuer, client id and logins key', () => {
  test('are those of the file that the app reads', () => {
    const app = JSON.parse(readFileSync(join(CONFIG, 'okta-config.json'), 'utf8'));
    const template = synthesize();
    expect(template.one('AWS::IAM::OIDCProvider').Properties).toEqual({
      Url: app.okta_issuer_url,
      ClientIdList: [app.okta_client_id],
    });
    expect(template.outputs).toMatchObject({ OktaIssuerUrl: app.okta_issuer_url, OktaClientId: app.okta_client_id });
  });

  test.each([
    ['custom authorization server', ISSUER, 'dev-12345678.okta.com/oauth2/default'],
    ['org authorization server', 'https://dev-1.okta.com', 'dev-1.okta.com'],
    ['custom domain', 'https://id.example.com/oauth2/aus1abc', 'id.example.com/oauth2/aus1abc'],
  ])('%s: the logins key is the provider URL without its scheme', (_, issuer, loginsKey) => {
    const template = synthesize({
      ...all,
      config: oktaConfig({ okta_issuer_url: issuer, okta_client_id: CLIENT_ID }),
    });
    expect(template.one('AWS::IAM::OIDCProvider').Properties.Url).toBe(`https://${loginsKey}`);
    expect(template.outputs['LoginsKey']).toBe(loginsKey);
  });

  test('pool, role mapping and principal tags all name that one provider', () => {
    const template = synthesize(all);
    const pool = template.one('AWS::Cognito::IdentityPool').Properties;
    expect(readable(pool.OpenIdConnectProviderARNs)).toEqual([PROVIDER]);
    expect(pool.CognitoIdentityProviders ?? []).toEqual([]);
    expect(pool.SupportedLoginProviders).toBeUndefined();
    const mappings = template.one('AWS::Cognito::IdentityPoolRoleAttachment').Properties.RoleMappings;
    expect(Object.values(readable(mappings)).map((mapping) => (mapping as any).IdentityProvider)).toEqual([PROVIDER]);
    expect(readable(template.one('AWS::Cognito::IdentityPoolPrincipalTag').Properties.IdentityProviderName)).toBe(
      PROVIDER,
    );
  });
});

describe('a provider that is already there', () => {
  const existing = synthesize({ ...all, existingProviderArn: PROVIDER_ARN });

  test('is used, and no other is made', () => {
    expect(existing.all('AWS::IAM::OIDCProvider')).toEqual([]);
    expect(existing.one('AWS::Cognito::IdentityPool').Properties.OpenIdConnectProviderARNs).toEqual([PROVIDER_ARN]);
    const { okta } = existing.one('AWS::Cognito::IdentityPoolRoleAttachment').Properties.RoleMappings;
    expect(okta.IdentityProvider).toBe(PROVIDER_ARN);
    expect(existing.one('AWS::Cognito::IdentityPoolPrincipalTag').Properties.IdentityProviderName).toBe(PROVIDER_ARN);
    expect(existing.outputs['OidcProviderArn']).toBe(PROVIDER_ARN);
  });

  test('is refused where it is the own one: CloudFormation changes the type of no resource', () => {
    const own = synthesize(all).one('AWS::IAM::OIDCProvider');
    const inItsPlace = existing.resources.find(({ id }) => id === own.id);
    // It is nothing in the account, and changes nothing in a stack that never made a provider.
    expect(inItsPlace).toEqual({ id: PROVIDER, Type: 'AWS::CloudFormation::WaitConditionHandle' });
  });

  test('has the logins key behind its ARN', () => {
    expect(PROVIDER_ARN.split(':oidc-provider/')[1]).toBe(existing.outputs['LoginsKey']);
  });

  test.each([
    ['of another issuer', PROVIDER_ARN.replace('/oauth2/default', ''), 'is for https://dev-12345678.okta.com, but'],
    ['of GovCloud', PROVIDER_ARN.replace('arn:aws:', 'arn:aws-us-gov:'), 'must look like arn:aws:iam::'],
    ['of China', PROVIDER_ARN.replace('arn:aws:', 'arn:aws-cn:'), 'must look like arn:aws:iam::'],
    ['that is not an ARN', 'dev-12345678.okta.com', 'must look like arn:aws:iam::'],
  ])('%s is refused', (_, arn, message) => {
    expect(() => synthesize({ existingProviderArn: arn })).toThrow(message);
  });
});

test.each(Object.entries(VARIANTS).filter(([, choices]) => choices['existingProviderArn'] === undefined))(
  'the provider of %s outlives the stack: others of the account may use it',
  (_, choices) => {
    // Not while it is made: the next attempt would find that it is there already.
    expect(synthesize(choices).one('AWS::IAM::OIDCProvider')).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  },
);

describe('trust', () => {
  const template = synthesize(all);

  test('signed-in users and admins: this pool, authenticated, with session tags under the same conditions', () => {
    const expected = trusted('authenticated', ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']);
    expect(template.trust('AuthenticatedRole')).toEqual(expected);
    expect(template.trust('AdminRole')).toEqual(expected);
  });

  test('guests: this pool, unauthenticated, no session tags', () => {
    expect(template.trust('GuestRole')).toEqual(trusted('unauthenticated', 'sts:AssumeRoleWithWebIdentity'));
  });

  test('all roles that Cognito hands out are these', () => {
    expect(template.cognitoRoles().map((role) => role.id)).toEqual(
      ['AuthenticatedRole', 'GuestRole', 'AdminRole'].map((prefix) => template.role(prefix).id),
    );
  });
});

describe('which role one gets', () => {
  const roles = (template: Synthesized) =>
    readable(template.one('AWS::Cognito::IdentityPoolRoleAttachment').Properties);

  test('without guests and admins there is one role, and guests are turned away', () => {
    const template = synthesize();
    expect(roles(template)).toEqual({
      IdentityPoolId: POOL,
      Roles: { authenticated: `${template.role('AuthenticatedRole').id}.Arn` },
    });
    expect(template.one('AWS::Cognito::IdentityPool').Properties.AllowUnauthenticatedIdentities).toBe(false);
    expect(template.cognitoRoles()).toHaveLength(1);
  });

  test('with guests they have a role of their own', () => {
    const template = synthesize({ guest: 'true' });
    expect(roles(template).Roles.unauthenticated).toBe(`${template.role('GuestRole').id}.Arn`);
    expect(template.one('AWS::Cognito::IdentityPool').Properties.AllowUnauthenticatedIdentities).toBe(true);
  });

  test('admins get the admin role, by a claim that is nothing else, and all others the usual one', () => {
    const template = synthesize({ admin: 'true' });
    expect(roles(template).RoleMappings).toEqual({
      okta: {
        IdentityProvider: PROVIDER,
        Type: 'Rules',
        AmbiguousRoleResolution: 'AuthenticatedRole',
        RulesConfiguration: {
          Rules: [
            {
              Claim: 'jetbridge_role',
              MatchType: 'Equals',
              Value: 'admin',
              RoleARN: `${template.role('AdminRole').id}.Arn`,
            },
          ],
        },
      },
    });
  });

  test.each(Object.entries(VARIANTS))('IAM takes the description of every role of %s', (_, choices) => {
    for (const { Properties } of synthesize(choices).all('AWS::IAM::Role')) {
      // IAM API reference, CreateRole: at most 1000 characters, of Latin-1 only.
      expect(Properties.Description ?? '').toMatch(/^[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}$/);
    }
  });

  test('the classic flow, in which an app could ask for any role, is off', () => {
    expect(synthesize(all).one('AWS::Cognito::IdentityPool').Properties.AllowClassicFlow ?? false).toBe(false);
  });

  test('the claim department becomes a principal tag, and nothing else does', () => {
    expect(readable(synthesize(all).one('AWS::Cognito::IdentityPoolPrincipalTag').Properties)).toEqual({
      IdentityPoolId: POOL,
      IdentityProviderName: PROVIDER,
      UseDefaults: false,
      PrincipalTags: { department: 'department' },
    });
  });
});
