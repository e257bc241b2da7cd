/** Replaces every occurrence of the given secrets in a text, also where they stand URL-encoded or in Base64. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length < 3) continue;
    for (const form of formsOf(secret)) masked = masked.replaceAll(form, '***');
  }
  return masked;
}

function formsOf(secret: string): Set<string> {
  return new Set([secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]);
}
