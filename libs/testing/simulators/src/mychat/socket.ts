/** The raw socket of the simulator: hello in both generations, then one frame, byte by byte as the vendor describes it. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Script } from '../script.ts';
import { answerTo, readQuestion } from './wire.ts';
import type { World } from './world.ts';

/** Magic, packet id and flags; then come four hex digits of the command, and the JSON. */
const framePrefix = '\x17\x06007730';

/** Makes the TCP server. */
export function socketServer(world: World, script: Script): Server {
  return createServer((socket) => new Conversation(socket, world, script));
}

class Conversation {
  private held = '';
  private stage: 'hello' | 'secured' | 'frame' | 'over' = 'hello';

  constructor(
    private readonly socket: Socket,
    private readonly world: World,
    private readonly script: Script,
  ) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.read(chunk));
    // Field clients hang up without reading the answer; that is no fault of theirs.
    socket.on('error', () => socket.destroy());
  }

  private read(chunk: string): void {
    this.held += chunk;
    for (let end = this.held.indexOf('\r\n'); end >= 0 && this.stage !== 'over'; end = this.held.indexOf('\r\n')) {
      const line = this.held.slice(0, end);
      this.held = this.held.slice(end + 2);
      // Field clients send blank lines between the hello and the frame.
      if (line !== '') this.take(line);
    }
  }

  private take(line: string): void {
    if (this.stage === 'hello') this.takeHello(line);
    else if (this.stage === 'secured') this.greet();
    else this.takeFrame(line);
  }

  private takeHello(line: string): void {
    if (!/^mc\d/.test(line)) return this.hangUp();
    if (/^mc20\d\d/.test(line)) this.stage = 'secured';
    else this.greet();
  }

  private greet(): void {
    this.stage = 'frame';
    if (!this.world.quirks.noHello) this.socket.write('sc_hello\r\n');
  }

  private takeFrame(line: string): void {
    const command = line.slice(framePrefix.length, framePrefix.length + 4).toUpperCase();
    if (!line.startsWith(framePrefix) || !/^[0-9A-F]{4}$/.test(command)) return this.hangUp();
    this.stage = 'over';
    const json = line.slice(framePrefix.length + 4);
    const behaviour = this.script.take();
    if (behaviour.kind === 'hang') return;
    if (behaviour.kind === 'reset') return this.hangUp();
    if (behaviour.kind === 'garbage') return void this.socket.end(`<html>${json}</html>\r\n`, 'latin1');
    const question = readQuestion(Buffer.from(json, 'latin1'), ['windows-1251']);
    const answer = answerTo(command, question, behaviour, this.world);
    const { framedAnswers, answerDelayMs } = this.world.quirks;
    const prefix = framedAnswers ? Buffer.from(framePrefix + command, 'latin1') : Buffer.alloc(0);
    const reply = () => this.socket.end(Buffer.concat([prefix, answer, Buffer.from('\r\n')]));
    if (answerDelayMs > 0) setTimeout(reply, answerDelayMs);
    else reply();
  }

  private hangUp(): void {
    this.stage = 'over';
    this.socket.destroy();
  }
}
