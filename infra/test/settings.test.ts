/** The configuration file and the choices: what is accepted, and that a refusal says what to do. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loginsKey, parseOktaConfig, readOktaConfig } from '../lib/okta-config';
import { readSettings } from '../lib/settings';
import {
  CLIENT_ID,
  CONFIG,
  INFRA,
  ISSUER,
  REPOSITORY,
  context,
  oktaConfig,
  synthesize,
  temporaryFolder,
} from './support';

const EXAMPLE = join(REPOSITORY, 'config', 'okta-config.example.json');
const parse = (keys: unknown) => parseOktaConfig(JSON.stringify(keys), 'okta-config.json');

/** An issuer with this many characters after https://. */
const issuerOf = (length: number) => 'https://dev-1.okta.com/oauth2/'.padEnd('https://'.length + length, 'a');

describe('okta-config.json', () => {
  test.each([
    ['https://dev-1.okta.com'],
    ['https://dev-1.okta.com/oauth2/default'],
    ['https://id.example.com/oauth2/a'],
    [issuerOf(88)],
  ])('%s is an issuer', (issuer) => {
    expect(parse({ okta_issuer_url: issuer, okta_client_id: CLIENT_ID })).toEqual({
      issuer,
      clientId: CLIENT_ID,
      placeholder: undefined,
    });
  });

  test.each([
    [undefined, 'must be the issuer'],
    [42, 'must be the issuer'],
    ['dev-1.okta.com/oauth2/default', 'must begin with https://'],
    ['http://127.0.0.1:4580/oauth2/default', 'An issuer on http (the local stack) cannot be used by AWS'],
    ['https://dev-1.okta.com:8443/oauth2/default', 'must not have a port'],
    ['https://dev-1.okta.com:443', 'must not have a port'],
    ['https://user@dev-1.okta.com', 'must not have a port or a user'],
    ['https://dev-1.okta.com/', 'must not end with a slash'],
    ['https://dev-1.okta.com/oauth2/default/', 'must not end with a slash'],
    ['https://dev-1.okta.com/oauth2/default?a=b', 'must not have a query'],
    ['https://dev-1.okta.com/oauth2/default#a', 'must not have a query or a fragment'],
    ['https://Dev-1.okta.com', 'must be written as https://dev-1.okta.com'],
    ['https://dev-1.okta.com/oauth2/../default', 'must be written as https://dev-1.okta.com/default'],
    ['https://', 'is not a URL'],
    [issuerOf(89), 'is 1 character too long: 88 may follow https://'],
    [issuerOf(128), 'is 40 characters too long'],
  ])('issuer %s is refused: %s', (issuer, message) => {
    expect(() => parse({ okta_issuer_url: issuer, okta_client_id: CLIENT_ID })).toThrow(message);
  });

  test.each([[undefined], [''], ['two words'], ['x'.repeat(256)]])('client id %s is refused', (clientId) => {
    expect(() => parse({ okta_issuer_url: ISSUER, okta_client_id: clientId })).toThrow('okta_client_id: must be');
  });

  test('all problems are told at once, with the file', () => {
    expect(() => parse({})).toThrow(/okta-config.json: okta_issuer_url: .*\nokta-config.json: okta_client_id: /);
  });

  test.each([['{'], ['[]'], ['null'], ['"text"']])('%s is refused', (text) => {
    expect(() => parseOktaConfig(text, 'okta-config.json')).toThrow(
      /okta-config.json (is not JSON|must be a JSON object)/,
    );
  });

  test('the logins key is the issuer without its scheme, and nothing else changes', () => {
    expect(loginsKey('https://dev-1.okta.com/oauth2/default')).toBe('dev-1.okta.com/oauth2/default');
    expect(loginsKey('https://dev-1.okta.com')).toBe('dev-1.okta.com');
  });
});

describe('AWS partitions', () => {
  const region = process.env['CDK_DEFAULT_REGION'];
  const read = () => readSettings(new App({ context: context({ config: CONFIG }) }).node);
  afterEach(() => {
    delete process.env['CDK_DEFAULT_REGION'];
    Object.assign(process.env, region && { CDK_DEFAULT_REGION: region });
  });

  test.each([['cn-north-1'], ['us-gov-west-1'], ['us-iso-east-1'], ['eusc-de-east-1']])('%s is refused', (region) => {
    process.env['CDK_DEFAULT_REGION'] = region;
    expect(read).toThrow(`${region}: regions of China, GovCloud and other partitions of AWS are not supported`);
  });

  test.each([['us-west-2'], ['eu-central-1'], ['xx-new-1']])('%s is not', (region) => {
    process.env['CDK_DEFAULT_REGION'] = region;
    expect(read).not.toThrow();
  });
});

describe('placeholders', () => {
  const empty = temporaryFolder();

  test('a folder that was named must have the file', () => {
    expect(() => synthesize({ config: empty })).toThrow(
      `${join(empty, 'okta-config.json')} is missing: copy config/okta-config.example.json there and fill in`,
    );
  });

  test('without a name the example serves, and says that it is one', () => {
    const folder = temporaryFolder();
    cpSync(EXAMPLE, join(folder, 'okta-config.example.json'));
    const config = readOktaConfig(folder, true);
    expect(config.issuer).toBe(JSON.parse(readFileSync(EXAMPLE, 'utf8')).okta_issuer_url);
    expect(config.placeholder).toContain('copy config/okta-config.example.json there');
  });

  test("a copy that still has the example's values is a placeholder too", () => {
    const folder = oktaConfig(readFileSync(EXAMPLE, 'utf8'));
    expect(readOktaConfig(folder, false).placeholder).toContain('okta_issuer_url and okta_client_id');
  });

  test('cannot be deployed: the template wants a value that nobody has', () => {
    const warned = jest.spyOn(console, 'error').mockReturnValue();
    const { template } = synthesize({ config: oktaConfig(readFileSync(EXAMPLE, 'utf8')) });
    expect(warned.mock.calls.flat().join()).toContain('Not for deployment.');
    warned.mockRestore();
    expect(Object.keys(template.Parameters)).toEqual(['FillInOktaConfigJsonFirst']);
    expect(template.Parameters.FillInOktaConfigJsonFirst).not.toHaveProperty('Default');
    expect(synthesize().template.Parameters).toBeUndefined();
  });
});

describe('choices', () => {
  test.each([
    [{ setting: 'prod' }, 'must be demo or production'],
    [{ guest: 'yes' }, 'must be true or false'],
    [{ api: '' }, 'must be true or false'],
    [{ admin: 'jetbridge-admins' }, 'must be true or false'],
    [{ existingProviderArn: '' }, 'must be a text'],
    [{ settings: 'demo' }, 'unknown; there are config, setting, guest, api, admin, existingProviderArn'],
  ])('%j is refused', (choices, message) => {
    expect(() => synthesize(choices)).toThrow(message);
  });

  test('cdk.json may hold booleans', () => {
    expect(synthesize({ guest: true, api: false }).template).toEqual(synthesize({ guest: 'true' }).template);
  });
});

describe('the command line', () => {
  const cdk = (folder: string, ...args: string[]) => {
    const run = spawnSync('npx', ['cdk', 'synth', '--quiet', ...args], { cwd: folder, encoding: 'utf8' });
    return { status: run.status, text: run.stdout + run.stderr };
  };

  test('on a fresh clone synth works, warns, and needs neither an account nor a region', () => {
    // What git has, and the installed packages.
    const clone = temporaryFolder();
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'infra', 'config'], {
      cwd: REPOSITORY,
      encoding: 'utf8',
    });
    for (const file of files.trim().split('\n')) {
      mkdirSync(join(clone, file, '..'), { recursive: true });
      if (existsSync(join(REPOSITORY, file))) {
        cpSync(join(REPOSITORY, file), join(clone, file));
      }
    }
    symlinkSync(join(INFRA, 'node_modules'), join(clone, 'infra', 'node_modules'));

    const { status, text } = cdk(join(clone, 'infra'));
    expect(text).toContain('Not for deployment.');
    expect(text).toContain('copy config/okta-config.example.json there');
    expect(status).toBe(0);
    const template = JSON.parse(readFileSync(join(clone, 'infra', 'cdk.out', 'JetbridgeStack.template.json'), 'utf8'));
    expect(template.Parameters).toHaveProperty('FillInOktaConfigJsonFirst');
  }, 60_000);

  test('a mistake is told in one line, without a stack trace', () => {
    const { status, text } = cdk(INFRA, '--output', temporaryFolder(), '-c', 'setting=prod');
    expect(text).toContain('-c setting=prod: must be demo or production');
    expect(text).not.toContain('    at ');
    expect(status).toBe(1);
  }, 60_000);
});
