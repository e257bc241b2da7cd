/** Brings the fields of a definition into the order of the contract, so that its text changes only when it does. */
import type { JsonValue } from '#contract';
import { z } from 'zod';

/** Orders the fields of objects as the schema lists them; what it leaves open goes by the alphabet. */
export function inContractOrder(value: JsonValue, schema: unknown): JsonValue {
  const inner = unwrapped(schema);
  if (Array.isArray(value)) {
    const element = inner instanceof z.ZodArray ? inner.element : undefined;
    return value.map((item) => inContractOrder(item, element));
  }
  if (value === null || typeof value !== 'object') return value;
  const shape: Record<string, unknown> = inner instanceof z.ZodObject ? inner.shape : {};
  const rest = inner instanceof z.ZodRecord ? inner.valueType : undefined;
  const known = Object.keys(shape).filter((key) => Object.hasOwn(value, key));
  const others = Object.keys(value)
    .filter((key) => !Object.hasOwn(shape, key))
    .sort();
  return Object.fromEntries(
    [...known, ...others].map((key) => [key, inContractOrder(value[key]!, shape[key] ?? rest)]),
  );
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrapped(schema.unwrap()) : schema;
}
