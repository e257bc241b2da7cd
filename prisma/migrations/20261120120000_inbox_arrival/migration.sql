-- An inbox is read in the order in which its messages came, which is not the order in which their deliveries were made: a
-- delivery that was retried for an hour arrives now. `arrived` is a UUIDv7 of the moment of arrival.
ALTER TABLE inbox_message ADD COLUMN arrived uuid;
UPDATE inbox_message SET arrived = id;
ALTER TABLE inbox_message ALTER COLUMN arrived SET NOT NULL;
DROP INDEX inbox_message_owner;
CREATE INDEX inbox_message_owner ON inbox_message (owner, arrived);

-- Whoever puts messages in moves this one row, and so waits for the commit of whoever did before: arrivals become visible in
-- their order, over all couriers and whatever their clocks do, so that reading on after an arrival never misses one.
CREATE TABLE inbox_clock (
  id   integer PRIMARY KEY CHECK (id = 1),
  last timestamptz NOT NULL
);
INSERT INTO inbox_clock VALUES (1, now());
