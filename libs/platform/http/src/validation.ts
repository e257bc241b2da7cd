import { faultsOf, HouseError, type Fault } from '#contract';
import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { z } from 'zod';

/** Most faults that one answer lists. */
const mostFaults = 100;

/**
 * Checks bodies, queries and path parameters against the zod schema in `@Body({ schema })` and its like. Throws
 * `REQUEST_INVALID` with all faults (at most 100); an absent body is `BODY_NOT_JSON`.
 */
export class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata;
    if (!schema || metadata.type === 'custom') return value;
    if (metadata.type === 'body' && (value === undefined || value === null)) {
      throw new HouseError('BODY_NOT_JSON', { detail: 'The body is empty.' });
    }
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value as T;
    throw invalid(faultsFor(result.issues as readonly z.core.$ZodIssue[], metadata));
  }
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
