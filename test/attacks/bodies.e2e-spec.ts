import { generateKey } from '../../src/api-keys/secret-format';
import { AttackedService, print } from '../support/attack';
import { type Account, makeAccount } from '../support/factories';
import { Flood, type FloodAnswers, type FloodOptions } from '../support/flood';
import { databaseUrl, useService } from '../support/service';

const MAX_P99_MS = 250;
/** More that come in the same moment delay others once by up to 0.6 seconds: that is printed, and has no bound yet. */
const MAX_COUNT_WITH_P99 = 60;
const MAX_RSS_MB = 350;
const MAX_RECOVERY_MS = 2000;

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** What bodies are made of: pieces of 16 KiB. */
const PIECE = 16 * KIBIBYTE;
const OBJECTS = `[${'{},'.repeat(PIECE / 3)}`;
const BRACKETS = '['.repeat(PIECE);

const UNAUTHORIZED = 'HTTP/1.1 401 Unauthorized';
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request';
const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable';

function headOf(method: string, length: string, key?: string): string {
  const lines = [`${method} /api/customers HTTP/1.1`, 'Host: x', 'Content-Type: application/json', length];
  if (key !== undefined) lines.push(`X-API-Key: ${key}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

describe('Bodies', () => {
  const beside = useService();
  let [attacker, other]: Account[] = [];
  let path: string;

  beforeAll(async () => {
    attacker = await makeAccount(beside);
    other = await makeAccount(beside);
    path = `/api/customers/${(await other.makeCustomer()).id}`;
  });

  /** Sends them while another seller works, and checks what that one gets. Returns the answers to the bodies. */
  async function send(name: string, flood: Omit<FloodOptions, 'port'>): Promise<FloodAnswers['counts']> {
    const service = await AttackedService.start(databaseUrl());
    const change = () => ({ first_name: `Name ${Math.random()}` });
    let answers: FloodAnswers | undefined;
    const figures = await service.during({ key: String(other?.key), path, change }, async () => {
      const attack = await Flood.start({ port: service.port, ...flood });
      answers = await attack.answers();
      await attack.end();
    });
    print(`${flood.count} bodies ${name}`, { ...figures, attack: answers });
    expect(Object.keys(figures.answers)).toEqual(['200']);
    if (flood.count <= MAX_COUNT_WITH_P99) expect(figures.p99).toBeLessThan(MAX_P99_MS);
    expect(figures.rssMb).toBeLessThan(MAX_RSS_MB);
    expect(figures.recovery).toBeLessThan(MAX_RECOVERY_MS);
    expect(await service.stop()).toBe(0);
    return answers?.counts ?? {};
  }

  const sized = (method: string, bytes: number, chunk: string, key?: string) => ({
    head: headOf(method, `Content-Length: ${bytes}`, key),
    chunk,
    repeat: bytes / PIECE,
  });

  it.each<[number, string, number]>([
    [24, 'PATCH', MEBIBYTE],
    [60, 'PATCH', MEBIBYTE],
    [300, 'POST', 64 * KIBIBYTE],
  ])(
    'of %d requests with a made-up key (%s, %d bytes) are not read, and all are answered',
    async (count, method, bytes) => {
      const attack = sized(method, bytes, OBJECTS, generateKey());
      expect(await send(`with a made-up key, ${bytes} bytes`, { count, ...attack })).toEqual({ [UNAUTHORIZED]: count });
    },
    60_000,
  );

  it.each([
    [20, '@ci'],
    [50, ''],
  ])(
    'of %d requests without a key, all of brackets, are not parsed %s',
    async (count) => {
      const attack = sized('PATCH', MEBIBYTE, BRACKETS);
      expect(await send('of brackets without a key', { count, ...attack })).toEqual({ [UNAUTHORIZED]: count });
    },
    60_000,
  );

  it.each([500, 1500])(
    'of %d requests without a key that never end take no memory',
    async (count) => {
      const head = headOf('PATCH', 'Transfer-Encoding: chunked');
      const chunk = `${PIECE.toString(16)}\r\n${OBJECTS}\r\n`;
      const attack = { head, chunk, repeat: MEBIBYTE / PIECE - 1 };
      const answers = await send('without a key and an end', { count, ...attack });
      // Of very many that go on sending, the oldest are cut, whether they have read their answers or not.
      expect((answers[UNAUTHORIZED] ?? 0) + (answers.none ?? 0)).toBe(count);
      expect(answers[UNAUTHORIZED]).toBeGreaterThan(0);
    },
    60_000,
  );

  it.each<[number, string, number, string, string]>([
    [24, 'PATCH', MEBIBYTE, 'empty objects', OBJECTS],
    [20, 'PATCH', MEBIBYTE, 'brackets', BRACKETS],
    [300, 'POST', 64 * KIBIBYTE, 'empty objects', OBJECTS],
  ])(
    'of %d requests of one seller (%s, %d bytes of %s) hurt no other, and all are answered',
    async (count, method, bytes, what, chunk) => {
      const attack = sized(method, bytes, chunk, attacker?.key);
      const answers = await send(`with a good key, ${bytes} bytes of ${what}`, { count, ...attack });
      expect((answers[BAD_REQUEST] ?? 0) + (answers[UNAVAILABLE] ?? 0)).toBe(count);
    },
    60_000,
  );
});
