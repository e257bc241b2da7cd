import { describeFailure, fromNetworkFailure, retryable, type SendContext } from '#backends/kit';
import type { Outcome } from '#contract';
import type { Socket } from 'node:net';
import { frameOf, type Command } from './command.ts';
import type { Settings } from './manifest.ts';
import type { Reply } from './reply.ts';

/** Longest line that is read, in bytes. */
const lineBytes = 64 * 1024;

/** Sends a command over a connection of its own, as every published client does: hello, frame, answer, close. */
export async function overSocket(command: Command, settings: Settings, ctx: SendContext): Promise<Reply> {
  const { host = '', port } = settings;
  const opened = await ctx.network.tcp({ host, port, signal: ctx.signal });
  if (!opened.ok) return { outcome: fromNetworkFailure(opened.failure) };
  const lines = new LineReader(opened.value);
  try {
    return await converse(lines, command, settings.hello, ctx.signal);
  } finally {
    opened.value.destroy();
  }
}

async function converse(lines: LineReader, command: Command, hello: string, signal: AbortSignal): Promise<Reply> {
  lines.socket.write(helloLines(hello));
  const greeting = await lines.next();
  if (!greeting)
    return { outcome: silence(lines, signal, 'no_hello', 'the server did not greet; is this its port 2004?') };
  lines.socket.write(frameOf(command));
  const answer = await lines.next();
  // From here on the server may have taken the message, and nothing can tell: a retry may send it twice.
  if (!answer) return { outcome: silence(lines, signal, 'no_answer', 'the connection was closed without an answer') };
  return { bytes: answer };
}

/** Servers since 2023 expect a second line of greeting. */
function helloLines(hello: string): string {
  return hello.startsWith('mc5.') ? `${hello}\r\n` : `${hello}\r\n{"Secured":""}\r\n`;
}

function silence(lines: LineReader, signal: AbortSignal, reason: string, detail: string): Outcome {
  if (signal.aborted) return retryable('timeout', `no answer in time (${reason})`);
  const failure = lines.error && describeFailure(lines.error);
  return retryable(reason, failure ? `${detail} (${failure.detail})` : detail);
}

/** Reads lines from a socket; an unfinished last line counts as one when the connection closes. */
class LineReader {
  error: Error | undefined;
  private held = Buffer.alloc(0);
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.held = Buffer.concat([this.held, chunk]);
      if (this.held.length > lineBytes) socket.destroy(new Error(`a line of more than ${lineBytes} bytes`));
      this.wake();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  /** The next line without its end, blank ones left out; `undefined` when the connection closed before it came. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const line = this.takeLine();
      if (line && line.length > 0) return line;
      if (line) continue;
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private takeLine(): Buffer | undefined {
    const end = this.held.indexOf('\n');
    if (end < 0 && !(this.closed && !this.error && this.held.length > 0)) return undefined;
    const line = end < 0 ? this.held : this.held.subarray(0, end);
    this.held = end < 0 ? Buffer.alloc(0) : this.held.subarray(end + 1);
    return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  }
}
