import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot } from './migrations.ts';

/**
 * Reads where a test server is: from the environment, else from what a running `npm run services` has written down.
 * Throws, naming that command, when neither says.
 */
export function serviceUrl(key: 'TEST_DATABASE_URL' | 'TEST_REDIS_URL' | 'TEST_AMQP_URL'): string {
  const url = process.env[key] ?? writtenDown(key);
  if (url) return url;
  throw new Error(
    `${key} is not set: run \`npm run services\` in another terminal, or run the tests with \`npm test\`.`,
  );
}

function writtenDown(key: string): string | undefined {
  const path = join(findRoot(), '.test', 'env');
  if (!existsSync(path)) return undefined;
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${key}=`));
  return line?.slice(key.length + 1);
}
