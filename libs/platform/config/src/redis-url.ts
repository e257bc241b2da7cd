/** The three forms of `REDIS_URL`: one server, a master that Sentinels watch, a Cluster. */

/** One host and port. */
export interface RedisNode {
  host: string;
  port: number;
}

interface Login {
  username?: string;
  password?: string;
  /** TLS to every node, Sentinels included. */
  tls: boolean;
}

/** What a `REDIS_URL` names. */
export type RedisTarget =
  | { kind: 'single'; url: string }
  | ({ kind: 'sentinel'; nodes: RedisNode[]; master: string; db: number; sentinelPassword?: string } & Login)
  | ({ kind: 'cluster'; nodes: RedisNode[] } & Login);

const forms = {
  single: 'redis://[user:password@]host[:6379][/database]',
  sentinel: 'redis+sentinel://[user:password@]host[:26379],host[:26379]/master[/database][?sentinelPassword=…]',
  cluster: 'redis+cluster://[user:password@]host[:6379],host[:6379]',
} as const;

const usualPort = { sentinel: 26_379, cluster: 6379 } as const;

/** Reads a `REDIS_URL`. A fault names the form that was meant, and never the text: it may hold a password. */
export function readRedisUrl(text: string): { target: RedisTarget } | { fault: string } {
  const [, scheme, many] = /^(rediss?)(?:\+(sentinel|cluster))?:\/\//.exec(text) ?? [];
  if (!scheme) return { fault: `must be one of ${Object.values(forms).join(' | ')} (rediss… with TLS)` };
  const kind = many === 'sentinel' || many === 'cluster' ? many : 'single';
  const target = kind === 'single' ? readSingle(text) : readMany(kind, text, scheme === 'rediss');
  return target ? { target } : { fault: `must have the form ${forms[kind]} (rediss… with TLS)` };
}

function readSingle(url: string): RedisTarget | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, pathname } = new URL(url);
  return hostname && /^(\/\d*)?$/.test(pathname) ? { kind: 'single', url } : undefined;
}

function readMany(kind: 'sentinel' | 'cluster', text: string, tls: boolean): RedisTarget | undefined {
  const [, user, hosts = '', path = '', query = ''] =
    /^[^:]+:\/\/(?:([^@/]*)@)?([^@/?]+)\/?([^?]*)(?:\?(.*))?$/.exec(text) ?? [];
  const nodes = hosts.split(',').map((node) => readNode(node.trim(), usualPort[kind]));
  const login = readLogin(user);
  if (!nodes.every((node) => node !== undefined) || !login) return undefined;
  if (kind === 'cluster') return path === '' && query === '' ? { kind, nodes, ...login, tls } : undefined;
  const [, master, db = '0'] = /^([\w.-]+)(?:\/(\d+))?$/.exec(path) ?? [];
  if (!master) return undefined;
  return { kind, nodes, master, db: Number(db), ...login, tls, ...readSentinelLogin(query) };
}

function readSentinelLogin(query: string): { sentinelPassword?: string } {
  const sentinelPassword = new URLSearchParams(query).get('sentinelPassword');
  return sentinelPassword ? { sentinelPassword } : {};
}

function readNode(text: string, usual: number): RedisNode | undefined {
  const [, bracketed, plain, port = String(usual)] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host && Number(port) > 0 && Number(port) < 65_536 ? { host, port: Number(port) } : undefined;
}

function readLogin(text: string | undefined): Omit<Login, 'tls'> | undefined {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/.exec(text ?? '') ?? [];
  try {
    return {
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
    };
  } catch {
    return undefined;
  }
}
