// Answers and counts, by path; ends with the bench. The path says how:
//
//   /…             204 at once
//   /wait/20/…     204 after 20 ms
//   /status/503/…  that status
//   /hang/…        never
import { createServer } from 'node:http';

/** What came to each path: `{ requests, bytes, lastAt }`, the time in milliseconds since the epoch. */
const received = new Map();

const server = createServer((request, response) => {
  const counts = received.get(request.url) ?? { requests: 0, bytes: 0, lastAt: 0 };
  received.set(request.url, counts);
  request.on('data', (chunk) => (counts.bytes += chunk.length));
  request.on('end', () => {
    counts.requests += 1;
    counts.lastAt = performance.timeOrigin + performance.now();
    answer(request.url, response);
  });
});

function answer(path, response) {
  const [, how, much] = path.split('/');
  if (how === 'hang') return;
  const end = () => response.writeHead(how === 'status' ? Number(much) : 204).end();
  if (how === 'wait') setTimeout(end, Number(much));
  else end();
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', () => process.send(Object.fromEntries(received)));
process.on('disconnect', () => process.exit());
