import { backendTypeView, type BackendTypeView, type JsonValue } from '#contract';
import type { Manifest } from '#backends/kit';
import { z } from 'zod';

/** A backend type as the API shows it, made of its manifest alone. */
export function toTypeView(manifest: Manifest): BackendTypeView {
  const { type, label, docsUrl, address, text, limits, abilities, offline, dedupe } = manifest;
  const { dialect, title, maxChars, unit, overflow } = text;
  const view = {
    type,
    label,
    docsUrl,
    settingsSchema: settingsSchemaOf(manifest),
    address,
    limits: { text: { title, maxChars, unit, overflow }, ...limits } as unknown as JsonValue,
    dialect,
    abilities: [...abilities],
    offline,
    dedupe,
  };
  return backendTypeView.parse(view);
}

/** JSON Schema (2020-12) of the settings as they are sent; secrets are `writeOnly`. */
export function settingsSchemaOf({ settings }: Pick<Manifest, 'settings'>): JsonValue {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(settings, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema['target'];
      if (jsonSchema['secret'] !== true) return;
      delete jsonSchema['secret'];
      jsonSchema.writeOnly = true;
    },
  });
  return schema as JsonValue;
}
