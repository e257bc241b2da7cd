-- When and by which revision of the book an event was routed, and whom its rules meant. `json`, as everywhere on the hot path.
ALTER TABLE event ADD COLUMN routed_at timestamptz;
ALTER TABLE event ADD COLUMN book_version bigint;
ALTER TABLE event ADD COLUMN trail json;

-- Absent: normal. A delivery that waits for hours is `waiting` without `held_since`; `due_at` is when they begin.
ALTER TABLE delivery ADD COLUMN priority text CHECK (priority IN ('low', 'high', 'critical'));

-- Until when this member of the line waits for hours. A critical one need not wait behind it.
ALTER TABLE delivery_line ADD COLUMN not_before timestamptz;

-- People who want to hear of one subject, such as an order.
CREATE TABLE follow (
  subject    text NOT NULL,
  recipient  text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  until      timestamptz,
  PRIMARY KEY (subject, recipient)
);
CREATE INDEX follow_recipient ON follow (recipient, subject);
