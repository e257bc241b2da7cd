-- How often the `when` of a rule could not be evaluated since the rule was last changed, and what the last time was like.
CREATE TABLE rule_trouble (
  rule     text PRIMARY KEY,
  count    bigint NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at  timestamptz NOT NULL DEFAULT now(),
  event_id uuid NOT NULL,
  reason   text NOT NULL
);
