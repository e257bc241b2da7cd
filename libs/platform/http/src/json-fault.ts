/** Finds where a text stops being JSON (RFC 8259); `JSON.parse` does not say so on every version of Node. */

const space = /[ \t\n\r]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- JSON forbids exactly these control characters in strings.
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

type Expectation = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' | 'nothing';

const words: Record<Expectation, string> = {
  value: 'a value',
  valueOrEnd: 'a value or `]`',
  key: 'a key in double quotes',
  keyOrEnd: 'a key in double quotes or `}`',
  colon: 'a colon',
  commaOrEnd: 'a comma or the closing bracket',
  nothing: 'nothing more',
};

/** Says where the first fault is and what was expected there; `undefined` when the text is JSON. */
export function findJsonFault(text: string): string | undefined {
  const scan = new Scan(text);
  while (scan.step());
  return scan.fault;
}

class Scan {
  fault: string | undefined;
  readonly #text: string;
  /** Closing brackets of what is open, outermost first. */
  readonly #open: ('}' | ']')[] = [];
  #at = 0;
  #expect: Expectation = 'value';

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads one token; answers false at the end or at a fault. */
  step(): boolean {
    this.#take(space);
    if (this.#at >= this.#text.length) return this.#end();
    const char = this.#text[this.#at]!;
    if (this.#closes(char)) return true;
    switch (this.#expect) {
      case 'value':
      case 'valueOrEnd':
        return this.#value(char);
      case 'key':
      case 'keyOrEnd':
        return this.#take(string) ? this.#go('colon') : this.#fail();
      case 'colon':
        return char === ':' ? this.#skip('value') : this.#fail();
      case 'commaOrEnd':
        return char === ',' ? this.#skip(this.#open.at(-1) === '}' ? 'key' : 'value') : this.#fail();
      default:
        return this.#fail();
    }
  }

  #value(char: string): boolean {
    if (char === '{') return this.#opens('}', 'keyOrEnd');
    if (char === '[') return this.#opens(']', 'valueOrEnd');
    return this.#take(char === '"' ? string : scalar) ? this.#afterValue() : this.#fail();
  }

  #opens(closing: '}' | ']', expect: Expectation): boolean {
    this.#open.push(closing);
    return this.#skip(expect);
  }

  #closes(char: string): boolean {
    const mayClose = ['commaOrEnd', 'keyOrEnd', 'valueOrEnd'].includes(this.#expect);
    if (!mayClose || char !== this.#open.at(-1)) return false;
    this.#open.pop();
    this.#at += 1;
    return this.#afterValue();
  }

  #afterValue(): true {
    return this.#go(this.#open.length > 0 ? 'commaOrEnd' : 'nothing');
  }

  #skip(expect: Expectation): true {
    this.#at += 1;
    return this.#go(expect);
  }

  #go(expect: Expectation): true {
    this.#expect = expect;
    return true;
  }

  #take(token: RegExp): boolean {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0];
    if (found === undefined) return false;
    this.#at += found.length;
    return true;
  }

  #end(): false {
    return this.#expect === 'nothing' ? false : this.#fail();
  }

  #fail(): false {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    const where = `Position ${this.#at} (line ${line}, column ${column})`;
    const found = this.#at >= this.#text.length ? 'the end' : `\`${[...this.#text.slice(this.#at, this.#at + 2)][0]}\``;
    this.fault = `${where}: expected ${words[this.#expect]}, found ${found}.`;
    return false;
  }
}
