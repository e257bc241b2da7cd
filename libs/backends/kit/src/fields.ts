/** Fields that the settings of many backend types share, with messages that say what to write instead. */
import { isIP } from 'node:net';
import { z } from 'zod';

/** An `http:` or `https:` URL without credentials and fragment; credentials would end up in logs and error texts. */
export function httpUrl(): z.ZodType<string, string> {
  return z
    .string()
    .max(2048)
    .superRefine((text, ctx) => {
      const refusal = refuseHttpUrl(text);
      if (refusal) ctx.addIssue({ code: 'custom', message: refusal });
    });
}

function refuseHttpUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a whole URL such as https://chat.example.com/hook';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://';
  if (url.username || url.password) return 'must not hold a user name or password; send them in a header instead';
  if (url.hash) return 'must not hold a fragment (#…)';
  return undefined;
}

/** A host name or an IP address, without scheme and port. */
export function hostName(): z.ZodType<string, string> {
  return z.string().max(253).refine(isHost, 'must be a host name or an IP address, without scheme and port');
}

function isHost(text: string): boolean {
  return (
    isIP(text) !== 0 || text.split('.').every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))
  );
}

/** A TCP port, 1 to 65535. */
export function tcpPort(): z.ZodInt {
  return z.int().min(1).max(65_535);
}
