/** Everything in AWS that signing in with Okta needs: provider, identity pool, roles, buckets, and on request an API. */
import {
  Annotations,
  type CfnElement,
  CfnOutput,
  CfnParameter,
  CfnResource,
  DefaultStackSynthesizer,
  Lazy,
  Stack,
  Validations,
} from 'aws-cdk-lib';
import { CfnIdentityPoolPrincipalTag } from 'aws-cdk-lib/aws-cognito';
import { IdentityPool, IdentityPoolProviderUrl, RoleMappingMatchType } from 'aws-cdk-lib/aws-cognito-identitypool';
import { type IOidcProvider, OidcProviderNative, type PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  ADMIN_RULE,
  DEPARTMENT,
  OWN,
  PRINCIPAL_TAGS,
  PUBLIC,
  SHARED,
  adminStatements,
  guestStatements,
  signedInStatements,
} from './access';
import { createApi } from './api';
import { createBuckets } from './buckets';
import { type OktaConfig, loginsKey } from './okta-config';
import { OUTPUTS } from './outputs';
import { cognitoRole } from './roles';
import { type Settings, removalPolicy } from './settings';

/** The place of the stack's own provider, from which its id in the template comes. */
const OWN_PROVIDER = 'OktaProvider';

export class JetbridgeStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      description: 'Jetbridge: sign in once with Okta, use AWS from native apps',
      // Without the parameter and the rule that check the bootstrap stack's version: the toolkit checks it as well.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    const { okta, setting, guest, admin } = settings;
    if (okta.placeholder !== undefined) {
      this.refuseDeployment(okta.placeholder);
    }

    const provider =
      settings.existingProviderArn === undefined
        ? this.makeProvider(okta)
        : this.useProvider(settings.existingProviderArn);

    const { data, logs } = createBuckets(this, setting);

    // Pool and roles name each other, so the roles learn the pool's id afterwards.
    const identityPoolId = Lazy.string({ produce: () => pool.identityPoolId });
    const authenticatedRole = cognitoRole(this, 'AuthenticatedRole', {
      description: 'Jetbridge: users who signed in with Okta',
      identityPoolId,
      amr: 'authenticated',
    });
    grant(authenticatedRole, signedInStatements(data.bucketArn, guest));
    acknowledgeFolders(authenticatedRole, data, [SHARED, OWN, DEPARTMENT, ...(guest ? [PUBLIC] : [])]);

    let guestRole: Role | undefined;
    if (guest) {
      guestRole = cognitoRole(this, 'GuestRole', {
        description: 'Jetbridge: people who did not sign in',
        identityPoolId,
        amr: 'unauthenticated',
      });
      grant(guestRole, guestStatements(data.bucketArn));
      acknowledgeFolders(guestRole, data, [PUBLIC]);
    }

    let adminRole: Role | undefined;
    if (admin) {
      adminRole = cognitoRole(this, 'AdminRole', {
        description: 'Jetbridge: admins of the data bucket',
        identityPoolId,
        amr: 'authenticated',
      });
      grant(adminRole, adminStatements(data.bucketArn));
      acknowledgeFolders(adminRole, data, ['']);
    }

    const pool: IdentityPool = new IdentityPool(this, 'IdentityPool', {
      authenticationProviders: { openIdConnectProviders: [provider] },
      allowUnauthenticatedIdentities: guest,
      authenticatedRole,
      ...(guestRole && { unauthenticatedRole: guestRole }),
      ...(adminRole && {
        roleMappings: [
          {
            // A template's keys cannot be references, so the provider stands in the value.
            mappingKey: 'okta',
            providerUrl: IdentityPoolProviderUrl.openId(provider.oidcProviderArn),
            // Whom the rule does not fit gets the authenticated role, instead of nothing.
            resolveAmbiguousRoles: true,
            rules: [
              {
                claim: ADMIN_RULE.claim,
                matchType: RoleMappingMatchType.EQUALS,
                claimValue: ADMIN_RULE.value,
                mappedRole: adminRole,
              },
            ],
          },
        ],
      }),
    });
    if (!guestRole) {
      // The construct makes a role for guests also where there are none.
      pool.node.tryRemoveChild('UnauthenticatedRole');
      pool.roleAttachment.roles = { authenticated: authenticatedRole.roleArn };
    }
    if (guest) {
      Validations.of(pool).acknowledge({
        id: 'AwsSolutions-COG7',
        reason: 'Guests were asked for with -c guest=true; their role reads public/ and nothing else.',
      });
    }
    if (setting === 'production') {
      // Users' folders are named after this pool's identities; another pool would give everyone a new one.
      (pool.node.defaultChild as CfnResource).applyRemovalPolicy(removalPolicy(setting));
    }

    new CfnIdentityPoolPrincipalTag(this, 'PrincipalTags', {
      identityPoolId: pool.identityPoolId,
      identityProviderName: provider.oidcProviderArn,
      useDefaults: false,
      principalTags: PRINCIPAL_TAGS,
    });

    const apiUrl = settings.api
      ? createApi(this, setting, [authenticatedRole, ...(adminRole ? [adminRole] : [])])
      : undefined;

    this.output(OUTPUTS.region, this.region, 'The region of the identity pool and the buckets');
    this.output(OUTPUTS.identityPoolId, pool.identityPoolId, 'Auth.identityPoolId of aws-exports.json');
    this.output(OUTPUTS.bucket, data.bucketName, 'Storage.AWSS3.bucket of aws-exports.json');
    this.output(OUTPUTS.prefix, SHARED, 'Storage.AWSS3.prefix of aws-exports.json: what all users may read');
    this.output(OUTPUTS.logsBucket, logs.bucketName, 'Who read and wrote the data');
    this.output(OUTPUTS.issuer, okta.issuer, 'okta_issuer_url of okta-config.json at deployment');
    this.output(OUTPUTS.clientId, okta.clientId, 'okta_client_id of okta-config.json at deployment');
    this.output(OUTPUTS.loginsKey, loginsKey(okta.issuer), "The key of the ID token in Cognito's Logins");
    this.output(
      OUTPUTS.providerArn,
      provider.oidcProviderArn,
      'The IAM OIDC provider: existingProviderArn of other stacks',
    );
    this.output(OUTPUTS.authenticatedRoleArn, authenticatedRole.roleArn, 'The role of signed-in users');
    this.output(OUTPUTS.guestRoleArn, guestRole?.roleArn, 'The role of guests');
    this.output(OUTPUTS.adminRoleArn, adminRole?.roleArn, 'The role of admins');
    this.output(OUTPUTS.apiUrl, apiUrl, 'API.endpoints of aws-exports.json');
  }

  /**
   * An account can have one provider for an issuer, whichever stack made it, and other stacks may have come to use it
   * (IAM API reference, CreateOpenIDConnectProvider). So it stays when this stack goes, in the demo too.
   */
  private makeProvider({ issuer, clientId }: OktaConfig): IOidcProvider {
    return new OidcProviderNative(this, OWN_PROVIDER, {
      // No thumbprint: AWS trusts Okta's certificates by its own list of authorities.
      url: issuer,
      clientIds: [clientId],
      removalPolicy: removalPolicy('production'),
    });
  }

  /**
   * A provider that somebody else made. Were it this stack's own, read from its outputs, it would fall out of the
   * template: CloudFormation would let go of it, or delete it under the pool if the deployed template does not keep it.
   * Only CloudFormation knows which it is, and it refuses an update in which a resource becomes one of another type. So
   * in the own provider's place stands something that is nothing, and such an update ends before it has begun.
   */
  private useProvider(arn: string): IOidcProvider {
    new CfnResource(new Construct(this, OWN_PROVIDER), 'Resource', {
      type: 'AWS::CloudFormation::WaitConditionHandle',
    });
    return OidcProviderNative.fromOidcProviderArn(this, 'ExistingProvider', arn);
  }

  /** Says loudly what is wrong, lets `cdk synth` go on, and stops `cdk deploy`. */
  private refuseDeployment(why: string): void {
    Annotations.of(this).addWarningV2('jetbridge:placeholder', `Not for deployment. ${why}`);
    // CloudFormation and the toolkit refuse a stack with a parameter that has no value, and say its name.
    new CfnParameter(this, 'FillInOktaConfigJsonFirst', {
      type: 'String',
      description: 'Never give this a value. Fill in config/okta-config.json; then the parameter goes away.',
    });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W2001',
      reason: 'The parameter is there to stop a deployment, not to be used.',
    });
  }

  private output(name: string, value: string | undefined, description: string): void {
    if (value !== undefined) {
      new CfnOutput(this, name, { value, description });
    }
  }
}

function grant(role: Role, statements: PolicyStatement[]): void {
  for (const statement of statements) {
    role.addToPrincipalPolicy(statement);
  }
}

/** cdk-nag wants a reason for every star. One folder each, so that a star elsewhere is still found. */
function acknowledgeFolders(role: Role, bucket: Bucket, folders: string[]): void {
  const bucketId = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnElement);
  for (const folder of folders) {
    // cdk-nag writes ${variable} as <variable>.
    const place = `${folder.replace(/\$\{([^}]+)\}/g, '<$1>')}*`;
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${place}]`,
      reason: 'A folder in S3 is the beginning of a key, so all objects of a folder cannot be named in another way.',
    });
  }
}
