/** The guides: their policies are those of the templates, and what they tell people to type exists. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PRINCIPAL_TAGS } from '../lib/access';
import { parseOktaConfig } from '../lib/okta-config';
import { OUTPUTS } from '../lib/outputs';
import { NAMES } from '../lib/settings';
import { type Any, INFRA, REPOSITORY, list, synthesize } from './support';

const byHand = read('docs/aws-by-hand.md');
const okta = read('docs/okta.md');
const readme = read('infra/README.md');

function read(file: string): string {
  return readFileSync(join(REPOSITORY, file), 'utf8');
}

/** The fenced JSON after `<!-- policy: name -->`, with the names of the template in place of the guide's. */
function policy(name: string): Any[] {
  const [, text] = new RegExp(`<!-- policy: ${name} -->\n+\`\`\`json\n([^]*?)\`\`\``).exec(byHand) ?? [];
  if (text === undefined) {
    throw new Error(`docs/aws-by-hand.md has no policy "${name}"`);
  }
  const substituted = text
    .replace(/arn:aws:s3:::LOGS_BUCKET/g, 'LogsBucket9C4D8843.Arn')
    .replace(/arn:aws:s3:::BUCKET/g, 'DataBucketE3889A50.Arn')
    .replace(/IDENTITY_POOL_ID/g, 'IdentityPoolEC8A1A0D')
    .replace(/ACCOUNT_ID/g, 'AWS::AccountId');
  expect(substituted).not.toMatch(/\bBUCKET|LOGS_BUCKET|_ID\b/);
  const document = JSON.parse(substituted);
  expect(document.Version).toBe('2012-10-17');
  return document.Statement;
}

/** The order of a list of actions or resources means nothing. */
function sorted(statements: Any[]): Any[] {
  return statements.map((statement) => {
    const resources = statement.Resource && { Resource: list(statement.Resource).sort() };
    return { ...statement, Action: list(statement.Action).sort(), ...resources };
  });
}

describe('docs/aws-by-hand.md', () => {
  const plain = synthesize();
  const all = synthesize({ guest: 'true', admin: 'true' });

  test.each([
    ['authenticated trust', plain.trust('AuthenticatedRole')],
    // The guide sends admins there.
    ['authenticated trust', all.trust('AdminRole')],
    ['authenticated permissions', plain.permissions('AuthenticatedRole')],
    ['guest trust', all.trust('GuestRole')],
    ['guest permissions', all.permissions('GuestRole')],
    ['admin permissions', all.permissions('AdminRole')],
    ['data bucket', plain.bucketPolicy('DataBucketE3889A50')],
    ['logs bucket', plain.bucketPolicy('LogsBucket9C4D8843')],
  ])('policy "%s" is the one of the template', (name, statements) => {
    expect(sorted(policy(name))).toEqual(sorted(statements));
  });

  test('no policy in it is unchecked', () => {
    const fences = byHand.match(/```json\n[^]*?```/g) ?? [];
    const policies = fences.filter((fence) => fence.includes('"Statement"'));
    expect(policies).toHaveLength(byHand.match(/<!-- policy: /g)?.length ?? 0);
  });

  test('says what guests add to the authenticated role', () => {
    const prefixes = all.permissions('AuthenticatedRole').find(({ Sid }) => Sid === 'ListSharedAndOwn').Condition;
    expect(prefixes.StringLike['s3:prefix']).toContain('public/*');
    expect(byHand).toContain('add `"public/*"` to the prefixes of `ListSharedAndOwn`');
  });

  test('says the same of tags and rules', () => {
    const { PrincipalTags } = plain.one('AWS::Cognito::IdentityPoolPrincipalTag').Properties;
    for (const [tag, claim] of Object.entries(PrincipalTags)) {
      expect(byHand.replace(/\s+/g, ' ')).toContain(`tag key \`${tag}\`, claim \`${claim}\``);
    }
    const { okta: mapping } = all.one('AWS::Cognito::IdentityPoolRoleAttachment').Properties.RoleMappings;
    const [rule] = mapping.RulesConfiguration.Rules;
    expect(byHand.replace(/\s+/g, ' ')).toContain(
      `claim \`${rule.Claim}\`, *${rule.MatchType}*, \`${rule.Value}\`, role \`JetbridgeAdmin\``,
    );
  });

  test('its aws-exports.json starts where the stack says', () => {
    const text = /`config\/aws-exports.json`:\n+```json\n([^]*?)```/.exec(byHand)?.[1];
    expect(JSON.parse(text ?? '').Storage.AWSS3.prefix).toBe(plain.outputs['StartPrefix']);
  });
});

describe('docs/okta.md', () => {
  test('its okta-config.json is accepted, and its redirect URI is the one to register', () => {
    const text = /```json\n([^]*?)```/.exec(okta)?.[1] ?? '';
    expect(parseOktaConfig(text, 'docs/okta.md').placeholder).toBeUndefined();
    const keys = JSON.parse(text);
    expect(okta).toContain(`| Sign-in redirect URIs | \`${keys.okta_callback_url}\``);
    expect(okta).toContain(`| Sign-out redirect URIs | \`${keys.okta_logout_url}\``);
    expect(okta).toContain('`http://127.0.0.1:8765/callback`');
  });

  test('has the claims that the roles look at', () => {
    const { okta: mapping } = synthesize({ admin: 'true' }).one('AWS::Cognito::IdentityPoolRoleAttachment').Properties
      .RoleMappings;
    const [{ Claim, Value }] = mapping.RulesConfiguration.Rules;
    const [department] = Object.values(PRINCIPAL_TAGS);
    expect(okta).toContain(`| Name | \`${department}\` | \`${Claim}\` |`);
    // Whoever is in the group gets the rule's value, and nobody else.
    expect(okta).toContain(`isMemberOfGroup("00g1a2b3c4D5E6F7g8h9") ? "${Value}" : "user"`);
  });
});

describe('departments', () => {
  test.each([
    ['docs/okta.md', okta],
    ['docs/aws-by-hand.md', byHand],
  ])('%s says what a session tag may be, because all else locks its user out', (_, text) => {
    expect(text.replace(/[*\s]+/g, ' ')).toContain('letters, digits, spaces and `_.:/=+-@`, at most 256 characters');
  });

  test('their folders in the demo are such', () => {
    const folders = readdirSync(join(INFRA, 'demo-objects', 'departments'));
    expect(folders.length).toBeGreaterThan(1);
    for (const folder of folders) {
      // The pattern of a tag's value (STS API reference, Tag).
      expect(folder).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u);
    }
  });
});

describe('infra/README.md', () => {
  const { scripts } = JSON.parse(read('infra/package.json'));

  test('every npm command exists', () => {
    const commands = [...(readme + okta + byHand).matchAll(/npm (?:run )?([a-z-]+)/g)].map(
      (found) => found[1] as string,
    );
    const npm = ['ci'];
    expect([...new Set(commands)].filter((command) => !npm.includes(command) && !(command in scripts))).toEqual([]);
  });

  test('every choice is explained, and none that does not exist', () => {
    for (const name of NAMES) {
      expect(readme).toContain(`| \`${name}\` |`);
    }
    for (const [, name] of (readme + okta).matchAll(/-c ([a-zA-Z]+)=/g)) {
      expect(['name', ...NAMES]).toContain(name);
    }
  });

  test('every output is explained', () => {
    for (const output of Object.values(OUTPUTS)) {
      expect(readme).toContain(`\`${output}\``);
    }
  });
});

test.each([
  ['infra/README.md', readme],
  ['docs/okta.md', okta],
  ['docs/aws-by-hand.md', byHand],
])('%s links to files and headings that exist', (file, text) => {
  for (const [, target] of text.matchAll(/\]\(([^)#]*(?:#[^)]*)?)\)/g)) {
    const [path, heading] = (target as string).split('#');
    const linked = join(dirname(join(REPOSITORY, file)), path ?? '');
    expect([target, existsSync(linked)]).toEqual([target, true]);
    if (heading !== undefined) {
      const headings = [...readFileSync(linked, 'utf8').matchAll(/^#+ (.*)$/gm)].map((found) =>
        (found[1] as string)
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replace(/ /g, '-'),
      );
      expect(headings).toContain(heading);
    }
  }
});
