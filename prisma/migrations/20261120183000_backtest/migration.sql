-- What a draft would have done with past events. Here, not in memory, so that every process that manages can show and end it.
CREATE TABLE backtest (
  id          uuid PRIMARY KEY,
  -- The draft may be gone by now.
  draft       uuid NOT NULL,
  author      text NOT NULL,
  state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  request     jsonb NOT NULL,
  progress    jsonb NOT NULL,
  result      jsonb,
  error       text,
  started_at  timestamptz NOT NULL DEFAULT now(),
  -- When the process that runs it was last heard of.
  beat_at     timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
-- One at a time in the whole house.
CREATE UNIQUE INDEX backtest_running ON backtest ((state = 'running')) WHERE state = 'running';
