/** From an event and the book to a plan of deliveries: one code path for the live router and for explanations. Pure. */
export { compileBook, type Book, type BookFault, type CompiledBook, type RoutedBackend } from './book.ts';
export { planEvent, type PlannedRoute, type RoutePlan } from './plan.ts';
export { explainEvent, explainRule, type TriedRule } from './explain.ts';
