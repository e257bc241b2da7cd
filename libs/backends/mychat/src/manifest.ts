import { hostName, httpUrl, tcpPort, type Manifest } from '#backends/kit';
import { z } from 'zod';

/** Text that travels in every command and must not break the line of a socket frame. */
const line = z
  .string()
  .min(1)
  .max(256)
  .regex(/^\P{Cc}+$/u, 'must be one line of text');

/** Settings of a MyChat server; which of them are needed depends on the transport. */
export const settings = z
  .strictObject({
    transport: z.enum(['rest', 'socket']).default('rest').meta({
      target: true,
      description: 'Way in: `rest` (its web service, preferred) or `socket` (TCP, when the web service is off).',
    }),
    url: httpUrl()
      .optional()
      .meta({ target: true, description: 'Base URL of the web service, such as http://chat.local; for `rest`.' }),
    acceptAnyCertificate: z.boolean().optional().meta({
      target: true,
      description: 'Accept a certificate that no known authority signed, as MyChat makes by default; for `rest`.',
    }),
    host: hostName()
      .optional()
      .meta({ target: true, description: 'Host name or IP address of the server; for `socket`.' }),
    port: tcpPort().default(2004).meta({ target: true, description: 'TCP port of the server; for `socket`.' }),
    hello: z.enum(['mc5.18', 'mc5.20', 'mc2023.4.0']).default('mc2023.4.0').meta({
      description: 'Protocol version to greet with; older servers want an older one; for `socket`.',
    }),
    serverKey: line.meta({ secret: true, description: 'Integration key, as set on the server.' }),
    sender: line.default('0').meta({ description: 'Who the messages come from: UIN, e-mail or nick. 0 is the robot.' }),
    apisType: line.default('vestnik').meta({ description: 'Label of the sending system in the logs of the server.' }),
  })
  .superRefine((given, ctx) => {
    const needed = given.transport === 'rest' ? 'url' : 'host';
    if (given[needed] !== undefined) return;
    ctx.addIssue({ code: 'custom', path: [needed], message: `is required when transport is ${given.transport}` });
  });

/** Settings of a MyChat server, checked. */
export type Settings = z.output<typeof settings>;

/** What MyChat is, as data. */
export const manifest = {
  type: 'mychat',
  label: 'MyChat',
  docsUrl: 'https://nsoft-s.com/en/mcserverhelp/integrationapi.html',
  settings,
  address: {
    description: 'A person by UIN, e-mail, nick or domain\\login; a room by the UID of the conference.',
    example: '17',
  },
  text: {
    dialect: 'plain',
    title: 'inline',
    maxChars: { value: 4000, source: 'own choice: MyChat publishes no limit' },
    unit: 'utf16',
    overflow: 'split',
  },
  limits: {
    rate: { max: 20, perMs: 1000, source: 'own choice: MyChat documents no limit and has no signal for one' },
    concurrency: 4,
    timeoutMs: 15_000,
  },
  abilities: ['person', 'room', 'presence'],
  offline: 'stored',
  dedupe: 'none',
} as const satisfies Manifest<typeof settings>;
