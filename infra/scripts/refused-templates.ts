/** Writes the templates that cfn-lint has to refuse to a folder, each named by the rule that it breaks. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REFUSED } from '../test/refused';

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined) {
  console.error('usage: npm run refused-templates -- TEMPLATE DIRECTORY');
  process.exit(2);
}
mkdirSync(target, { recursive: true });
for (const { name, rule, type, change } of REFUSED) {
  const template = JSON.parse(readFileSync(source, 'utf8'));
  const resource = Object.values<any>(template.Resources).find((resource) => resource.Type === type);
  change(resource.Properties);
  writeFileSync(join(target, `${rule}.${name}.json`), JSON.stringify(template));
}
