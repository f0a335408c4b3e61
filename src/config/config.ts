import { Expose, plainToInstance, Transform } from 'class-transformer';
import {
  getMetadataStorage,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
  validateSync,
} from 'class-validator';
import { printError } from '../terminal';
import { problemOfDatabaseUrl, withSslVariables } from './database-url';
import { findMisspelt, loadEnvFile } from './env-file';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Every setting of the service. `.env.example` says what each is for. */
export class Config {
  @DatabaseUrl('DATABASE_URL')
  databaseUrl?: string;

  @DatabaseUrl('MIGRATION_DATABASE_URL')
  migrationDatabaseUrl?: string;

  @Expose({ name: 'DATA_DIR' })
  @IsString()
  dataDir: string = '.data';

  @Expose({ name: 'HOST' })
  @IsString()
  host: string = '127.0.0.1';

  @WholeNumber('PORT', 0, 65_535)
  port: number = 3000;

  @WholeNumber('METRICS_PORT', 0, 65_535)
  metricsPort: number = 9464;

  @Flag('MIGRATE_ON_START')
  migrateOnStart: boolean = true;

  @Expose({ name: 'PGOPTIONS' })
  @IsString()
  pgoptions: string = '';

  @Expose({ name: 'DATABASE_POOLER' })
  @IsIn(['none', 'transaction'], { message: 'must be none or transaction' })
  databasePooler: 'none' | 'transaction' = 'none';

  @WholeNumber('DATABASE_POOL_SIZE', 1, 1000)
  databasePoolSize: number = 10;

  @WholeNumber('DATABASE_CONNECT_TIMEOUT_MS', 1, 60_000)
  databaseConnectTimeoutMs: number = 1000;

  @WholeNumber('DATABASE_STATEMENT_TIMEOUT_MS', 1, 60_000)
  databaseStatementTimeoutMs: number = 1500;

  @WholeNumber('DATABASE_LOCK_TIMEOUT_MS', 1, 60_000)
  databaseLockTimeoutMs: number = 1000;

  @WholeNumber('DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS', 1, 60_000)
  databaseIdleInTransactionTimeoutMs: number = 1500;

  @Flag('DATABASE_PREPARED_STATEMENTS')
  databasePreparedStatements: boolean = true;

  @WholeNumber('MAX_QUEUE', 1, 100_000)
  maxQueue: number = 1000;

  @WholeNumber('MAX_BODY_MB', 4, 1024)
  maxBodyMb: number = 32;

  @WholeNumber('MAX_SELLER_BODY_MB', 4, 1024)
  maxSellerBodyMb: number = 8;

  @WholeNumber('RATE_LIMIT_PER_MINUTE', 0, 10_000_000)
  rateLimitPerMinute: number = 6000;

  @WholeNumber('PORTAL_SESSION_MINUTES', 1, 10_080)
  portalSessionMinutes: number = 60;

  @WholeNumber('REQUEST_TIMEOUT_MS', 100, 600_000)
  requestTimeoutMs: number = 10_000;

  @WholeNumber('ANSWER_TIMEOUT_MS', 1, 600_000)
  answerTimeoutMs: number = 1500;

  @SecretKey('WEBHOOK_SECRET_KEY')
  webhookSecretKey?: string;

  @WholeNumber('WEBHOOK_WORKERS', 0, 1000)
  webhookWorkers: number = 20;

  @Flag('WEBHOOK_ALLOW_PRIVATE')
  webhookAllowPrivate: boolean = false;

  @HttpUrl('PUBLIC_URL')
  publicUrl?: string;

  @HttpUrl('OTEL_EXPORTER_OTLP_ENDPOINT')
  otelExporterOtlpEndpoint?: string;

  @WholeNumber('STOP_GRACE_MS', 0, 60_000)
  stopGraceMs: number = 500;

  @Expose({ name: 'LOG_LEVEL' })
  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  logLevel: string = 'info';
}

function DatabaseUrl(name: string): PropertyDecorator {
  const validate = (text: string) => problemOfDatabaseUrl(text) === undefined;
  const message = ({ value }: ValidationArguments) => problemOfDatabaseUrl(value) ?? '';
  return together(
    Expose({ name }),
    Transform(({ value, obj }) => (value ? withSslVariables(value, obj) : value)),
    IsOptional(),
    ValidateBy({ name: 'isDatabaseUrl', validator: { validate } }, { message }),
  );
}

function SecretKey(name: string): PropertyDecorator {
  const message = 'must be 32 random bytes, in base64 or hexadecimal';
  return together(Expose({ name }), IsOptional(), Matches(/^([0-9A-Za-z+/]{43}=|[0-9A-Fa-f]{64})$/, { message }));
}

function HttpUrl(name: string): PropertyDecorator {
  const message = 'must be a URL that starts with http:// or https://';
  const rule = { name: 'isHttpUrl', validator: { validate: isHttpUrl } };
  return together(Expose({ name }), IsOptional(), ValidateBy(rule, { message }));
}

function WholeNumber(name: string, min: number, max: number): PropertyDecorator {
  const message = `must be a whole number from ${min} to ${max}`;
  return together(
    Expose({ name }),
    Transform(({ value }) => (/^\d+$/.test(value) ? Number(value) : value)),
    IsInt({ message }),
    Min(min, { message }),
    Max(max, { message }),
  );
}

function Flag(name: string): PropertyDecorator {
  return together(
    Expose({ name }),
    Transform(({ value }) => ({ true: true, false: false })[String(value)] ?? value),
    IsIn([true, false], { message: 'must be true or false' }),
  );
}

function together(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => decorators.forEach((decorate) => decorate(target, key));
}

/**
 * Reads the settings from the environment, after a `.env` file in the working directory, if there is one; a variable
 * that is already set wins over the file, and an empty one counts as not set. Warns of names that are a typo away.
 * @throws Error with one sentence for each setting that is wrong. Values are not repeated: they may be secret.
 */
export function loadConfig(): Config {
  loadEnvFile();
  for (const sentence of findMisspelt(Object.keys(process.env), settingNames())) printError(sentence);
  return parseConfig(process.env);
}

/** The settings that an environment means. Throws as `loadConfig` does. */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const config = plainToInstance(Config, set, { excludeExtraneousValues: true, exposeDefaultValues: true });
  const problems = validateSync(config).map(
    ({ property, constraints }) => `${variableName(property)} ${Object.values(constraints ?? {})[0]}.`,
  );
  if (problems.length === 0) problems.push(...problemsWithPooler(config));
  if (config.port === config.metricsPort && config.port !== 0) problems.push('METRICS_PORT must differ from PORT.');
  if (problems.length > 0) throw new Error(`The configuration is not valid. ${problems.join(' ')}`);
  return config;
}

function problemsWithPooler(config: Config): string[] {
  if (config.databasePooler === 'none' || !config.databaseUrl) return [];
  const problems = [];
  if (config.pgoptions) problems.push('PGOPTIONS can not pass a pooler: set them for the role, by ALTER ROLE … SET.');
  if (config.migrateOnStart && !config.migrationDatabaseUrl)
    problems.push(
      'Migrations can not pass a pooler: set MIGRATION_DATABASE_URL, past the pooler, or MIGRATE_ON_START=false.',
    );
  return problems;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/./.test(text) && URL.canParse(text);
}

function settingNames(): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Config, '', true, false);
  return [...new Set(rules.map(({ propertyName }) => variableName(propertyName)))];
}

function variableName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
