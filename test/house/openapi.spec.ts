/** The API document: complete, self-consistent, valid OpenAPI 3.0, and the same as the committed one. */
import { errorCatalogue } from '#contract';
import { describeModules, misfitExamples, openApiText } from '#platform/http';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { standaloneApp } from '../../apps/standalone/src/app.ts';

interface Media {
  schema?: object;
  example?: unknown;
  examples?: Record<string, { $ref?: string; value?: unknown }>;
}

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: { name: string; in: string; description?: string; schema?: object }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}

interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; examples: Record<string, object> };
}

const committed = new URL('../../docs/openapi.json', import.meta.url);
let document: Document;
let text: string;
let operations: [name: string, path: string, operation: Operation][];

beforeAll(async () => {
  const built = await describeModules(standaloneApp(false).modules);
  text = openApiText(built);
  document = JSON.parse(text) as Document;
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => [
      `${method} ${path}`,
      path,
      operation,
    ]),
  );
});

/** Names of the operations that do not hold to a rule. */
function breaking(rule: (operation: Operation, path: string) => boolean): string[] {
  return operations.filter(([, path, operation]) => !rule(operation, path)).map(([name]) => name);
}

function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe('the committed API document', () => {
  it('is the one that the modules make (`npm run openapi` writes it)', () => {
    expect(JSON.parse(readFileSync(committed, 'utf8'))).toEqual(document);
    expect(readFileSync(committed, 'utf8')).toBe(text);
  });

  it('covers every surface of the house', () => {
    const nouns = ['rules', 'recipients', 'groups', 'backends', 'templates', 'schedules'];
    const crud = nouns.flatMap((noun) => [
      `get /v1/${noun}`,
      ...['get', 'put', 'delete'].map((method) => `${method} /v1/${noun}/{slug}`),
    ]);
    const others = [
      'post /v1/events',
      'get /v1/events',
      'get /v1/events/{id}',
      'post /v1/events/{id}/replay',
      'get /v1/deliveries',
      'get /v1/deliveries/{id}',
      'post /v1/deliveries/redrive',
      'post /v1/rules/explain',
      'get /v1/revisions',
      'post /v1/revisions/{number}/restore',
      'post /v1/drafts',
      'put /v1/drafts/{id}/rules/{slug}',
      'post /v1/drafts/{id}/publish',
      'get /v1/rule-book',
      'put /v1/rule-book',
      'put /v1/rule-book/settings',
      'get /v1/backend-types',
      'post /v1/backends/{slug}/test',
      'get /v1/api-keys',
      'get /v1/audit',
      'get /health/live',
      'get /health/ready',
      'get /metrics',
    ];
    expect(operations.map(([name]) => name)).toEqual(expect.arrayContaining([...crud, ...others]));
  });
});

describe('every operation', () => {
  it('has a summary, a known section and an id of its own', () => {
    const known = document.tags.map((tag) => tag.name);
    expect(breaking(({ summary, tags }) => Boolean(summary) && tags?.length === 1 && known.includes(tags[0]!))).toEqual(
      [],
    );
    const ids = operations.map(([, , operation]) => operation.operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('has an example in its request body and in every success answer that has a body', () => {
    const shown = (media: Media) =>
      media.example !== undefined || Object.values(media.examples ?? {}).some((example) => example.value !== undefined);
    const bodies = ({ requestBody }: Operation) => Object.values(requestBody?.content ?? {});
    const answers = ({ responses }: Operation) =>
      Object.entries(responses).flatMap(([status, answer]) =>
        status.startsWith('2') ? Object.values(answer.content ?? {}) : [],
      );
    expect(breaking((operation) => [...bodies(operation), ...answers(operation)].every(shown))).toEqual([]);
    expect(breaking(({ responses }) => Object.keys(responses).some((status) => status.startsWith('2')))).toEqual([]);
  });

  it('shows answers that fit their own schema', () => {
    expect(misfitExamples()).toEqual([]);
  });

  it('lists its refusals by code: those of access where a key is needed, those of the body where there is one', () => {
    const needed = ({ security, requestBody, parameters }: Operation) => [
      'INTERNAL',
      ...(security?.length ? ['KEY_MISSING', 'KEY_UNKNOWN', 'SCOPE_MISSING', 'UNAVAILABLE'] : []),
      ...(requestBody ? ['BODY_NOT_JSON', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'REQUEST_INVALID'] : []),
      ...(parameters?.some(({ name }) => name === 'cursor') ? ['CURSOR_INVALID'] : []),
    ];
    expect(breaking((operation) => needed(operation).every((code) => codesOf(operation).includes(code)))).toEqual([]);
  });

  it('declares the parameters of its path, and no others there', () => {
    const inPath = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
    const declared = ({ parameters = [] }: Operation) =>
      parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name)
        .sort();
    expect(breaking((operation, path) => inPath(path).join() === declared(operation).join())).toEqual([]);
  });
});

function codesOf({ responses }: Operation): string[] {
  return Object.values(responses).flatMap(({ content = {} }) =>
    Object.keys(content['application/problem+json']?.examples ?? {}),
  );
}

describe('the error catalogue', () => {
  it('appears in the document code by code, each under its own status', () => {
    expect(Object.keys(document.components.examples).sort()).toEqual(Object.keys(errorCatalogue).sort());
    const misplaced = operations.flatMap(([name, , { responses }]) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.keys(content['application/problem+json']?.examples ?? {})
          .filter((code) => String(errorCatalogue[code as keyof typeof errorCatalogue].status) !== status)
          .map((code) => `${name} ${status} ${code}`),
      ),
    );
    expect(misplaced).toEqual([]);
  });

  it('has no code that no operation answers, but for those that belong to none', () => {
    const answered = new Set(operations.flatMap(([, , operation]) => codesOf(operation)));
    const silent = Object.keys(errorCatalogue).filter((code) => !answered.has(code));
    // A method that a path does not take is no operation.
    expect(silent).toEqual(['METHOD_NOT_ALLOWED']);
  });
});

describe('as OpenAPI 3.0', () => {
  it('resolves every reference', () => {
    const resolve = (pointer: string) =>
      pointer
        .slice(2)
        .split('/')
        .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], document);
    const lost = [...objectsIn(document)]
      .map((node) => node['$ref'])
      .filter((ref) => typeof ref === 'string' && (!ref.startsWith('#/') || resolve(ref) === undefined));
    expect(document.openapi).toMatch(/^3\.0\./);
    expect(lost).toEqual([]);
  });

  it('uses only the words that schemas have there, and nothing of zod', () => {
    const words = new Set(
      (
        '$ref type properties required additionalProperties description example allOf anyOf oneOf not items enum format pattern minimum maximum ' +
        'exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems uniqueItems minProperties maxProperties default ' +
        'nullable readOnly writeOnly title deprecated'
      ).split(' '),
    );
    const inOperations = operations.flatMap(([, , { parameters = [], requestBody, responses }]) => [
      ...parameters.map((parameter) => parameter.schema),
      ...Object.values(requestBody?.content ?? {}).map((media) => media.schema),
      ...Object.values(responses).flatMap(({ content = {} }) => Object.values(content).map((media) => media.schema)),
    ]);
    const foreign = [...Object.values(document.components.schemas), ...inOperations].flatMap((schema) =>
      wordsOf(schema).filter((word) => !words.has(word)),
    );
    expect(foreign).toEqual([]);
  });
});

/** Keywords of a schema and of all schemas inside it; names of properties, examples and defaults are data. */
function wordsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(wordsOf);
  return Object.entries(schema).flatMap(([word, value]) => {
    if (['example', 'default', 'enum', 'required'].includes(word)) return [word];
    return [word, ...(word === 'properties' ? Object.values(value as object).flatMap(wordsOf) : wordsOf(value))];
  });
}
