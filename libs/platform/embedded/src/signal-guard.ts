import { StartError } from './start-error.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Sees to it that a signal does not end the process with the server still running: `stop` comes first, then the signal
 * takes its course. Holds back when the process listens to the signal itself, which means that it stops things in its own
 * order. Returns what takes the guard away.
 */
export function guardAgainstSignals(stop: () => Promise<void>): () => void {
  const unguard = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    const end = () => {
      unguard();
      process.kill(process.pid, signal);
    };
    stop().then(end, (error: unknown) => {
      // The start that failed has told of itself; what does not stop is known to whoever asked for the end.
      if (!(error instanceof StartError)) process.exitCode = 1;
      end();
    });
  };
  for (const signal of signals) process.on(signal, onSignal);
  return unguard;
}
