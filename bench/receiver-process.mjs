// Answers every request with 204 and counts; ends with the bench.
import { createServer } from 'node:http';

const received = { requests: 0, bytes: 0 };

const server = createServer((request, response) => {
  request.on('data', (chunk) => (received.bytes += chunk.length));
  request.on('end', () => {
    received.requests += 1;
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', () => process.send(received));
process.on('disconnect', () => process.exit());
