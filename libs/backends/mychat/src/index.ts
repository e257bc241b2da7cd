/** The backend type `mychat`: MyChat Server over its Integration API, by REST or by raw socket. */
import { defineAdapter } from '#backends/kit';
import { refuseAddress } from './address.ts';
import { manifest } from './manifest.ts';
import { presence } from './presence.ts';
import { send } from './send.ts';

/** The adapter of the backend type `mychat`. */
export const adapter = defineAdapter({ manifest, send, refuseAddress, presence });
