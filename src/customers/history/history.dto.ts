import { ApiProperty } from '@nestjs/swagger';
import { FIELD_NAMES } from '../customer.fields';
import type { Changes } from '../merge';
import { cursorCodec } from '../../http/cursor';
import { PageQuery } from '../../http/page.query';
import { RequestDto } from '../../http/validation/fields';
import { HISTORY_TYPES, type HistoryEntry, type HistoryType } from './history.entity';
import type { HistoryPage } from './history.service';

const ACTOR_TYPES = ['api_key', 'cli'] as const;

const FIELD_VALUE = {
  oneOf: [
    { type: 'string' },
    { type: 'null' },
    { type: 'object', additionalProperties: { type: 'string' }, description: 'An address' },
  ],
};

/** What differs between two versions, as OpenAPI has it. */
export const CHANGES_SCHEMA = {
  type: 'object',
  description: 'The members that changed. An address is one whole value.',
  additionalProperties: {
    type: 'object',
    properties: { old: FIELD_VALUE, new: FIELD_VALUE },
    required: ['old', 'new'],
    additionalProperties: false,
  } as object,
  propertyNames: { enum: FIELD_NAMES },
  example: { email: { old: 'jane@example.com', new: 'jane.doe@example.com' } },
};

/** Who made a change. */
export class ActorDto {
  @ApiProperty({ type: 'string', enum: ACTOR_TYPES, example: 'api_key' })
  type!: (typeof ACTOR_TYPES)[number];

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, description: 'Of the key; null for the command line' })
  id!: string | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'Of the key, as it was named then', example: 'CRM' })
  name!: string | null;
}

/** How a customer came to a version. */
export class HistoryEntryDto {
  @ApiProperty({ type: 'integer', example: 7 })
  version!: number;

  @ApiProperty({ type: 'string', enum: HISTORY_TYPES, example: 'updated' })
  type!: HistoryType;

  @ApiProperty(CHANGES_SCHEMA as object)
  changes!: Changes;

  @ApiProperty({ type: () => ActorDto })
  actor!: ActorDto;

  @ApiProperty({ type: 'string', nullable: true, description: 'X-Request-Id of the change; null for the command line' })
  request_id!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', example: '2024-02-20T14:15:00.000Z' })
  created_at!: string;
}

/** A part of a history, newest first. */
export class HistoryPageDto {
  @ApiProperty({ type: () => [HistoryEntryDto] })
  data!: HistoryEntryDto[];

  @ApiProperty({ type: 'string', nullable: true, description: '`cursor` of the next page; null on the last one' })
  next_cursor!: string | null;
}

export function toHistoryPageDto({ entries, next }: HistoryPage): HistoryPageDto {
  return { data: entries.map(toEntryDto), next_cursor: next === null ? null : writeHistoryCursor(next) };
}

function toEntryDto(entry: HistoryEntry): HistoryEntryDto {
  const { version, type, changes, actor_type, actor_id, actor_name, request_id, created_at } = entry;
  const actor = { type: actor_type, id: actor_id, name: actor_name };
  return { version, type, changes, actor, request_id, created_at: created_at.toISOString() };
}

/** The versions below this one come next. */
export const { write: writeHistoryCursor, read: readHistoryCursor } = cursorCodec<number>(
  /^below:([1-9]\d{0,9})$/,
  (version) => `below:${version}`,
  (version) => (Number(version) < 2 ** 31 ? Number(version) : undefined),
);

/** Which part of a history. */
@RequestDto()
export class HistoryQuery extends PageQuery('Entries', readHistoryCursor, 'YmVsb3c6Nw') {}
