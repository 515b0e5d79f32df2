import { neighbourText, readNeighbours } from '../neighbours.ts';
import { type Check, failed, ok, warning } from './check.ts';

/** Who else drains this database. */
export const neighbourChecks: readonly Check[] = [
  {
    name: 'other pipelines',
    async look(patient) {
      const { pipelines, hidden } = await readNeighbours(patient);
      const { slot } = patient.pipeline;
      const sharing = pipelines.filter((other) => other.slot === slot);
      if (sharing.length > 0) {
        return failed(
          `the slot "${slot}" is drained by ${sharing.map(neighbourText).join(', ')} too: what one takes from it, the other never sees`,
          'Give each a slot of its own (walhook init --adopt), and take a snapshot of what each missed.',
        );
      }
      if (hidden.length > 0) {
        return warning(
          `there are state tables in ${hidden.join(', ')} that this role may not read`,
          'See that no pipeline of theirs uses the same slot.',
        );
      }
      return ok(pipelines.length === 0 ? 'none' : `${pipelines.length}, by slots of their own`);
    },
  },
];
