// An HTTP server that sends back each body with its checksum, and a client that compares.
//   node http.js serve <port>
//   node http.js talk <host> <port> <connections> <messages>   prints {right, wrong, errors}
'use strict';
const { createHash, randomBytes } = require('node:crypto');
const http = require('node:http');

const largestBytes = 256 << 10;
const source = randomBytes(2 * largestBytes);
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function bytesOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function answer(request, response) {
  const body = await bytesOf(request);
  response.setHeader('x-checksum', digest(body));
  response.end(body);
}

/** Small bodies are as likely as large ones. */
function body() {
  const length = Math.ceil(largestBytes ** Math.random());
  const from = Math.floor(Math.random() * largestBytes);
  return source.subarray(from, from + length);
}

function ask(agent, host, port, sent) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, host, port, method: 'POST', path: '/' }, (response) =>
      bytesOf(response).then((got) => resolve(got.equals(sent) && response.headers['x-checksum'] === digest(sent)), reject),
    );
    request.on('error', reject);
    request.end(sent);
  });
}

async function talk(host, port, connections, messages) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const outcome = { right: 0, wrong: 0, errors: [] };
  let left = messages;
  const worker = async () => {
    while (left-- > 0) {
      try {
        outcome[(await ask(agent, host, port, body())) ? 'right' : 'wrong']++;
      } catch (error) {
        outcome.errors.push(error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  console.log(JSON.stringify(outcome));
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'serve') http.createServer((request, response) => void answer(request, response)).listen(Number(rest[0]), '::');
else void talk(rest[0], ...rest.slice(1).map(Number));
