// Drains once by the built program and tells what it had in memory at most.
import { readFileSync } from 'node:fs';
import { drain } from '../../dist/index.js';

const report = await drain(JSON.parse(process.argv[2]), { env: {} });
process.stdout.write(JSON.stringify({ report, peakBytes: readPeak() }));

/**
 * Linux hands a new process its parent's peak on in ru_maxrss, also across exec: where there is
 * /proc, its high-water mark, which starts anew, is the honest one.
 */
function readPeak() {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Number(kilobytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
