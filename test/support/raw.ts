import { connect, type Socket } from 'node:net';

/** Sends bytes as they are and returns all that comes back until the server closes the connection. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  return readAll(socket);
}

export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    // A reset after the answer is the server's right; what it sent before counts.
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: any;
}

/** Reads one HTTP answer with a JSON body. */
export function parseRaw(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => line.split(': ')).map(([name = '', value = '']) => [name.toLowerCase(), value]);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: body && JSON.parse(body),
  };
}
