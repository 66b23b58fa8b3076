/** `npm run write-config`: writes `config/aws-exports.json` from the outputs of a deployment, and says what it wrote. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { mergeAwsExports } from '../lib/aws-exports';
import { OKTA_CONFIG, parseOktaConfig } from '../lib/okta-config';
import { STACK_NAME } from '../lib/outputs';
import { type StackOutputs, readStackOutputs } from '../lib/stack-outputs';

try {
  const { values } = parseArgs({
    options: {
      outputs: { type: 'string', default: 'cdk-outputs.json' },
      config: { type: 'string', default: join(__dirname, '..', '..', 'config') },
      stack: { type: 'string', default: STACK_NAME },
    },
  });
  const outputs = readStackOutputs(values.outputs, values.stack);
  compareWithOkta(join(values.config, OKTA_CONFIG), outputs);
  write(join(values.config, 'aws-exports.json'), outputs);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** A stack made for another issuer or client would refuse every token of this configuration. */
function compareWithOkta(file: string, outputs: StackOutputs): void {
  if (!existsSync(file)) {
    return;
  }
  const okta = parseOktaConfig(readFileSync(file, 'utf8'), file);
  if (okta.issuer !== outputs.issuer || okta.clientId !== outputs.clientId) {
    throw new Error(
      `The stack was deployed for ${outputs.issuer}, client ${outputs.clientId}, but ${file} has ${okta.issuer}, ` +
        `client ${okta.clientId}. Nothing was written; deploy again, or correct the file`,
    );
  }
}

function write(file: string, outputs: StackOutputs): void {
  const existing = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  let merged;
  try {
    merged = mergeAwsExports(existing, outputs);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const name = relative('.', file);
  if (merged.changes.length === 0) {
    console.log(`${name} is up to date`);
  } else {
    // A whole file or none: the apps read it.
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(`${file}.tmp`, merged.text);
    renameSync(`${file}.tmp`, file);
    console.log(`${name} ${existing === undefined ? 'written' : 'changed'}:`);
    merged.changes.forEach((change) => console.log(`  ${change}`));
  }
  merged.warnings.forEach((warning) => console.warn(`  note: ${warning}`));
}
