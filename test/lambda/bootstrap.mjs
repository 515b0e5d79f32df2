// What the Node runtime of AWS Lambda does: loads the handler, gets events, answers, over and over.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, _HANDLER, LAMBDA_TASK_ROOT } = process.env;
const [file, name] = _HANDLER.split('.');
const { [name]: handler } = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);

// Opened by its first use, and nothing that an invocation would leave behind.
process.stdout.write('');

for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const context = {
    awsRequestId: id,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  const before = process.getActiveResourcesInfo();
  try {
    const result = await handler(JSON.parse(body.toString()), context);
    await call('POST', `invocation/${id}/response`, result, leftSince(before));
  } catch (error) {
    const { name: errorType, message: errorMessage, stack } = error;
    const report = { errorType, errorMessage, trace: stack.split('\n') };
    await call('POST', `invocation/${id}/error`, report, leftSince(before));
  }
}

/** Sockets and timers that a frozen container would take along: for the test alone. */
function leftSince(before) {
  const expected = [...before];
  return process.getActiveResourcesInfo().filter((resource) => {
    const index = expected.indexOf(resource);
    if (index === -1) return true;
    expected.splice(index, 1);
    return false;
  });
}

function call(method, path, json, left = []) {
  return new Promise((resolve, reject) => {
    const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
    const headers = { 'content-type': 'application/json', 'x-left': left.join(' ') };
    const outgoing = request(url, { method, agent: false, headers }, async (response) => {
      resolve({ headers: response.headers, body: await buffer(response) });
    });
    outgoing.on('error', reject);
    outgoing.end(json === undefined ? undefined : JSON.stringify(json));
  });
}
