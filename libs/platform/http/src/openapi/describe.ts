import type { ErrorCode } from '#contract';
import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';

/** One kind of answer of an operation. */
export interface AnswerDescription {
  status: number;
  description: string;
  /** Absent: the answer has no body. */
  schema?: z.ZodType;
  example?: unknown;
  /** Absent: `application/json`. */
  contentType?: string;
}

/** One form that a request body may take. */
export interface BodyForm {
  schema: z.ZodType;
  /** Name → example. */
  examples: Record<string, unknown>;
}

/** What the document says of an operation beyond what its signature tells. */
export interface Description {
  summary: string;
  description?: string;
  ok: AnswerDescription;
  /** Other answers that are no problems, e.g. 201 beside 200. */
  also?: readonly AnswerDescription[];
  /** Codes that this operation may refuse with; those of access, of validation and of bodies are added by themselves. */
  errors?: readonly ErrorCode[];
  /** Example of the request body. Absent: the example of its schema. */
  bodyExample?: unknown;
  /** Request body by content type, where `@Body({ schema })` cannot tell it. */
  bodies?: Record<string, BodyForm>;
  /** Headers that the operation reads: name → description. */
  headers?: Record<string, string>;
}

/** Extension under which an operation carries the number of its description until the document is built. */
export const descriptionMark = 'x-description';

const descriptions: Description[] = [];

/** The description with this number. */
export function descriptionAt(index: number): Description | undefined {
  return descriptions[index];
}

/** The answers whose example does not fit their schema, as sentences; there should be none. */
export function misfitExamples(): string[] {
  return descriptions.flatMap(({ summary, ok, also = [] }) =>
    [ok, ...also].flatMap(({ status, schema, example }) => {
      if (!schema) return [];
      const parsed = schema.safeParse(example === undefined ? undefined : JSON.parse(JSON.stringify(example)));
      return parsed.success ? [] : [`${summary}, ${status}: ${parsed.error.message}`];
    }),
  );
}

/** Describes an operation: summary, answers with examples, and the errors it may refuse with. */
export function Describe(description: Description): MethodDecorator {
  const index = descriptions.push(description) - 1;
  const { summary, description: text } = description;
  return applyDecorators(
    ApiOperation({ summary, ...(text ? { description: text } : {}) }),
    ApiExtension(descriptionMark, index),
  );
}
