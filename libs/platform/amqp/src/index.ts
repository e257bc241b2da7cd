/** AMQP 0-9-1 on RabbitMQ: connection, topology, a consumer that survives what brokers do, and a place for what was rejected. */
export { startConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
export type { AmqpMessage, Handler, Verdict } from './message.ts';
export { namesFor, type TopologyNames } from './topology.ts';
