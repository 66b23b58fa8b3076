/** Reads the file that `cdk deploy --outputs-file` wrote. */
import { existsSync, readFileSync } from 'node:fs';
import { OUTPUTS, STACK_NAME } from './outputs';

type Name = keyof typeof OUTPUTS;
/** What every deployment has, whatever was chosen. */
type Always = Exclude<Name, 'guestRoleArn' | 'adminRoleArn' | 'apiUrl'>;
export type StackOutputs = Record<Always, string> & Partial<Record<Name, string>>;

const OPTIONAL: Name[] = ['guestRoleArn', 'adminRoleArn', 'apiUrl'];

export function readStackOutputs(file: string, stackName: string = STACK_NAME): StackOutputs {
  if (!existsSync(file)) {
    throw new Error(
      `${file} is missing: it is written by "npm run deploy", or "npx cdk deploy --outputs-file ${file}"`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} is not JSON: ${String(error)}`);
  }
  const stack: unknown = (json as Record<string, unknown> | null)?.[stackName];
  if (typeof stack !== 'object' || stack === null) {
    throw new Error(`${file} has no outputs of the stack ${stackName}; it has: ${Object.keys(json ?? {}).join(', ')}`);
  }
  const found = stack as Record<string, unknown>;
  const missing: string[] = [];
  const outputs: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(OUTPUTS) as Name[]) {
    const value = found[OUTPUTS[name]];
    if (typeof value === 'string' && value !== '') {
      outputs[name] = value;
    } else if (!OPTIONAL.includes(name)) {
      missing.push(OUTPUTS[name]);
    }
  }
  if (missing.length > 0) {
    throw new Error(`${file}: the stack ${stackName} has no output ${missing.join(', ')}; deploy it again`);
  }
  return outputs as StackOutputs;
}
