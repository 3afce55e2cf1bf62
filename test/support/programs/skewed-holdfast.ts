// `holdfast` on a machine whose clock is set wrong: by so many milliseconds as SKEW_MS says. Monotonic time is right.
const skewMs = Number(process.env.SKEW_MS);
const RightDate = Date;

globalThis.Date = new Proxy(RightDate, {
  construct: (date, given, target) =>
    given.length === 0 ? new date(date.now() + skewMs) : Reflect.construct(date, given, target),
  apply: (date) => new date(date.now() + skewMs).toString(),
  get: (date, name) => (name === 'now' ? () => date.now() + skewMs : Reflect.get(date, name)),
});

await import(new URL('../../../bin/holdfast.js', import.meta.url).href);
