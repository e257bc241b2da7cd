/** A thin client of the API: what an integrator's curl would do. */

/** An answer with its parsed body. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** Calls one server with one key. */
export class Client {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  /** The same server with another key. */
  withKey(key: string): Client {
    return new Client(this.url, key);
  }

  /** Sends a request as it is; `body` is a text or is sent as JSON. */
  async call<T = Record<string, never>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const payload = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...payload,
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  /** Reads something that must be there. */
  async get<T>(path: string): Promise<T> {
    const answer = await this.call<T>('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Creates or replaces something; throws when it is refused. */
  async put(path: string, body: unknown): Promise<void> {
    const answer = await this.call('PUT', path, body);
    if (answer.status !== 200 && answer.status !== 201)
      throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Sends one event; throws when it is refused. Answers its id. */
  async send(event: Record<string, unknown>): Promise<string> {
    const answer = await this.call<{ id: string }>('POST', '/v1/events', event);
    if (answer.status !== 202) throw new Error(`POST /v1/events: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }
}
