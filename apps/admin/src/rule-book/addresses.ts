import type { AddressKind, Fault, NotifyStep, Recipient, Rule } from '#contract';
import { adapterOf } from '#backends/registry';
import { hasLiquid, readTarget } from '#domain/rules';
import type { StoredBook } from '#platform/store';

/** The addresses of a recipient that their backends would refuse. Unknown backends are not its business. */
export function refusedAddresses(recipient: Recipient, book: StoredBook): Fault[] {
  return recipient.addresses.flatMap(({ backend, to }, index) => {
    const refusal = refuse(book, backend, to, 'person');
    return refusal ? [{ pointer: `/addresses/${index}/to`, detail: refusal }] : [];
  });
}

/** The rooms of a rule that their backends would refuse. */
export function refusedRooms({ notify, otherwise }: Pick<Rule, 'notify' | 'otherwise'>, book: StoredBook): Fault[] {
  return [...refusedInSteps(notify, '/notify', book), ...refusedInSteps(otherwise ?? [], '/otherwise', book)];
}

/** The rooms of notify steps that their backends would refuse. `pointer` is the list of the steps. */
export function refusedInSteps(steps: readonly NotifyStep[], pointer: string, book: StoredBook): Fault[] {
  return steps.flatMap((step, index) =>
    step.to.flatMap((text, place) => {
      const target = hasLiquid(text) ? text : readTarget(text);
      const isRoom = typeof target !== 'string' && target.kind === 'room';
      const refusal = isRoom ? refuse(book, target.backend, target.to, 'room') : undefined;
      return refusal ? [{ pointer: `${pointer}/${index}/to/${place}`, detail: refusal }] : [];
    }),
  );
}

function refuse(book: StoredBook, backend: string, to: string, kind: AddressKind): string | undefined {
  const type = book.backends.get(backend)?.type;
  const adapter = type === undefined ? undefined : adapterOf(type);
  if (!adapter) return undefined;
  if (!adapter.manifest.abilities.includes(kind)) return `a backend of type \`${type}\` cannot reach a ${kind}`;
  return adapter.refuseAddress?.(to, kind);
}
