-- Until when the news is worth delivering, and until when this address is tried before the next; either may be absent.
ALTER TABLE delivery ADD COLUMN valid_until timestamptz;
ALTER TABLE delivery ADD COLUMN give_up_at timestamptz;
-- What a rule wants for somebody who is offline; absent: what suits the backend type.
ALTER TABLE delivery ADD COLUMN when_offline text CHECK (when_offline IN ('send', 'hold', 'fallback'));
-- Since when it has been waiting for somebody to come online; kept after that, for the text tells of the delay.
ALTER TABLE delivery ADD COLUMN held_since timestamptz;
-- Digest of correlation key and address; deliveries that share it go out in the order of their events.
ALTER TABLE delivery ADD COLUMN order_key uuid;

-- None of these columns changes by a claim, so a claim still rewrites the row without touching any index.
CREATE INDEX delivery_deadline ON delivery (backend, least(valid_until, give_up_at))
  WHERE finished_at IS NULL AND least(valid_until, give_up_at) IS NOT NULL;
CREATE INDEX delivery_held ON delivery (backend, address) WHERE finished_at IS NULL AND held_since IS NOT NULL;

-- The queue of each order key: unfinished deliveries only, in one small table, so that "am I first?" is one look.
CREATE TABLE delivery_line (
  order_key   uuid NOT NULL,
  event_id    uuid NOT NULL,
  delivery_id uuid NOT NULL,
  PRIMARY KEY (order_key, event_id, delivery_id)
);
CREATE INDEX delivery_line_age ON delivery_line (event_id);

-- Backends that are not sent to as usual; a backend without a row is well.
CREATE TABLE circuit (
  backend  text PRIMARY KEY,
  -- open: down, tried by single probes; draining: back again, its backlog goes first; paused: broken until somebody acts.
  state    text NOT NULL CHECK (state IN ('open', 'draining', 'paused')),
  reason   text NOT NULL,
  detail   text,
  since    timestamptz NOT NULL DEFAULT now(),
  probes   integer NOT NULL DEFAULT 0,
  probe_at timestamptz NOT NULL DEFAULT now()
);

-- When somebody last asked a backend who is online, so that one courier asks for all.
CREATE TABLE presence_look (
  backend text PRIMARY KEY,
  next_at timestamptz NOT NULL
);
