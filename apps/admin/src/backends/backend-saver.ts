import { adapterOf, allAdapters } from '#backends/registry';
import { faultsOf, HouseError, type Backend, type Fault, type JsonValue } from '#contract';
import { SEALER, type Definitions, type Editor, type PutResult, type Sealer, type StoredBook } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { DEFINITIONS } from '../rule-book/definitions.provider.ts';
import { admitSettings, type Admitted } from './secrets.ts';

/** How often a save is tried when somebody changes the same secret at the same moment. */
const mostTries = 3;

/** A secret that this save wanted to keep was changed by somebody else meanwhile. */
class SecretMoved extends Error {}

/** Saves backends: checks the settings against the manifest, seals the secrets, keeps those that were sent back masked. */
@Injectable()
export class BackendSaver {
  readonly #definitions: Definitions;
  readonly #sealer: Sealer;

  constructor(@Inject(DEFINITIONS) definitions: Definitions, @Inject(SEALER) sealer: Sealer) {
    this.#definitions = definitions;
    this.#sealer = sealer;
  }

  /** Creates or replaces a backend. Throws DEFINITION_INVALID with every fault of the settings, and PRECONDITION_FAILED. */
  async save(slug: string, wanted: Backend, by: string | Editor): Promise<PutResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#trySave(slug, wanted, by);
      } catch (error) {
        if (!(error instanceof SecretMoved)) throw error;
        if (attempt >= mostTries)
          throw new HouseError('STATE_CONFLICT', { detail: 'Others keep changing this backend.', cause: error });
      }
    }
  }

  async #trySave(slug: string, wanted: Backend, by: string | Editor): Promise<PutResult> {
    const stored = (await this.#definitions.get('backend', slug))?.body as Backend | undefined;
    const { admitted, faults } = admit(wanted, stored, this.#sealer);
    if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
    const body = { ...wanted, settings: admitted.sealed } as JsonValue;
    return this.#definitions.put('backend', slug, body, by, (book) => keptStill(book, slug, admitted.kept));
  }
}

/** The stored secrets were read before the change was locked; under the lock they must be the same still. */
function keptStill(book: StoredBook, slug: string, kept: Record<string, JsonValue>): Fault[] {
  const present = book.backends.get(slug)?.settings ?? {};
  for (const [field, sealed] of Object.entries(kept)) {
    if (!isDeepStrictEqual(present[field], sealed)) throw new SecretMoved();
  }
  return [];
}

function admit(wanted: Backend, stored: Backend | undefined, sealer: Sealer): { admitted: Admitted; faults: Fault[] } {
  const manifest = adapterOf(wanted.type)?.manifest;
  if (!manifest) {
    const types = allAdapters().map((adapter) => `\`${adapter.manifest.type}\``);
    const faults = [{ pointer: '/type', detail: `is not a backend type; known are ${types.join(', ')}` }];
    return { admitted: { opened: {}, sealed: {}, faults: [], kept: {} }, faults };
  }
  const admitted = admitSettings(manifest, wanted.settings, stored, sealer);
  if (admitted.faults.length > 0) return { admitted, faults: admitted.faults };
  const parsed = manifest.settings.safeParse(admitted.opened);
  return { admitted, faults: parsed.success ? [] : faultsOf(parsed.error.issues, '/settings') };
}
