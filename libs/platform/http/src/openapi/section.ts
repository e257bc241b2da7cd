import { ApiTags } from '@nestjs/swagger';

/** The sections of the API document, in their order, with what each is about. */
export const sections = {
  Events: 'Facts that producers send, and what became of them.',
  Deliveries: 'One event to one address, with its attempts and their outcomes.',
  Rules: 'Who hears of which events, and how.',
  Recipients: 'People to be told, and where they are reached.',
  Groups: 'Named sets of recipients.',
  Schedules: 'Who is on call when.',
  Templates: 'What messages say.',
  'Rule book': 'All of it together: settings, revisions, drafts, and the book as a folder of files.',
  Backends: 'The chat systems that messages go to.',
  Inbox: 'The built-in backend: stored messages of a recipient.',
  Access: 'API keys, and who changed what.',
  Operations: 'Probes and metrics.',
} as const;

/** Puts the operations of a controller into a section of the document. */
export function Section(name: keyof typeof sections): ClassDecorator & MethodDecorator {
  return ApiTags(name);
}
