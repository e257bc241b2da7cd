/** The real PostgreSQL, Redis and RabbitMQ that specs run against, and patience. `npm test` and `npm run services` bring them up. */
export { freshDatabase, testDatabaseUrl, type FreshDatabase } from './database.ts';
export { redisPrefix, redisUrl } from './redis.ts';
export { amqpPrefix, amqpUrl, ownRabbitMq, type OwnRabbitMq } from './rabbitmq.ts';
export { waitFor, type WaitOptions } from './wait-for.ts';
export { freePort } from './free-port.ts';
export { layWire, type Wire } from './wire.ts';
