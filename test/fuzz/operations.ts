/** What the API document says can be asked, as a ground for requests that are nearly right. */

/** One parameter of an operation. */
export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  example: string | undefined;
}

/** One call of the API. */
export interface Operation {
  /** Method and path as documented; the row of the table. */
  group: string;
  method: string;
  path: string;
  parameters: Parameter[];
  /** Good bodies with their content type; empty for a call without a body. */
  bodies: { type: string; value: unknown }[];
}

type Json = Record<string, unknown>;

const methods = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options']);

/** Reads every operation of an OpenAPI document. */
export function operationsOf(document: Json): Operation[] {
  return Object.entries(document['paths'] as Record<string, Json>).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.has(method))
      .map(([method, details]) => operationOf(document, path, method, details as Json)),
  );
}

function operationOf(document: Json, path: string, method: string, details: Json): Operation {
  const parameters = ((details['parameters'] ?? []) as Json[]).map((given): Parameter => {
    const found = resolved(document, given);
    const schema = resolved(document, (found['schema'] ?? {}) as Json);
    const example = found['example'] ?? schema['example'] ?? schema['default'] ?? (schema['enum'] as unknown[])?.[0];
    return {
      name: found['name'] as string,
      in: found['in'] as Parameter['in'],
      example: example === undefined ? undefined : String(example),
    };
  });
  const body = resolved(document, (details['requestBody'] ?? {}) as Json);
  const content = Object.entries((body['content'] ?? {}) as Record<string, Json>);
  return {
    group: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    parameters,
    bodies: content.flatMap(([type, media]) => examplesOf(document, media).map((value) => ({ type, value }))),
  };
}

function examplesOf(document: Json, media: Json): unknown[] {
  const named = Object.values((media['examples'] ?? {}) as Record<string, Json>).map(({ value }) => value);
  const own = media['example'] === undefined ? [] : [media['example']];
  if (named.length + own.length > 0) return [...own, ...named];
  const schema = resolved(document, (media['schema'] ?? {}) as Json);
  return [schema['example'] ?? {}];
}

function resolved(document: Json, given: Json): Json {
  const path = given['$ref'];
  if (typeof path !== 'string') return given;
  return path
    .slice(2)
    .split('/')
    .reduce<Json>((node, step) => node[step] as Json, document);
}
