/** What a message says: Liquid over an event yields Markdown, and Markdown becomes each backend's dialect and size. Pure. */
export { viewOf, type TemplateRecipient, type TemplateView } from './view.ts';
export { checkLiquid } from './liquid.ts';
export { checkTemplate, compileTemplate, renderText, type CompiledTemplate } from './template.ts';
export { renderPlainEvent } from './plain-event.ts';
export { lateNote, withLateNote } from './late-note.ts';
export { toDialect, type FittedText } from './dialect.ts';
