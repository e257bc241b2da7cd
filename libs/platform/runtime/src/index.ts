/** The life of a process: open what every app needs, serve, and stop in an order that loses nothing. */
export * from './runtime.ts';
export * from './run-app.ts';
export * from './rounds.ts';
