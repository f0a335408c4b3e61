// Sends a head and then chunks of a body on many connections at once. A thread of its own, so that the event loop of the
// tests is free to measure what others get. Its answers are the first line of what came on each connection.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, count, head, chunk, repeat } = workerData;
const answers = Array(count).fill('');
const sockets = [];

async function flood(i) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => (answers[i] ||= bytes.toString().split('\r\n')[0]));
  const closed = once(socket, 'close');
  await Promise.race([once(socket, 'connect'), closed]).catch(() => undefined);
  socket.write(head);
  for (let sent = 0; sent < repeat && socket.writable; sent++) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed]).catch(() => undefined);
  }
}

const floods = Array.from({ length: count }, (_, i) => flood(i));
parentPort.on('message', (message) => {
  if (message === 'answers') return parentPort.postMessage(answers);
  for (const socket of sockets) socket.destroy();
  parentPort.close();
});
// Whoever stops reading keeps its clients from ever sending all.
await Promise.race([Promise.all(floods), sleep(4000)]);
parentPort.postMessage('sent');
