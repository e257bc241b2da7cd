import { backend } from '#contract';
import { maskSealed, type StoredDefinition } from '#platform/store';
import { toView, viewOf, type DefinitionView } from '../rule-book/views.ts';

/** A backend as the API shows it. */
export const backendView = viewOf(backend, 'BackendView', 'consumer');

/** Writes a stored backend the way the API shows it: secrets masked. */
export function toBackendView(stored: StoredDefinition): DefinitionView {
  return toView({ ...stored, body: maskSealed(stored.body) });
}
