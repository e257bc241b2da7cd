import { faultsOf, HouseError, type Fault } from '#contract';
import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { z } from 'zod';

/**
 * Deepest nesting of a body that a schema is to check: far beyond what a definition may have, and far below what would exhaust
 * the stack of whoever walks through it by recursion, libraries included.
 */
const mostLevels = 100;

/** Most faults that one answer lists. */
const mostFaults = 100;

/**
 * Checks bodies, queries and path parameters against the zod schema in `@Body({ schema })` and its like. Throws
 * `REQUEST_INVALID` with all faults (at most 100), and for a body that is nested absurdly deeply; an absent body is
 * `BODY_NOT_JSON`.
 */
export class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata;
    if (!schema || metadata.type === 'custom') return value;
    if (metadata.type === 'body' && (value === undefined || value === null)) {
      throw new HouseError('BODY_NOT_JSON', { detail: 'The body is empty.' });
    }
    if (metadata.type === 'body' && isDeeperThan(value, mostLevels)) {
      throw new HouseError('REQUEST_INVALID', { detail: `The body is nested more than ${mostLevels} levels deep.` });
    }
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value as T;
    throw invalid(faultsFor(result.issues as readonly z.core.$ZodIssue[], metadata));
  }
}

/** Never goes deeper than that, whatever comes in. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((child) => isDeeperThan(child, levels - 1));
  for (const name in value) if (isDeeperThan((value as Record<string, unknown>)[name], levels - 1)) return true;
  return false;
}

/** The refusal of a request with these faults. */
export function invalid(faults: readonly Fault[]): HouseError {
  const more =
    faults.length > mostFaults
      ? { detail: `There are ${faults.length} faults; the first ${mostFaults} are listed.` }
      : {};
  return new HouseError('REQUEST_INVALID', { ...more, faults: faults.slice(0, mostFaults) });
}

function faultsFor(issues: readonly z.core.$ZodIssue[], { type, data }: ArgumentMetadata): Fault[] {
  const faults = faultsOf(issues, data ? `/${data}` : '');
  if (type === 'body') return faults;
  return faults.map(({ pointer, detail }) => ({ pointer: pointer.slice(1).replaceAll('/', '.'), detail }));
}
