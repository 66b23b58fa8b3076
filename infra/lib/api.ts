/** An HTTP API behind IAM: shows that the credentials open more than S3. It answers who called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CfnElement, Duration, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { writeTo } from './buckets';
import { type Setting, removalPolicy } from './settings';

/** The CDK's default is for REST APIs: an HTTP API has no `$context.resourcePath` ("Customize HTTP API access logs", API Gateway developer guide). */
const ACCESS_LOG = AccessLogFormat.custom(
  '$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] ' +
    '"$context.httpMethod $context.path $context.protocol" $context.status $context.responseLength $context.requestId',
);

/** Makes the API, lets `callers` call it, and returns its address. */
export function createApi(scope: Construct, setting: Setting, callers: Role[]): string {
  const log = (id: string) =>
    new LogGroup(scope, id, { retention: RetentionDays.ONE_MONTH, removalPolicy: removalPolicy(setting) });

  // An HTTP API can hand a request on, but cannot answer by itself as a REST API can; the smallest thing that can say
  // who called is a function, and written into the template it needs no upload.
  const functionLog = log('WhoamiLog');
  const functionRole = new Role(scope, 'WhoamiRole', {
    description: 'Jetbridge: the function behind the API, which may only write its log',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: { log: writeTo(functionLog) },
  });
  const whoami = new Function(scope, 'Whoami', {
    description: 'Jetbridge: answers who called',
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline(readFileSync(join(__dirname, 'whoami.js'), 'utf8')),
    timeout: Duration.seconds(5),
    memorySize: 128,
    role: functionRole.withoutPolicyUpdates(),
    logGroup: functionLog,
  });

  const api = new HttpApi(scope, 'Api', {
    apiName: `${Stack.of(scope).stackName}Api`,
    description: 'Jetbridge: an API for signed-in users, by the signature of their requests',
    createDefaultStage: false,
  });
  const [route] = api.addRoutes({
    path: '/whoami',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('WhoamiIntegration', whoami),
    authorizer: new HttpIamAuthorizer(),
  });
  const stage = new HttpStage(scope, 'ApiStage', {
    httpApi: api,
    autoDeploy: true,
    throttle: { rateLimit: 20, burstLimit: 40 },
    accessLogSettings: { destination: new LogGroupLogDestination(log('ApiLog')), format: ACCESS_LOG },
  });
  const apiId = Stack.of(scope).getLogicalId(api.node.defaultChild as CfnElement);
  for (const caller of callers) {
    route?.grantInvoke(caller);
    Validations.of(caller).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${apiId}>/*/GET/whoami]`,
      reason: 'The star stands for the stage, of which the API has one; method and path are named.',
    });
  }
  return stage.url;
}
