/** The roles that Cognito hands out, and who may take them. */
import { FederatedPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface CognitoRoleProps {
  readonly description: string;
  readonly identityPoolId: string;
  /** What Cognito says of the user: signed in, or a guest. */
  readonly amr: 'authenticated' | 'unauthenticated';
}

/**
 * A role for users of one identity pool. It trusts Cognito, which has checked Okta's token, not Okta: with Okta's
 * provider in the trust policy Cognito reports an invalid configuration.
 */
export function cognitoRole(scope: Construct, id: string, props: CognitoRoleProps): Role {
  const cognito = new FederatedPrincipal(
    'cognito-identity.amazonaws.com',
    {
      // Without the pool's id, any identity pool of any account could hand out this role.
      StringEquals: { 'cognito-identity.amazonaws.com:aud': props.identityPoolId },
      'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': props.amr },
    },
    'sts:AssumeRoleWithWebIdentity',
  );
  return new Role(scope, id, {
    description: props.description,
    // Claims arrive as session tags, for which STS wants a permission of its own. Guests have no claims.
    assumedBy: props.amr === 'authenticated' ? cognito.withSessionTags() : cognito,
  });
}
