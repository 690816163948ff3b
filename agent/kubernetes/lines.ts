/** Lines out of bytes that come in pieces. */
import { KubernetesError } from './errors.ts';

const NEWLINE = 10;

/**
 * Each line without its end; what comes behind the last one is none.
 * @throws KubernetesError 'too-large' for a line of more bytes than that
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const keep = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > mostBytes) throw new KubernetesError('too-large', `it sent a line of more than ${mostBytes} bytes`);
    parts.push(part);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end));
      yield Buffer.concat(parts).toString('utf8');
      [parts, bytes, from] = [[], 0, end + 1];
    }
    keep(chunk.subarray(from));
  }
}
