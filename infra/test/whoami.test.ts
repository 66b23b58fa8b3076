/** The API: who may call it, and what it answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INFRA, readable, synthesize } from './support';

const { handler } = require('../lib/whoami.js');

const userArn = 'arn:aws:sts::123456789012:assumed-role/JetbridgeStack-AuthenticatedRole/CognitoIdentityCredentials';
const called = (iam: unknown) => handler({ requestContext: { authorizer: { iam } } });

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
