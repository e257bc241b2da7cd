/** What Prometheus reads: every metric of the house, declared in one file, with labels that cannot grow without bound. */
export * from './metrics.ts';
