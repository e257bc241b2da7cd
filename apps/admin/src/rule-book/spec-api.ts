/** The admin app on a database of its own, asked over HTTP, for the specs of this folder. */
import type { Fault } from '#contract';
import { loadConfig } from '#platform/config';
import { createLogger } from '#platform/log';
import { runtimeEnv, startApp } from '#platform/runtime';
import { freshDatabase } from '#testing/services';
import { AdminModule } from '../admin.module.ts';
import { adminEnv, adminProviders } from '../providers.ts';

const env = { ...runtimeEnv, ...adminEnv };
const adminKey = 'bootstrap-key-0123456789';

/** An answer, its JSON body read. */
export interface Answer {
  status: number;
  tag: string | undefined;
  body: Record<string, unknown> & { code?: string; errors?: Fault[] };
  text: string;
}

/** The API of a running app. */
export interface Api {
  url: string;
  databaseUrl: string;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts the app. */
export async function startApi(): Promise<Api> {
  const fresh = await freshDatabase();
  const given = {
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: fresh.url,
    ADMIN_API_KEY: adminKey,
    SECRET_KEY: 'a secret of sixteen',
  };
  const parts = { name: 'admin', env, modules: [AdminModule], providers: adminProviders };
  const app = await startApp(parts, loadConfig(env, given), createLogger('admin', 'silent'));
  return {
    url: app.url,
    databaseUrl: fresh.url,
    ask: async (method, path, body, headers = {}) => {
      const isRaw = body instanceof Uint8Array;
      const answer = await fetch(app.url + path, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const isJson = /json/.test(answer.headers.get('content-type') ?? '');
      const tag = answer.headers.get('etag') ?? undefined;
      return { status: answer.status, tag, body: (isJson && text !== '' ? JSON.parse(text) : {}) as never, text };
    },
    stop: async () => {
      await app.stop();
      await fresh.drop();
    },
  };
}

/** Where the faults of a refusal are. */
export const pointersOf = ({ body }: Answer): string[] | undefined => body.errors?.map(({ pointer }) => pointer);
