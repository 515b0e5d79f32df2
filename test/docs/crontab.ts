export type Crontab = {
  readonly variables: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
};

/** Throws on a line that cron would not take. */
export function parseCrontab(text: string): Crontab {
  const variables: Record<string, string> = {};
  const commands: string[] = [];
  for (const line of text.split('\n')) {
    const variable = /^(\w+)=(.*)$/.exec(line);
    const command = /^(?:[\d*/,-]+ ){5}([^%]+)$/.exec(line)?.[1];
    if (variable !== null) variables[variable[1]!] = variable[2]!;
    else if (command !== undefined) commands.push(command);
    else if (!/^(#|$)/.test(line)) throw new Error(`not a line of a crontab: ${line}`);
  }
  return { variables, commands };
}

/** What is the test's own: where the reader's database and endpoint are. */
export function besidesAddresses(
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { DATABASE_URL: _database, HTTP_ENDPOINT_URL: _endpoint, ...others } = variables;
  return others;
}
