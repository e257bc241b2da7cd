-- Two more nouns: who is on call when, and what holds for the whole book (one definition, `settings` `book`).
ALTER TABLE definition DROP CONSTRAINT definition_noun_check;
ALTER TABLE definition ADD CONSTRAINT definition_noun_check
  CHECK (noun IN ('rule', 'recipient', 'group', 'backend', 'template', 'schedule', 'settings'));

-- Every change of the book is a revision; its number is `book.version` after the change.
CREATE TABLE revision (
  number  bigint PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT now(),
  author  text NOT NULL,
  comment text,
  kind    text NOT NULL CHECK (kind IN ('change', 'publish', 'restore', 'import'))
);

-- What a revision changed; absent before: it was added, absent after: it was removed. Backends without their secrets.
CREATE TABLE revision_change (
  revision bigint NOT NULL REFERENCES revision (number) ON DELETE CASCADE,
  noun     text NOT NULL,
  slug     text NOT NULL,
  before   jsonb,
  after    jsonb,
  PRIMARY KEY (revision, noun, slug)
);
CREATE INDEX revision_change_definition ON revision_change (noun, slug, revision);

-- The number of the revision that changed a definition last.
ALTER TABLE definition ADD COLUMN revision bigint;
UPDATE definition SET revision = (SELECT version FROM book WHERE id = 1);
ALTER TABLE definition ALTER COLUMN revision SET NOT NULL;

-- History begins with the book as it stands. Backends are left out: only the code knows how to mask their secrets.
INSERT INTO revision (number, author, comment, kind)
  SELECT version, 'vestnik', 'The book as it stood when its history began.', 'import' FROM book WHERE id = 1;
INSERT INTO revision_change (revision, noun, slug, after)
  SELECT revision, noun, slug, body FROM definition WHERE noun <> 'backend';

-- Changes that are gathered before they go live together.
CREATE TABLE draft (
  id         uuid PRIMARY KEY,
  title      text,
  comment    text,
  author     text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- The revision of the book when the draft was opened.
  base       bigint NOT NULL,
  -- Counts the changes ever made in it; each takes the next number as its own.
  counter    bigint NOT NULL DEFAULT 0
);

CREATE TABLE draft_change (
  draft  uuid NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  noun   text NOT NULL,
  slug   text NOT NULL,
  -- Absent: the definition is to be removed.
  body   jsonb,
  -- The revision of the live definition that this change was made on. Absent: there was none.
  base   bigint,
  number bigint NOT NULL,
  author text NOT NULL,
  at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (draft, noun, slug)
);
