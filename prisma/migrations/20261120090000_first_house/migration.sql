-- The three tables that grow are partitioned by range of their UUIDv7 id, that is, by time: retention drops partitions.
-- `json`, not `jsonb`, keeps what `jsonb` would refuse (\u0000) and costs no parsing.

CREATE TABLE event (
  id              uuid NOT NULL,
  source          text NOT NULL,
  type            text NOT NULL,
  subject         text,
  time            timestamptz NOT NULL,
  idempotency_key text,
  correlation_key text,
  data            json NOT NULL,
  extensions      json,
  state           text NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'routed', 'unmatched')),
  rules           text[] NOT NULL DEFAULT '{}',
  notes           text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_correlation ON event (correlation_key, id) WHERE correlation_key IS NOT NULL;
CREATE INDEX event_unrouted ON event (id) WHERE state = 'accepted';

-- Uniqueness over all partitions of `event` needs a table of its own.
CREATE TABLE event_key (
  -- SHA-256 of source and key: as wide as they may be, they would not fit an index.
  hash     bytea PRIMARY KEY,
  event_id uuid NOT NULL
);
CREATE INDEX event_key_age ON event_key (event_id);

CREATE TABLE delivery (
  id              uuid NOT NULL,
  event_id        uuid NOT NULL,
  rule            text NOT NULL,
  recipient       text,
  backend         text NOT NULL,
  address         text NOT NULL,
  address_kind    text NOT NULL CHECK (address_kind IN ('person', 'room')),
  message         json NOT NULL,
  correlation_key text,
  fallbacks       json,
  fallback_to     uuid,
  retry           json,
  state           text NOT NULL DEFAULT 'pending'
                  CHECK (state IN ('pending', 'sending', 'delivered', 'retrying', 'waiting', 'dead', 'suppressed')),
  attempts        integer NOT NULL DEFAULT 0,
  -- Attempts before the last redrive: the schedule of waits begins anew after them.
  attempts_before integer NOT NULL DEFAULT 0,
  parts_sent      integer NOT NULL DEFAULT 0,
  -- When the next attempt may be made.
  due_at          timestamptz NOT NULL DEFAULT now(),
  -- Who is sending it, and until when nobody else may.
  lease           uuid,
  leased_until    timestamptz,
  -- Retries count their age from here; a redrive starts it anew.
  opened_at       timestamptz NOT NULL DEFAULT now(),
  finished_at     timestamptz,
  -- Repeats what `state` says, for an index that a mere change of `state` leaves alone.
  dead_at         timestamptz,
  last_outcome    json,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX delivery_event ON delivery (event_id);
CREATE INDEX delivery_open ON delivery (backend, due_at) WHERE finished_at IS NULL;
CREATE INDEX delivery_dead ON delivery (id) WHERE dead_at IS NOT NULL;
CREATE INDEX delivery_recipient ON delivery (recipient, id);

CREATE TABLE attempt (
  id          uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number      integer NOT NULL,
  started_at  timestamptz NOT NULL,
  duration_ms real NOT NULL,
  outcome     json NOT NULL,
  wait_ms     bigint,
  PRIMARY KEY (delivery_id, id)
) PARTITION BY RANGE (id);

-- The rule book: what people edit. `version` moves with every change, so that a process can ask cheaply whether it is stale.
CREATE TABLE book (
  id      integer PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL
);
INSERT INTO book VALUES (1, 1);

CREATE TABLE definition (
  noun       text NOT NULL CHECK (noun IN ('rule', 'recipient', 'group', 'backend', 'template')),
  slug       text NOT NULL,
  body       jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by text NOT NULL,
  PRIMARY KEY (noun, slug)
);

CREATE TABLE api_key (
  id           uuid PRIMARY KEY,
  name         text NOT NULL UNIQUE,
  hash         bytea NOT NULL UNIQUE,
  scopes       text[] NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);

CREATE TABLE audit_entry (
  id     uuid PRIMARY KEY,
  actor  text NOT NULL,
  action text NOT NULL,
  noun   text NOT NULL,
  name   text NOT NULL,
  before jsonb,
  after  jsonb
);
CREATE INDEX audit_entry_name ON audit_entry (noun, name, id);

CREATE TABLE inbox_message (
  id         uuid PRIMARY KEY,
  owner      text NOT NULL,
  event_id   uuid NOT NULL,
  event_type text NOT NULL,
  title      text,
  text       text NOT NULL,
  read_at    timestamptz
);
CREATE INDEX inbox_message_owner ON inbox_message (owner, id);
CREATE INDEX inbox_message_unread ON inbox_message (owner) WHERE read_at IS NULL;
