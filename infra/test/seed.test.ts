/** The demo's objects, uploaded to a server that keeps what it is given. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { keysOf, seed } from '../lib/seed';
import { INFRA } from './support';

const OBJECTS = join(INFRA, 'demo-objects');
const stored = new Map<string, string | undefined>();
let server: Server;
let s3: S3Client;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const key = decodeURIComponent(request.url?.split('?')[0] ?? '');
      if (key.includes('forbidden-bucket')) {
        response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
      } else if (request.headers['if-none-match'] === '*' && stored.has(key)) {
        response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
      } else {
        stored.set(key, request.headers['content-type']);
        response.writeHead(200).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  s3 = new S3Client({
    region: 'us-west-2',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterAll(() => {
  s3.destroy();
  server.close();
});

test('every object lies where some role may read it', () => {
  const keys = keysOf(OBJECTS);
  expect(keys).toContain('shared/welcome.txt');
  expect(keys.filter((key) => !/^(shared|public|departments\/[a-z]+)\//.test(key))).toEqual([]);
});

test('all are uploaded once; a second time what is there stays', async () => {
  const keys = keysOf(OBJECTS);
  expect(await seed(s3, 'bucket', OBJECTS)).toEqual(keys.map((key) => [key, 'uploaded']));
  expect([...stored.keys()].sort()).toEqual(keys.map((key) => `/bucket/${key}`).sort());
  expect(stored.get('/bucket/shared/reports/2026-q1.csv')).toBe('text/csv; charset=utf-8');
  expect(await seed(s3, 'bucket', OBJECTS)).toEqual(keys.map((key) => [key, 'already there']));
});

test('other refusals are errors', async () => {
  await expect(seed(s3, 'forbidden-bucket', OBJECTS)).rejects.toThrow('Access Denied');
});
