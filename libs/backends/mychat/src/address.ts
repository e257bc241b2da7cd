import type { AddressKind } from '#contract';

const roomForm = /^(?:uid:)?([1-9]\d{0,9})$/i;

/** The UID of a conference, from `12` or `uid:12`; `undefined` for anything else. */
export function roomUid(to: string): number | undefined {
  const digits = roomForm.exec(to.trim())?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Says why `to` cannot be reached on MyChat; `undefined` when it can. */
export function refuseAddress(to: string, toKind: AddressKind): string | undefined {
  if (toKind === 'room') {
    return roomUid(to) === undefined ? 'must be the UID of a conference, such as 12 or uid:12' : undefined;
  }
  const trimmed = to.trim();
  if (trimmed === '' || /\p{Cc}/u.test(to)) return 'must be a UIN, an e-mail address, a nick or domain\\login';
  // UIN 0 is the robot that sends; the server refuses to let it write to itself (error 17).
  return /^0+$/.test(trimmed) ? 'must not be UIN 0, which is the robot of the server' : undefined;
}
