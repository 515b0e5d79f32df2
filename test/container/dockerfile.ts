export type Instruction = { readonly name: string; readonly text: string };

export type Stage = {
  /** What others copy from; empty for the last one. */
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
};

/** Throws on what no Dockerfile begins a line with. */
export function parseDockerfile(text: string): Stage[] {
  const joined = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const line of joined.split('\n').filter(Boolean)) {
    const { name, rest } = /^(?<name>[A-Z]+) +(?<rest>.+)$/.exec(line)?.groups ?? {};
    if (name === undefined) throw new Error(`no instruction: ${line}`);
    if (name === 'FROM') {
      const [image, , stage = ''] = rest!.split(' ');
      stages.push({ name: stage, image: image!, instructions: [] });
    } else {
      stages.at(-1)!.instructions.push({ name, text: rest! });
    }
  }
  return stages;
}

export type Copy = { readonly from: string | null; readonly sources: readonly string[] };

export function copiesOf({ instructions }: Stage): Copy[] {
  return instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ text }) => {
      const words = text.split(' ');
      const from = words[0]!.startsWith('--from=') ? words.shift()!.slice('--from='.length) : null;
      return { from, sources: words.slice(0, -1) };
    });
}

/** The words of an instruction in its exec form, the last one of its name. Throws on the shell form. */
export function execForm({ instructions }: Stage, name: string): string[] {
  const text = instructions.findLast((each) => each.name === name)!.text;
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}
