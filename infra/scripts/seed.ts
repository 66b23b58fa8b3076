/** `npm run seed`: uploads `demo-objects/` into the data bucket of a deployment, with the deployer's own credentials. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { STACK_NAME } from '../lib/outputs';
import { seed } from '../lib/seed';
import { readStackOutputs } from '../lib/stack-outputs';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      outputs: { type: 'string', default: 'cdk-outputs.json' },
      stack: { type: 'string', default: STACK_NAME },
    },
  });
  const outputs = readStackOutputs(values.outputs, values.stack);
  const s3 = new S3Client({ region: outputs.region });
  for (const [key, done] of await seed(s3, outputs.bucket, join(__dirname, '..', 'demo-objects'))) {
    console.log(`s3://${outputs.bucket}/${key}: ${done}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
