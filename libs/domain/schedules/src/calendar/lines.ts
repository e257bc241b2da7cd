/** The outer form of iCalendar (RFC 5545, 3.1 to 3.4): folded lines, properties with parameters, components. */
import type { Fault } from '#contract';

/** Characters of a file that is read at all. */
export const mostCharacters = 1_048_576;

/** One property: `DTSTART;TZID=Europe/Berlin:20261025T020000`. */
export interface Property {
  /** Upper case. */
  name: string;
  /** By name in upper case; the first value where there are several. */
  params: ReadonlyMap<string, string>;
  value: string;
  /** Line of the file where it begins, from 1. */
  line: number;
}

/** A component, such as an event. */
export interface Component {
  /** Upper case. */
  name: string;
  line: number;
  properties: Property[];
  components: Component[];
}

/** How deep components may stand in each other; calendars use three levels. */
const mostLevels = 8;

/** The top component, and what could not be read. `undefined`: the text is no calendar. */
export function readComponents(text: string): { calendar: Component | undefined; faults: Fault[] } {
  if (text.length > mostCharacters) {
    return {
      calendar: undefined,
      faults: [faultAt(1, `has more than ${mostCharacters} characters; export a shorter span`)],
    };
  }
  const faults: Fault[] = [];
  const root: Component = { name: '', line: 1, properties: [], components: [] };
  const open = [root];
  for (const { content, line } of unfold(text)) {
    const property = readProperty(content, line);
    if (!property) {
      faults.push(faultAt(line, 'is no property; write `NAME:value`'));
    } else if (property.name === 'BEGIN') {
      const component = { name: property.value.trim().toUpperCase(), line, properties: [], components: [] };
      if (open.length > mostLevels) return { calendar: undefined, faults: [faultAt(line, 'is nested too deeply')] };
      open.at(-1)!.components.push(component);
      open.push(component);
    } else if (property.name === 'END') {
      if (open.at(-1)!.name !== property.value.trim().toUpperCase() || open.length === 1) {
        faults.push(faultAt(line, `ends what is not open; ${open.at(-1)!.name || 'nothing'} is`));
      } else {
        open.pop();
      }
    } else {
      open.at(-1)!.properties.push(property);
    }
  }
  const calendar = root.components.find(({ name }) => name === 'VCALENDAR');
  if (!calendar)
    return { calendar, faults: [faultAt(1, 'is no calendar; send a file that begins with BEGIN:VCALENDAR')] };
  for (const { name, line } of open.slice(1))
    faults.push(faultAt(line, `${name} is not ended; the file may be cut short`));
  return { calendar, faults };
}

/** A fault at a line of the file. */
export function faultAt(line: number, detail: string): Fault {
  return { pointer: `line ${line}`, detail };
}

/** The text of a value (RFC 5545, 3.3.11). */
export function textOf(value: string): string {
  return value.replace(/\\([\\;,nN])/g, (_, character: string) => (/n/i.test(character) ? '\n' : character));
}

function* unfold(text: string): Generator<{ content: string; line: number }> {
  let content: string[] = [];
  let begin = 1;
  let number = 0;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    number++;
    if (/^[ \t]/.test(line)) {
      content.push(line.slice(1));
      continue;
    }
    if (content.length > 0) yield { content: content.join(''), line: begin };
    content = line === '' ? [] : [line];
    begin = number;
  }
  if (content.length > 0) yield { content: content.join(''), line: begin };
}

function readProperty(content: string, line: number): Property | undefined {
  const name = /^[A-Za-z0-9-]+/.exec(content)?.[0];
  if (name === undefined) return undefined;
  const params = new Map<string, string>();
  // One parameter after the other, each anchored where the one before it ended, so the time is linear.
  const param = /;([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)((?:,(?:"[^"]*"|[^";:,]*))*)/y;
  let place = name.length;
  while (content[place] === ';') {
    param.lastIndex = place;
    const found = param.exec(content);
    if (!found) return undefined;
    const key = found[1]!.toUpperCase();
    if (!params.has(key)) params.set(key, paramText(found[2]!));
    place = param.lastIndex;
  }
  if (content[place] !== ':') return undefined;
  return { name: name.toUpperCase(), params, value: content.slice(place + 1), line };
}

/** A parameter without its quotes and carets (RFC 6868). */
function paramText(raw: string): string {
  const marks: Record<string, string> = { n: '\n', '^': '^', "'": '"' };
  return raw.replace(/^"|"$/g, '').replace(/\^([n^'])/g, (_, mark: string) => marks[mark]!);
}
