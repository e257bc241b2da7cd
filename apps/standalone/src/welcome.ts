import type { KeptKey } from './generated-keys.ts';

/** What the first look at a running Vestnik says: where things are, the key, and a curl to paste. */
export function welcome(url: string, key: KeptKey, demo: boolean): string {
  const base = url.replace('0.0.0.0', 'localhost').replace('[::]', 'localhost').replace('127.0.0.1', 'localhost');
  const shown = key.isNew ? key.value.reveal() : key.file ? `$(cat ${key.file})` : '$ADMIN_API_KEY';
  const lines = [
    '',
    `Vestnik is up:   ${base}`,
    `  API, try it:   ${base}/docs`,
    `  ready?         ${base}/health/ready`,
    ...keyLines(key),
    ...(demo ? demoLines(base, shown) : []),
    '',
    'Ctrl-C stops it and keeps the data.',
    '',
  ];
  return lines.join('\n') + '\n';
}

function keyLines(key: KeptKey): string[] {
  if (key.isNew)
    return [`  admin key:     ${key.value.reveal()}`, `                 (shown once; kept in ${key.file})`];
  return [`  admin key:     ${key.file ? `in ${key.file}` : 'as ADMIN_API_KEY says'}`];
}

function demoLines(base: string, key: string): string[] {
  return [
    '',
    'Send an event:',
    '',
    `curl -s ${base}/v1/events -H "Authorization: Bearer ${key}" -H 'Content-Type: application/json' \\`,
    `  -d '{"type":"warehouse.stock.low","source":"erp","data":{"sku":"4711","name":"Паллета EUR","qty":3,"minQty":10,"warehouse":"MSK-1"}}'`,
    '',
    'Read what arrived:',
    '',
    `curl -s ${base}/v1/inbox/anna -H "Authorization: Bearer ${key}"`,
  ];
}
