/** The guarded way out: HTTP and TCP that check every target address, reuse connections and never throw. */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { connect as tcpConnect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Agent } from 'undici';
import { exchange, type HttpAnswer, type HttpRequest, type HttpTarget } from './exchange.ts';
import { describeFailure, timeUp, type NetworkFailure } from './failures.ts';
import type { TargetGuard } from './targets.ts';

/** A result that is either a value or a failure; adapters turn the latter into an outcome with `fromNetworkFailure`. */
export type Attempted<T> = { ok: true; value: T } | { ok: false; failure: NetworkFailure };

/** Where to open a socket. */
export interface TcpTarget {
  host: string;
  port: number;
  tls?: boolean;
  acceptAnyCertificate?: boolean;
  signal: AbortSignal;
}

/** The guarded way out. */
export interface Network {
  http(request: HttpRequest): Promise<Attempted<HttpAnswer>>;
  tcp(target: TcpTarget): Promise<Attempted<Socket>>;
  /** Closes idle connections. */
  close(): Promise<void>;
}

class ForbiddenTarget extends Error {
  readonly code = 'FORBIDDEN_TARGET';
}

/** Largest body of an answer that is read, in bytes; of a larger one the status is kept and the body dropped as `tooLarge`. */
const answerBytes = 64 * 1024;

/** Makes a network whose every connection passes the guard, also after DNS (so that a name cannot be rebound). */
export function createNetwork(guard: TargetGuard): Network {
  const lookup = guardedLookup(guard);
  const read = targetReader(guard);
  const agents = [true, false].map(
    (rejectUnauthorized) =>
      new Agent({ connect: { lookup, rejectUnauthorized, timeout: 10_000 }, maxResponseSize: answerBytes }),
  ) as [Agent, Agent];
  return {
    http: (request) =>
      attempt(request.signal, async () =>
        exchange(request, request.acceptAnyCertificate ? agents[1] : agents[0], read(request.url)),
      ),
    tcp: (target) => attempt(target.signal, () => openSocket(target, lookup, guard)),
    close: async () => {
      await Promise.all(agents.map((agent) => agent.close()));
    },
  };
}

/** Takes a URL apart, and refuses one whose host is a literal address that the guard forbids. */
type TargetReader = (url: string) => HttpTarget;

/** URLs that are remembered at most: a backend has few, and asks for the same one again and again. */
const mostTargets = 500;

function targetReader(guard: TargetGuard): TargetReader {
  const known = new Map<string, HttpTarget>();
  return (text) => {
    const found = known.get(text);
    if (found) return found;
    const url = new URL(text);
    refuseLiteral(url.hostname, guard);
    const target = { origin: url.origin, path: url.pathname + url.search };
    if (known.size >= mostTargets) known.clear();
    known.set(text, target);
    return target;
  };
}

function openSocket(target: TcpTarget, lookup: LookupFunction, guard: TargetGuard): Promise<Socket> {
  refuseLiteral(target.host, guard);
  const { host, port, signal } = target;
  return new Promise((resolve, reject) => {
    const socket = target.tls
      ? tlsConnect({
          host,
          port,
          lookup,
          rejectUnauthorized: !target.acceptAnyCertificate,
          ...(isIP(host) ? {} : { servername: host }),
        })
      : tcpConnect({ host, port, lookup });
    const onAbort = () => socket.destroy(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', onAbort));
    socket.on('error', reject);
    // The listener above stays: it does nothing once the promise is settled, and keeps an error that nobody awaits
    // from ending the process.
    socket.on(target.tls ? 'secureConnect' : 'connect', () => resolve(socket));
  });
}

/** A literal skips DNS and so the guarded lookup; `new URL` has already folded `0x7f.1` and the like to dotted form. */
function refuseLiteral(hostname: string, guard: TargetGuard): void {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (!isIP(bare)) return;
  const refusal = guard(bare);
  if (refusal) throw new ForbiddenTarget(refusal);
}

function guardedLookup(guard: TargetGuard): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = found as LookupAddress[];
      const refusal = addresses.map((entry) => guard(entry.address)).find((reason) => reason !== undefined);
      if (refusal) return callback(new ForbiddenTarget(`${hostname}: ${refusal}`), []);
      if (options.all) return callback(null, addresses);
      const first = addresses[0]!;
      callback(null, first.address, first.family);
    });
  };
}

async function attempt<T>(signal: AbortSignal, run: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    return { ok: false, failure: signal.aborted ? timeUp : describeFailure(error) };
  }
}
