/** Builds the API document: paths from Nest, shapes from zod, answers and refusals from `@Describe` and the catalogue. */
import { problem } from '#contract';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { z } from 'zod';
import { accessMark } from '../access.ts';
import { packageVersion } from '../version.ts';
import { descriptionAt, descriptionMark, type AnswerDescription, type BodyForm, type Description } from './describe.ts';
import { codesOf, refusalAnswers, refusalExamples } from './errors.ts';
import { convertSchema, type SchemaData } from './schemas.ts';
import { sections } from './section.ts';

const about = `Producers hand **events** to Vestnik; **rules** decide which **recipients** hear of them; couriers deliver to the chat
systems a company already runs, keep what cannot be delivered yet, and lose nothing.

Send \`Authorization: Bearer <key>\` with every call. Refusals are \`application/problem+json\` (RFC 9457) with a stable \`code\`.
Lists answer a page and a cursor, never a total.`;

interface Media {
  schema?: SchemaData;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Parameter {
  name: string;
  in: string;
  description?: string;
  schema?: SchemaData;
  required?: boolean;
}

interface Operation {
  summary?: string;
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, object>;
  security?: object[];
  [extension: `x-${string}`]: unknown;
}

type Components = Record<string, SchemaData>;

/** Builds the document of an application, which need not listen nor reach a database. Throws for an operation without `@Describe`. */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, header(), {
    operationIdFactory: (controller, method) =>
      `${controller[0]!.toLowerCase()}${controller.slice(1).replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema) => {
      const components: Components = {};
      return { schema: convertSchema(schema as z.ZodType, components), components };
    },
  });
  const components = (document.components ??= {}) as { schemas?: Components; examples?: object };
  const schemas = (components.schemas ??= {});
  convertSchema(problem, schemas);
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item as Record<string, Operation>)) {
      finish(operation, schemas, `${method.toUpperCase()} ${path}`);
    }
  }
  components.schemas = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  document.paths = inSections(document.paths);
  components.examples = refusalExamples();
  return document;
}

const methodOrder = ['get', 'post', 'put', 'patch', 'delete'];

/** Sorts paths by section and then by name, so that the document does not depend on the order of the modules. */
function inSections(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const order = Object.keys(sections);
  const place = (item: object): number =>
    order.indexOf((Object.values(item)[0] as { tags?: string[] }).tags?.[0] ?? '');
  const sorted = Object.entries(paths).sort(([a, one], [b, other]) => place(one) - place(other) || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([path, item]) => [path, inMethods(item)]));
}

function inMethods(item: object): object {
  return Object.fromEntries(Object.entries(item).sort(([a], [b]) => methodOrder.indexOf(a) - methodOrder.indexOf(b)));
}

function header(): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('Vestnik')
    .setDescription(about)
    .setVersion(packageVersion())
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .addServer('/', 'This server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key.' }, 'key');
  for (const [name, text] of Object.entries(sections)) builder.addTag(name, text);
  return builder.build();
}

function finish(operation: Operation, schemas: Components, name: string): void {
  const description = descriptionAt(operation[descriptionMark] as number);
  if (!description) throw new Error(`${name} has no @Describe.`);
  const access = operation[accessMark];
  delete operation[descriptionMark];
  delete operation[accessMark];
  const guarded = access !== 'public';
  operation.security = guarded ? [{ key: [] }] : [];
  if (guarded) operation['x-scope'] = access;
  finishParameters(operation, description);
  finishBody(operation, description, schemas);
  const parameters = operation.parameters ?? [];
  const codes = codesOf(description, {
    guarded,
    hasParameters: parameters.some((parameter) => parameter.in !== 'header'),
    hasCursor: parameters.some((parameter) => parameter.name === 'cursor'),
    hasBody: operation.requestBody !== undefined,
  });
  const good = [description.ok, ...(description.also ?? [])].map((answer) => [
    String(answer.status),
    answerOf(answer, schemas),
  ]);
  operation.responses = { ...refusalAnswers(codes), ...Object.fromEntries(good) };
}

function finishParameters(operation: Operation, description: Description): void {
  for (const parameter of operation.parameters ?? []) {
    const { description: text, ...schema } = parameter.schema ?? {};
    if (typeof text !== 'string') continue;
    parameter.description ??= text;
    parameter.schema = schema;
  }
  for (const [name, text] of Object.entries(description.headers ?? {})) {
    (operation.parameters ??= []).push({
      name,
      in: 'header',
      required: false,
      description: text,
      schema: { type: 'string' },
    });
  }
}

function finishBody(operation: Operation, description: Description, schemas: Components): void {
  if (description.bodies) {
    const content = Object.entries(description.bodies).map(([type, form]) => [type, mediaOf(form, schemas)]);
    operation.requestBody = { required: true, content: Object.fromEntries(content) as Record<string, Media> };
    return;
  }
  for (const media of Object.values(operation.requestBody?.content ?? {})) {
    const component = schemas[String(media.schema?.['$ref']).split('/').at(-1)!];
    const example = description.bodyExample ?? component?.['example'];
    if (example !== undefined) media.example = example;
  }
}

function mediaOf(form: BodyForm, schemas: Components): Media {
  const examples = Object.entries(form.examples).map(([name, value]) => [name, { value }]);
  return {
    schema: convertSchema(form.schema, schemas),
    examples: Object.fromEntries(examples) as Record<string, { value: unknown }>,
  };
}

function answerOf(answer: AnswerDescription, schemas: Components): object {
  if (!answer.schema) return { description: answer.description };
  const schema = convertSchema(answer.schema, schemas);
  const media = answer.example === undefined ? { schema } : { schema, example: answer.example };
  return { description: answer.description, content: { [answer.contentType ?? 'application/json']: media } };
}
