// Servers on Node's net and http. On the first port: the protocol of client/protocols/frames.js. On the second port: HTTP requests that ask for the
// same, and the frames protocol on a connection that was upgraded.   node server.js FRAMES HTTP
'use strict';
const http = require('node:http');
const net = require('node:net');
const { crc32 } = require('node:zlib');
const { Frames, answerOf, beBusy } = require('./frames');

function serve(socket) {
  const frames = new Frames((answer) => socket.write(answer));
  socket.setNoDelay(true);
  socket.on('data', (chunk) => frames.take(chunk));
  socket.on('error', () => socket.destroy());
}

function onRequest(request, response) {
  const { searchParams } = new URL(request.url, 'http://server');
  beBusy(Number(searchParams.get('busy')));
  let crc = 0;
  request.on('data', (chunk) => (crc = crc32(chunk, crc)));
  request.on('end', () => {
    const answer = answerOf(crc, Number(searchParams.get('down')));
    response.writeHead(200, { 'Content-Length': answer.length });
    response.end(answer);
  });
}

function onUpgrade(request, socket, head) {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  serve(socket);
  if (head.length > 0) socket.unshift(head);
}

const [frames, web] = process.argv.slice(2).map(Number);
net.createServer(serve).listen(frames, '::');
http.createServer({ keepAliveTimeout: 0 }, onRequest).on('upgrade', onUpgrade).listen(web, '::');
