/**
 * Puts the outputs of the stack into `aws-exports.json`. Its own keys are set, all others stay: people add endpoints,
 * categories of Amplify and more to this file by hand.
 */
import type { StackOutputs } from './stack-outputs';

/** By this name the stack's API is known among `API.endpoints`. */
export const API_NAME = 'JetbridgeApi';

export interface Merged {
  readonly text: string;
  /** One line for each key that was set. */
  readonly changes: string[];
  /** Keys that were kept and deserve a look. */
  readonly warnings: string[];
}

type Json = Record<string, unknown>;

/** `existing` is the text of the file so far, if there is one. */
export function mergeAwsExports(existing: string | undefined, outputs: StackOutputs): Merged {
  const root = existing === undefined ? {} : parse(existing);
  const changes: string[] = [];
  const set = (path: string[], value: string) => {
    const parent = path.slice(0, -1).reduce(child, root);
    const key = path[path.length - 1] as string;
    const before = parent[key];
    if (before !== value) {
      changes.push(`${path.join('.')} = ${value}${before === undefined ? '' : ` (was ${JSON.stringify(before)})`}`);
      parent[key] = value;
    }
  };
  set(['Auth', 'region'], outputs.region);
  set(['Auth', 'identityPoolId'], outputs.identityPoolId);
  set(['Storage', 'AWSS3', 'region'], outputs.region);
  set(['Storage', 'AWSS3', 'bucket'], outputs.bucket);
  set(['Storage', 'AWSS3', 'prefix'], outputs.prefix);
  changes.push(...setApi(root, outputs));
  return { text: `${JSON.stringify(root, null, 2)}\n`, changes, warnings: warnings(root) };
}

/** Sets or removes the stack's own entry in the list; entries of other APIs stay. */
function setApi(root: Json, outputs: StackOutputs): string[] {
  const entry = outputs.apiUrl && {
    name: API_NAME,
    // Callers put paths that begin with a slash behind it.
    endpoint: outputs.apiUrl.replace(/\/$/, ''),
    region: outputs.region,
  };
  if (!entry && root['API'] === undefined) {
    return [];
  }
  const api = child(root, 'API');
  const list: unknown = api['endpoints'] ?? [];
  if (!Array.isArray(list)) {
    throw new Error('API.endpoints is not a list; correct it or remove it');
  }
  const at = list.findIndex((item) => item?.name === API_NAME);
  if (!entry) {
    if (at < 0) {
      return [];
    }
    list.splice(at, 1);
    return [`API.endpoints: ${API_NAME} removed, the stack has no API`];
  }
  api['endpoints'] = list;
  // What somebody added to the entry stays as well.
  const before = at < 0 ? undefined : (list[at] as Json);
  const after = { ...before, ...entry };
  if (JSON.stringify(before) === JSON.stringify(after)) {
    return [];
  }
  list.splice(at < 0 ? list.length : at, at < 0 ? 0 : 1, after);
  return [`API.endpoints: ${API_NAME} = ${entry.endpoint}`];
}

/** The local stack leaves endpoints on this machine in the file; with them no request would come to AWS. */
function warnings(root: Json): string[] {
  const endpoints: [string, unknown][] = [
    ['Auth.identityPoolEndpoint', (root['Auth'] as Json)['identityPoolEndpoint']],
    ['Storage.AWSS3.endpoint', ((root['Storage'] as Json)['AWSS3'] as Json)['endpoint']],
  ];
  return endpoints
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${String(value)} was kept: requests go there, not to AWS. Remove it if unwanted`);
}

function parse(text: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON, so it was left alone: ${String(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error('not a JSON object, so it was left alone');
  }
  return json as Json;
}

/** The object under `key`, made if it is missing. */
function child(parent: Json, key: string): Json {
  const value = (parent[key] ??= {});
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${key} is not an object; correct it or remove it`);
  }
  return value as Json;
}
