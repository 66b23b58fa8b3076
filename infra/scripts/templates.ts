/** Writes the template of every variant to a folder, for the linter and for whoever reads templates. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../lib/app';
import { VARIANTS } from '../lib/variants';

const root = join(__dirname, '..');
const target = process.argv[2];
if (target === undefined) {
  console.error('usage: npm run templates -- DIRECTORY');
  process.exit(2);
}
mkdirSync(target, { recursive: true });
const cdk = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
for (const [name, choices] of Object.entries(VARIANTS)) {
  const outdir = mkdtempSync(join(tmpdir(), 'jetbridge-infra-'));
  const { app, stack } = createApp({
    outdir,
    context: { ...cdk.context, config: join(root, 'test', 'config'), ...choices },
  });
  app.synth();
  copyFileSync(join(outdir, stack.templateFile), join(target, `${name}.json`));
  rmSync(outdir, { recursive: true });
}
console.log(`${Object.keys(VARIANTS).length} templates in ${target}`);
