import {
  authBroken,
  fromHttpAnswer,
  fromNetworkFailure,
  maskSecrets,
  secretsOf,
  type HttpAnswer,
  type HttpRequest,
  type SendContext,
} from '#backends/kit';
import { isErrorAnswer, parseAnswer } from './answer.ts';
import { asciiJson, type Command } from './command.ts';
import { manifest, type Settings } from './manifest.ts';
import type { Reply } from './reply.ts';

/**
 * Longest URL that is sent as GET, in characters; a longer one goes as POST. GET is what the vendor documents in full, and
 * 2,000 characters pass every web server and proxy.
 */
const getUrlChars = 2000;

/** Sends a command to the web service. */
export async function overRest(command: Command, settings: Settings, ctx: SendContext): Promise<Reply> {
  const attempted = await ctx.network.http({
    ...requestFor(command, settings.url ?? ''),
    signal: ctx.signal,
    acceptAnyCertificate: settings.acceptAnyCertificate ?? false,
  });
  if (!attempted.ok) return { outcome: fromNetworkFailure(attempted.failure) };
  return replyFrom(attempted.value, settings, ctx.now());
}

/** Builds the request: GET while the URL is short, else a POST of the form `data=<json>`. */
export function requestFor(
  command: Command,
  baseUrl: string,
): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
  const api = new URL(baseUrl);
  api.pathname = api.pathname.replace(/\/+$/, '').replace(/\/API$/i, '') + '/API/';
  api.search = '';
  const form = 'data=' + encodeURIComponent(asciiJson({ cmd: command.number, ...command.members }));
  const url = `${api.href}?${form}`;
  if (url.length <= getUrlChars) return { method: 'GET', url };
  return {
    method: 'POST',
    url: api.href,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  };
}

function replyFrom(answer: HttpAnswer, settings: Settings, now: number): Reply {
  const { status, bytes } = answer;
  if (status >= 200 && status < 300) {
    return answer.bodyFailure ? { outcome: fromNetworkFailure(answer.bodyFailure) } : { bytes };
  }
  // Whether errors of the API always come with status 200 is not documented; an error envelope is believed either way.
  const parsed = parseAnswer(bytes);
  if (parsed && isErrorAnswer(parsed)) return { bytes };
  if (status === 404 || (status >= 300 && status < 400)) {
    const detail = `HTTP ${status}: there is no Integration API under this URL; check the URL and that the web service is on`;
    return { outcome: authBroken(`http_${status}`, detail, { statusCode: status }) };
  }
  const text = maskSecrets(answer.text, secretsOf(manifest, settings));
  return { outcome: fromHttpAnswer({ ...answer, text }, now) };
}
