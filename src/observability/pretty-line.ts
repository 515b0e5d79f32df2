type LogRecord = {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
};

/** `12:00:00.123 info  message field=value`, on one line whatever it holds. */
export function prettyLine({ time, level, msg, ...fields }: LogRecord): string {
  const said = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${shown(value)}`);
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${msg.replaceAll(/\s+/g, ' ')}${said.join('')}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@*+-]+$/.test(value) ? value : JSON.stringify(value);
}
