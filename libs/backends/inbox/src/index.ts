/** The backend type `inbox`: messages stay inside Vestnik and are read over its own API. */
import { defineAdapter } from '#backends/kit';
import { manifest } from './manifest.ts';
import { refuseAddress, send } from './send.ts';

/** The adapter of the backend type `inbox`. */
export const adapter = defineAdapter({ manifest, send, refuseAddress });
