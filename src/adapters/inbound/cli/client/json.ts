/** Foreign JSON, read member by member without believing anything of its shape. */
export interface Json {
  /** The value as it was parsed; undefined when it was no JSON or is not there. */
  readonly value: unknown;
  at(key: string): Json;
  items(): Json[];
  text(key: string): string | undefined;
  number(key: string): number | undefined;
}

/** Wraps a value that came from somebody else. */
export function foreign(value: unknown): Json {
  const member = (key: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  return {
    value,
    at: (key) => foreign(member(key)),
    items: () => (Array.isArray(value) ? value.map(foreign) : []),
    text: (key) => {
      const found = member(key);
      return typeof found === 'string' ? found : undefined;
    },
    number: (key) => {
      const found = member(key);
      return typeof found === 'number' ? found : undefined;
    },
  };
}

/** Parses a body; what is no JSON has no members. */
export function readJson(text: string): Json {
  try {
    return foreign(JSON.parse(text));
  } catch {
    return foreign(undefined);
  }
}
