/** From the outputs of a deployment to the file that the apps read. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUTS, STACK_NAME } from '../lib/outputs';
import { CLIENT_ID, CONFIG, INFRA, ISSUER, oktaConfig, synthesize, temporaryFolder } from './support';

const POOL = 'us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab';
const DEPLOYED = {
  Region: 'us-west-2',
  IdentityPoolId: POOL,
  BucketName: 'jetbridgestack-databuckete3889a50-abc',
  StartPrefix: 'shared/',
  LogsBucketName: 'jetbridgestack-logsbucket9c4d8843-abc',
  OktaIssuerUrl: ISSUER,
  OktaClientId: CLIENT_ID,
  LoginsKey: ISSUER.slice('https://'.length),
  OidcProviderArn: 'arn:aws:iam::123456789012:oidc-provider/dev-12345678.okta.com/oauth2/default',
  AuthenticatedRoleArn: 'arn:aws:iam::123456789012:role/JetbridgeStack-AuthenticatedRole',
};
const { scripts } = JSON.parse(readFileSync(join(INFRA, 'package.json'), 'utf8'));
const WRITTEN = {
  Auth: { region: 'us-west-2', identityPoolId: POOL },
  Storage: { AWSS3: { region: 'us-west-2', bucket: DEPLOYED.BucketName, prefix: 'shared/' } },
};
const API = { ...DEPLOYED, ApiUrl: 'https://abc123.execute-api.us-west-2.amazonaws.com/' };
const ENDPOINT = {
  name: 'JetbridgeApi',
  endpoint: 'https://abc123.execute-api.us-west-2.amazonaws.com',
  region: 'us-west-2',
};

/** A configuration folder; `exports` is the text of aws-exports.json so far. */
function folder(exports?: string): string {
  const made = temporaryFolder();
  cpSync(join(CONFIG, 'okta-config.json'), join(made, 'okta-config.json'));
  if (exports !== undefined) {
    writeFileSync(join(made, 'aws-exports.json'), exports);
  }
  return made;
}

function writeConfig(config: string, outputs: unknown = { [STACK_NAME]: DEPLOYED }) {
  const file = join(temporaryFolder(), 'cdk-outputs.json');
  writeFileSync(file, typeof outputs === 'string' ? outputs : JSON.stringify(outputs));
  return run('--outputs', file, '--config', config);
}

function run(...args: string[]) {
  // What `npm run write-config` runs.
  const [program, ...fixed] = scripts['write-config'].split(' ');
  const { status, stdout, stderr } = spawnSync(program, [...fixed, ...args], { cwd: INFRA, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const read = (config: string) => JSON.parse(readFileSync(join(config, 'aws-exports.json'), 'utf8'));

describe('outputs', () => {
  const optional: string[] = [OUTPUTS.guestRoleArn, OUTPUTS.adminRoleArn, OUTPUTS.apiUrl];

  test('a deployment has all that write-config needs', () => {
    const always = Object.values(OUTPUTS).filter((name) => !optional.includes(name));
    expect(Object.keys(synthesize().outputs).sort()).toEqual([...always].sort());
    expect(Object.keys(synthesize({ guest: 'true', admin: 'true', api: 'true' }).outputs).sort()).toEqual(
      Object.values(OUTPUTS).sort(),
    );
  });

  test('they name the resources of the template', () => {
    const { outputs } = synthesize({ guest: 'true', admin: 'true', api: 'true' });
    expect(outputs).toMatchObject({
      Region: 'AWS::Region',
      IdentityPoolId: 'IdentityPoolEC8A1A0D',
      BucketName: 'DataBucketE3889A50',
      LogsBucketName: 'LogsBucket9C4D8843',
      StartPrefix: 'shared/',
      OidcProviderArn: 'OktaProviderD88D9C1B',
      AuthenticatedRoleArn: expect.stringMatching(/^AuthenticatedRole\w+\.Arn$/),
      GuestRoleArn: expect.stringMatching(/^GuestRole\w+\.Arn$/),
      AdminRoleArn: expect.stringMatching(/^AdminRole\w+\.Arn$/),
      ApiUrl: expect.stringMatching(/^https:\/\/Api\w+\.execute-api\.AWS::Region\.AWS::URLSuffix\/$/),
    });
  });
});

describe('write-config', () => {
  test('writes a file with the keys, and says which', () => {
    const config = folder();
    const { status, stdout, stderr } = writeConfig(config);
    expect([status, stderr]).toEqual([0, '']);
    expect(read(config)).toEqual(WRITTEN);
    expect(stdout).toContain('aws-exports.json written:');
    expect(stdout).toContain(`Auth.identityPoolId = ${POOL}`);
    expect(stdout).toContain('Storage.AWSS3.prefix = shared/');
    expect(readdirSync(config).sort()).toEqual(['aws-exports.json', 'okta-config.json']);
  });

  test('a second time there is nothing to do', () => {
    const config = folder();
    writeConfig(config);
    expect(writeConfig(config).stdout).toMatch(/aws-exports.json is up to date/);
  });

  test('fills in the example', () => {
    const config = folder(readFileSync(join(INFRA, '..', 'config', 'aws-exports.example.json'), 'utf8'));
    expect(writeConfig(config).stdout).toContain('(was "us-west-2:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")');
    expect(read(config)).toEqual(WRITTEN);
  });

  test('keeps every key that is not its own, in its place', () => {
    const before = {
      Analytics: { disabled: true },
      Auth: { mandatorySignIn: true, region: 'eu-west-1', identityPoolId: 'old', extra: [1, { a: null }] },
      Storage: { AWSS3: { bucket: 'old', level: 'public' }, other: 'kept' },
      API: {
        GraphQL: { endpoint: 'https://example.com' },
        endpoints: [{ name: 'Mine', endpoint: 'https://example.com' }],
      },
    };
    const config = folder(JSON.stringify(before));
    expect(writeConfig(config, { [STACK_NAME]: API, AnotherStack: {} }).status).toBe(0);
    expect(read(config)).toEqual({
      Analytics: before.Analytics,
      Auth: { ...before.Auth, ...WRITTEN.Auth },
      Storage: { AWSS3: { ...before.Storage.AWSS3, ...WRITTEN.Storage.AWSS3 }, other: 'kept' },
      API: { GraphQL: before.API.GraphQL, endpoints: [...before.API.endpoints, ENDPOINT] },
    });
    expect(Object.keys(read(config))).toEqual(['Analytics', 'Auth', 'Storage', 'API']);
  });

  test('its own API is added, changed and removed', () => {
    const config = folder();
    writeConfig(config, { [STACK_NAME]: { ...API, ApiUrl: 'https://old.execute-api.us-west-2.amazonaws.com/' } });
    const exports = read(config);
    exports.API.endpoints[0].note = 'mine';
    writeFileSync(join(config, 'aws-exports.json'), JSON.stringify(exports));
    writeConfig(config, { [STACK_NAME]: API });
    expect(read(config).API.endpoints).toEqual([{ ...ENDPOINT, note: 'mine' }]);
    expect(writeConfig(config).stdout).toContain('JetbridgeApi removed');
    expect(read(config).API.endpoints).toEqual([]);
  });

  test('endpoints of the local stack are kept, and it says so', () => {
    const config = folder('{"Auth": {"identityPoolEndpoint": "http://127.0.0.1:4581"}}');
    expect(writeConfig(config).stderr).toContain('Auth.identityPoolEndpoint = http://127.0.0.1:4581 was kept');
    expect(read(config).Auth.identityPoolEndpoint).toBe('http://127.0.0.1:4581');
  });

  test.each([
    ['{ "Auth": ', 'not JSON, so it was left alone'],
    ['[]', 'not a JSON object, so it was left alone'],
    ['{"Auth": "text"}', 'Auth is not an object'],
  ])('%s is left alone', (text, message) => {
    const config = folder(text);
    const { status, stderr } = writeConfig(config);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(readFileSync(join(config, 'aws-exports.json'), 'utf8')).toBe(text);
  });

  test('a stack of another issuer or client is refused', () => {
    const config = oktaConfig({ okta_issuer_url: 'https://dev-1.okta.com', okta_client_id: CLIENT_ID });
    const { status, stderr } = writeConfig(config);
    expect(stderr).toContain('Nothing was written; deploy again, or correct the file');
    expect(status).toBe(1);
    expect(existsSync(join(config, 'aws-exports.json'))).toBe(false);
  });

  test.each([
    ['{', 'is not JSON'],
    ['{"Other": {}}', 'has no outputs of the stack JetbridgeStack; it has: Other'],
    [{ [STACK_NAME]: { ...DEPLOYED, BucketName: undefined } }, 'has no output BucketName; deploy it again'],
  ])('outputs %j are refused', (outputs, message) => {
    const { status, stderr } = writeConfig(folder(), outputs);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });

  test('without outputs it says where they come from', () => {
    const { status, stderr } = run('--outputs', join(temporaryFolder(), 'none.json'));
    expect(stderr).toContain('is missing: it is written by "npm run deploy"');
    expect(status).toBe(1);
  });
});
