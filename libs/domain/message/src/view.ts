import type { EventFacts, JsonValue } from '#contract';

/** Whom a message is for, as far as templates may know. */
export interface TemplateRecipient {
  slug: string;
  displayName: string;
  locale?: string | undefined;
  timeZone?: string | undefined;
}

/** What a template sees: the attributes of the event by name, the event itself, the recipient and the rule. */
export interface TemplateView {
  id: string;
  source: string;
  type: string;
  subject?: string | undefined;
  /** ISO 8601. */
  time: string;
  correlationKey?: string | undefined;
  extensions?: Record<string, JsonValue> | undefined;
  data: JsonValue;
  event: EventFacts;
  recipient?: TemplateRecipient | undefined;
  /** Slug of the rule. */
  rule?: string | undefined;
}

/** Lays out an event for templates, optionally with the recipient and the rule that it is rendered for. */
export function viewOf(event: EventFacts, extras: Pick<TemplateView, 'recipient' | 'rule'> = {}): TemplateView {
  const { id, source, type, subject, time, correlationKey, extensions, data } = event;
  return { id, source, type, subject, time, correlationKey, extensions, data, event, ...extras };
}
