/** The backend type `webhook`: one signed HTTP POST per message (Standard Webhooks 1.0.0). */
import { defineAdapter } from '#backends/kit';
import { manifest } from './manifest.ts';
import { send } from './send.ts';

/** The adapter of the backend type `webhook`. */
export const adapter = defineAdapter({ manifest, send });
