/** Uploads the demo's objects, so that the first listing shows something. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** The keys below `directory`, in order. */
export function keysOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Uploads what is not there yet. What somebody changed in the bucket stays. */
export async function seed(s3: S3Client, bucket: string, directory: string): Promise<[key: string, done: string][]> {
  const results: [string, string][] = [];
  for (const key of keysOf(directory)) {
    try {
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: readFileSync(join(directory, key)),
          ContentType: key.endsWith('.csv') ? 'text/csv; charset=utf-8' : 'text/plain; charset=utf-8',
          IfNoneMatch: '*',
        }),
      );
      results.push([key, 'uploaded']);
    } catch (error) {
      if ((error as { name?: string }).name !== 'PreconditionFailed') {
        throw error;
      }
      results.push([key, 'already there']);
    }
  }
  return results;
}
