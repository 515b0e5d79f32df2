/** One thing that init saw to. */
export type InitStep = {
  readonly subject: 'server' | 'publication' | 'slot' | 'state' | 'pipeline';
  readonly outcome: 'ok' | 'created' | 'already_there' | 'changed' | 'adopted' | 'warning';
  readonly text: string;
};

export type Say = (step: InitStep) => void;
