/**
 * Regular expressions for `matches`, kept to a form that cannot take long: JavaScript's own engine goes back and tries
 * again, so what makes it do that many times over is refused when the rule is saved.
 */
import { whenBounds } from './bounds.ts';

const optionalParts = 3;

interface OpenGroup {
  /** Whether something inside can match in more than one way. */
  varies: boolean;
}

/** One reading of one expression, from left to right. */
class RegexReader {
  private readonly source: string;
  private at = 0;
  private repeats = 0;
  private optionals = 0;
  private closed: OpenGroup | undefined;
  private readonly open: OpenGroup[] = [];

  constructor(source: string) {
    this.source = source;
  }

  /** Answers a sentence of refusal, or `undefined` when the expression is harmless. */
  refusal(): string | undefined {
    while (this.at < this.source.length) {
      const refusal = this.step(this.source.charAt(this.at));
      if (refusal) return refusal;
    }
    if (this.repeats > whenBounds.regexRepeats)
      return `repeats (*, + or {n,m}) more than ${whenBounds.regexRepeats} times; use startsWith, endsWith, contains, or a pattern`;
    if (this.optionals > optionalParts)
      return `has more than ${optionalParts} optional parts (?); split the expression`;
    return undefined;
  }

  private step(char: string): string | undefined {
    const closed = this.closed;
    this.closed = undefined;
    if (char === '\\') return this.escape();
    if (char === '[') return this.characterClass();
    if (char === '(') return this.group();
    if (char === ')') this.closed = this.leave();
    else if (char === '|') this.vary();
    else if (char === '?') {
      this.optionals += 1;
      this.vary();
    } else if (char === '*' || char === '+' || char === '{') return this.repeat(char, closed);
    this.at += 1;
    return undefined;
  }

  private escape(): string | undefined {
    const next = this.source.charAt(this.at + 1);
    this.at += 2;
    return /[1-9k]/.test(next)
      ? 'must not refer back to a group (\\1); compare the fields themselves instead'
      : undefined;
  }

  private characterClass(): undefined {
    for (this.at += 1; this.at < this.source.length && this.source.charAt(this.at) !== ']'; this.at += 1) {
      if (this.source.charAt(this.at) === '\\') this.at += 1;
    }
    this.at += 1;
  }

  private group(): string | undefined {
    this.open.push({ varies: false });
    this.at += 1;
    if (this.source.charAt(this.at) !== '?') return undefined;
    if (!this.source.startsWith('?:', this.at))
      return 'must not look around; of the groups beginning with (? only (?: is allowed';
    this.at += 2;
    return undefined;
  }

  private leave(): OpenGroup | undefined {
    const group = this.open.pop();
    if (group?.varies) this.vary();
    return group;
  }

  private repeat(char: string, closed: OpenGroup | undefined): string | undefined {
    const counted = /^\{\d+(,\d*)?\}/.exec(this.source.slice(this.at));
    if (char === '{' && !counted) {
      this.at += 1;
      return undefined;
    }
    if (closed?.varies)
      return 'must not repeat a group that itself repeats or has alternatives; write [ab]+ in place of (a|b)+';
    if (char !== '{' || counted?.[1] !== undefined) {
      this.repeats += 1;
      this.vary();
    }
    this.at += counted && char === '{' ? counted[0].length : 1;
    // A question mark right after makes the repetition reluctant; it is not an optional part.
    if (this.source.charAt(this.at) === '?') this.at += 1;
    return undefined;
  }

  private vary(): void {
    const group = this.open[this.open.length - 1];
    if (group) group.varies = true;
  }
}

/** Answers why a regular expression cannot be used in `matches`, or `undefined` when it can. */
export function regexRefusal(source: string): string | undefined {
  if (source.length > whenBounds.regexChars)
    return `is longer than ${whenBounds.regexChars} characters, the most that a regular expression may have`;
  try {
    new RegExp(source, 'u');
  } catch (error) {
    return `is not a regular expression: ${(error as Error).message}`;
  }
  return new RegexReader(source).refusal();
}

const compiled = new Map<string, RegExp>();

/** Tells whether a text contains what the expression describes. Throws when the text is longer than the bound. */
export function boundedMatches(text: string, source: string): boolean {
  if (text.length > whenBounds.regexTextChars)
    throw new Error(
      `matches looks at texts of at most ${whenBounds.regexTextChars} characters, and this one has ${text.length}`,
    );
  let regex = compiled.get(source);
  if (!regex) {
    const refusal = regexRefusal(source);
    if (refusal) throw new Error(`The regular expression ${refusal}.`);
    if (compiled.size >= 10_000) compiled.clear();
    compiled.set(source, (regex = new RegExp(source, 'u')));
  }
  return regex.test(text);
}
