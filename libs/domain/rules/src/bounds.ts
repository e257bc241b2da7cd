/**
 * Bounds on what a rule may ask for. They are far above what a person writes, and low enough that no stored rule can
 * hold up the router; each refusal names the bound it met.
 */
export const patternBounds = {
  /** Deepest nesting of objects in a pattern, `$or` included. */
  depth: 32,
  /** Most values in all lists of one pattern together. */
  values: 5_000,
  /** Most combinations that the `$or` lists of one pattern multiply out to. */
  combinations: 1_000,
  /** Most conditions after the `$or` lists were multiplied out: combinations × fields in each. */
  conditions: 20_000,
  /** Most values after the `$or` lists were multiplied out: each combination counts all values of its fields. */
  multipliedValues: 100_000,
  /** Longest single text in a pattern, in UTF-16 units. */
  textChars: 4_096,
  /** Most asterisks in one wildcard. */
  wildcardStars: 20,
} as const;

/** Bounds on what matching one event against one rule may cost. */
export const matchBounds = {
  /**
   * Most steps through the lists of the event, each about one value looked at or compared; beyond it the rule counts as not
   * matched, with the reason. An event of 256 kB stays far below unless it was made for it.
   */
  steps: 2_000_000,
} as const;

/** Bounds on a CEL expression. */
export const whenBounds = {
  /** Most nodes of the parsed expression. */
  nodes: 500,
  /** Deepest nesting of the parsed expression. */
  depth: 50,
  /** Most loops (`all`, `exists`, `exists_one`, `map`, `filter`) and `cel.bind` in one expression. */
  loops: 8,
  /** Deepest nesting of loops. */
  loopDepth: 2,
  /** Most steps that the loops of an expression may take on one event; beyond it `when` is an error. */
  steps: 2_000_000,
  /** Longest regular expression, in UTF-16 units. */
  regexChars: 200,
  /** Largest regular expression, in parts after its repetitions are written out. */
  regexSize: 1_000,
} as const;
