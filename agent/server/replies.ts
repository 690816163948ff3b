/** Short answers over HTTP. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const securityHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function reply(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...securityHeaders, ...headers });
  response.end(body);
}

/** Answers an upgrade with a status instead. */
export function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  const body = `${text}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'Connection: close', 'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`, ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
  ]; // prettier-ignore
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
