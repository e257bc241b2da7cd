/** One HTTP exchange. Answers are small and wanted whole, so they are gathered as they come, without a stream in between. */
import type { Dispatcher } from 'undici';
import { describeFailure, timeUp, type NetworkFailure } from './failures.ts';

/** An HTTP exchange that came back with a status. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Body as UTF-8. */
  text: string;
  /** Body as it came, for the backends that may answer in another encoding. */
  bytes: Buffer;
  /** Why the body is missing, when the status came and the body did not: the status alone is then the verdict. */
  bodyFailure?: NetworkFailure;
}

/** A request of an adapter. Redirects are never followed. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal: AbortSignal;
  /** Whether to accept a certificate that no known authority signed. */
  acceptAnyCertificate?: boolean;
}

/** Where a request goes, once its URL was taken apart and let through. */
export interface HttpTarget {
  origin: string;
  path: string;
}

/** Sends a request and gathers its answer. Rejects when no status came. */
export function exchange(request: HttpRequest, dispatcher: Dispatcher, target: HttpTarget): Promise<HttpAnswer> {
  const { method, headers, body, signal } = request;
  const options = { ...target, method, headers: headers ?? null, body: body ?? null };
  return new Promise((resolve, reject) => {
    const gathering = new Gathering(signal, resolve, reject);
    if (!signal.aborted) dispatcher.dispatch(options, gathering);
  });
}

/** Gathers one answer. A promise takes only its first verdict, so whatever comes after the end does no harm. */
class Gathering implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: HttpAnswer['headers'] = {};

  constructor(signal: AbortSignal, resolve: (answer: HttpAnswer) => void, reject: (error: unknown) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(abortedBy(this.#signal));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [only] = this.#chunks;
    this.#answer(this.#chunks.length === 1 ? only! : Buffer.concat(this.#chunks));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = this.#signal.aborted ? timeUp : describeFailure(error);
    if (this.#status > 0) this.#answer(Buffer.alloc(0), failure);
    else this.#fail(error);
  }

  /** Also ends the wait for a connection that is not there yet. */
  readonly #onAbort = (): void => {
    const reason = abortedBy(this.#signal);
    this.#controller?.abort(reason);
    if (this.#status === 0) this.#fail(reason);
  };

  #answer(bytes: Buffer, bodyFailure?: NetworkFailure): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    const answer = { status: this.#status, headers: this.#headers, text: bytes.toString('utf8'), bytes };
    this.#resolve(bodyFailure ? { ...answer, bodyFailure } : answer);
  }

  #fail(error: unknown): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#reject(error);
  }
}

function abortedBy(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}
