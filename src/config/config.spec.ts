import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Config, parseConfig } from './config';

const example = parseEnv(readFileSync('.env.example', 'utf8')) as Record<string, string>;

/** Settings that have no default. */
const OPTIONAL = [
  'DATABASE_URL',
  'MIGRATION_DATABASE_URL',
  'PUBLIC_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'WEBHOOK_SECRET_KEY',
];

describe('.env.example', () => {
  it('means the same as no settings at all', () => {
    expect(parseConfig(example)).toEqual(parseConfig({}));
  });

  it('lists every setting', () => {
    const names = Object.keys(new Config()).map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase());
    expect(Object.keys(example).sort()).toEqual([...names, ...OPTIONAL].sort());
  });

  it('is read to the last variable: each makes a difference', () => {
    const others: Record<string, string> = {
      DATABASE_URL: 'postgres://x',
      MIGRATION_DATABASE_URL: 'postgres://x',
      DATA_DIR: 'x',
      DATABASE_POOLER: 'transaction',
      HOST: 'x',
      LOG_LEVEL: 'debug',
      WEBHOOK_SECRET_KEY: '0'.repeat(64),
      WEBHOOK_ALLOW_PRIVATE: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x',
      PUBLIC_URL: 'http://x',
    };
    for (const [name, value] of Object.entries(example)) {
      const other = others[name] ?? (value === 'true' ? 'false' : '501');
      expect([name, parseConfig({ [name]: other })]).not.toEqual([name, parseConfig({})]);
    }
  });
});
