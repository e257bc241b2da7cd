/** From an event and the book to a plan of deliveries: one code path for the live router and for explanations. Pure. */
export {
  compileBook,
  updateBook,
  type Book,
  type BookChange,
  type BookFault,
  type CompiledBook,
  type RoutedBackend,
} from './book.ts';
export type { Circumstances } from './find.ts';
export { followedSubjects, matchEvent, type MatchedEvent } from './match.ts';
export { planEvent, planMatched, type PlannedRoute, type RoutePlan } from './plan.ts';
export {
  explainEvent,
  explainJudged,
  explainRule,
  closest,
  judgeByRule,
  judgeEvent,
  type JudgedEvent,
  type TriedRule,
} from './explain.ts';
export { factsOfPasted, type PastedDefaults } from './pasted.ts';
