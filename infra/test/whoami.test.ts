/** The API: who may call it, and what it answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INFRA, readable, synthesize } from './support';

const { handler } = require('../lib/whoami.js');

const userArn = 'arn:aws:sts::123456789012:assumed-role/JetbridgeStack-AuthenticatedRole/CognitoIdentityCredentials';
const called = (iam: unknown) => handler({ requestContext: { authorizer: { iam } } });

/** Of "Customize HTTP API access logs", API Gateway developer guide, those that have a value without a JWT or a certificate. */
const HTTP_API_VARIABLES =
  `accountId apiId awsEndpointRequestId awsEndpointRequestId2 dataProcessed domainName domainPrefix error.message
  error.messageString error.responseType extendedRequestId httpMethod identity.accountId identity.caller
  identity.cognitoAuthenticationProvider identity.cognitoAuthenticationType identity.cognitoIdentityId
  identity.cognitoIdentityPoolId identity.principalOrgId identity.sourceIp identity.user identity.userAgent identity.userArn
  integration.error integration.integrationStatus integration.latency integration.requestId integration.status
  integrationErrorMessage integrationLatency integrationStatus path protocol requestId requestTime requestTimeEpoch
  responseLatency responseLength routeKey stage status`.split(/\s+/);

describe('the template', () => {
  const template = synthesize({ api: 'true', guest: 'true', admin: 'true' });

  test('every route wants a signature', () => {
    const routes = template.all('AWS::ApiGatewayV2::Route').map((route) => route.Properties);
    expect(routes.map((route) => [route.RouteKey, route.AuthorizationType])).toEqual([['GET /whoami', 'AWS_IAM']]);
    expect(template.one('AWS::ApiGatewayV2::Stage').Properties.StageName).toBe('$default');
  });

  test('signed-in users and admins may call it, guests may not', () => {
    const invoke = {
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Resource: `arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:${template.one('AWS::ApiGatewayV2::Api').id}/*/GET/whoami`,
    };
    expect(template.permissions('AuthenticatedRole')).toContainEqual(invoke);
    expect(template.permissions('AdminRole')).toContainEqual(invoke);
    expect(JSON.stringify(template.permissions('GuestRole'))).not.toContain('execute-api');
  });

  test('only this API may call the function, which runs the code of lib/whoami.js', () => {
    const api = template.one('AWS::ApiGatewayV2::Api').id;
    const permission = readable(template.one('AWS::Lambda::Permission').Properties);
    expect(permission.Principal).toBe('apigateway.amazonaws.com');
    expect(permission.SourceArn).toContain(`:${api}/*/*/whoami`);
    const whoami = template.all('AWS::Lambda::Function').find((fn) => fn.id.startsWith('Whoami'));
    expect(whoami?.Properties.Code.ZipFile).toBe(readFileSync(join(INFRA, 'lib', 'whoami.js'), 'utf8'));
  });

  test('the access log asks for nothing that an HTTP API does not have', () => {
    const format: string = template.one('AWS::ApiGatewayV2::Stage').Properties.AccessLogSettings.Format;
    const asked = [...format.matchAll(/\$context\.([A-Za-z.]+)/g)].map(([, name]) => name);
    expect(asked).toContain('requestId');
    expect(asked.filter((name) => !HTTP_API_VARIABLES.includes(name as string))).toEqual([]);
  });

  test('without -c api=true there is nothing of it', () => {
    expect(JSON.stringify(synthesize().template)).not.toMatch(/ApiGateway|execute-api|ApiUrl/);
  });
});

describe('the answer', () => {
  test('is the Cognito identity and the role', async () => {
    const cognitoIdentity = { identityId: 'us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab' };
    const answer = await called({ cognitoIdentity, userArn });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body)).toEqual({ identityId: cognitoIdentity.identityId, userArn });
  });

  test('is without an identity for other callers', async () => {
    expect(JSON.parse((await called({ cognitoIdentity: null, userArn })).body)).toEqual({ identityId: null, userArn });
  });
});
