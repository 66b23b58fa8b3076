/** The names of the stack's outputs, known to the stack that writes them and to the script that reads them. */
export const STACK_NAME = 'JetbridgeStack';

export const OUTPUTS = {
  region: 'Region',
  identityPoolId: 'IdentityPoolId',
  bucket: 'BucketName',
  prefix: 'StartPrefix',
  logsBucket: 'LogsBucketName',
  issuer: 'OktaIssuerUrl',
  clientId: 'OktaClientId',
  loginsKey: 'LoginsKey',
  providerArn: 'OidcProviderArn',
  authenticatedRoleArn: 'AuthenticatedRoleArn',
  guestRoleArn: 'GuestRoleArn',
  adminRoleArn: 'AdminRoleArn',
  apiUrl: 'ApiUrl',
} as const;
