import type { FastifyInstance } from 'fastify';

/** Knows which methods a path takes, so that a wrong method is told from a wrong path. */
export class MethodTable {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** Watches the routes as they are added; call it before the first one. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      const entry = this.#routes.get(url) ?? { pattern: toPattern(url), methods: new Set<string>() };
      for (const name of [method].flat()) entry.methods.add(name);
      this.#routes.set(url, entry);
    });
  }

  /** The methods of a path (without its query), sorted; empty when the path is unknown. */
  of(path: string): string[] {
    const found = [...this.#routes.values()].filter((route) => route.pattern.test(path));
    return [...new Set(found.flatMap((route) => [...route.methods]))].sort();
  }
}

function toPattern(url: string): RegExp {
  const steps = url.split('/').map((step) => {
    if (step === '*') return '.*';
    return step.startsWith(':') ? '[^/]+' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${steps.join('/')}$`);
}
