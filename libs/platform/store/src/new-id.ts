/** Makes ids: UUIDv7, rising within a process, so that they sort by the time they were made. */
import { randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';

/** Random numbers are drawn by the thousand: asking the system for each costs more than all the rest of an id. */
const drawn = new Uint32Array(1024);
let next = drawn.length;

const generator = new V7Generator({
  nextUint32: () => {
    if (next === drawn.length) {
      randomFillSync(drawn);
      next = 0;
    }
    return drawn[next++]!;
  },
});

/** A new id. */
export function newId(): string {
  return generator.generate().toString();
}
