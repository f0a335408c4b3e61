import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { missingScope } from './authenticated';
import { ApiErrors, invalidBody, NO_STORE } from '../http/openapi/api-errors';
import {
  AccountDto,
  ApiKeyDto,
  ApiKeyListDto,
  CreateApiKeyDto,
  IssuedKeyDto,
  RotateApiKeyDto,
} from './dto/api-key.dto';
import { MESSAGES } from './api-keys.errors';

const KEY_ID = {
  name: 'id',
  description: 'The id of the key, not the key itself; in any letter case',
  schema: { type: 'string' as const, format: 'uuid' },
  example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
};

const ISSUED_HEADERS = {
  ...NO_STORE,
  Location: {
    description: 'Path of the new key',
    schema: { type: 'string' as const },
    example: '/api/api-keys/0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
  },
};

const MAY_NOT_MANAGE = missingScope('api_keys:manage');
const MAY_NOT_GRANT = {
  status: 403,
  description: 'The calling key lacks api_keys:manage, or a scope that the new key would have',
  message: 'API key does not have the customers:write scope',
};
const NO_OVERLAP = invalidBody('additional_property', 'must NOT have additional properties', '/seconds');
const UNKNOWN = { status: 404, description: "Unknown, or another seller's", message: MESSAGES.unknownId };
const HAS_ENDED = {
  status: 409,
  description:
    'The key is revoked or has expired, and does not come back to life; or the seller has 1,000 other keys that are ' +
    'neither revoked nor expired',
  message: MESSAGES.revoked,
};
const LIMIT_REACHED = {
  status: 409,
  description: 'The seller has 1,000 keys that are neither revoked nor expired',
  message: MESSAGES.limitReached,
};

export const DescribeListKeys = applyDecorators(
  ApiOperation({
    operationId: 'listApiKeys',
    summary: 'List API keys',
    description: 'The keys of the seller, newest first; also those that are revoked or have expired.',
  }),
  ApiOkResponse({ type: ApiKeyListDto, description: 'A part of the keys' }),
  ApiErrors(401, MAY_NOT_MANAGE),
);

export const DescribeCreateKey = applyDecorators(
  ApiOperation({
    operationId: 'createApiKey',
    summary: 'Create an API key',
    description:
      'The key is shown only in this answer. It may read and write customers unless told otherwise, and can have no ' +
      'scope that the calling key lacks. A seller has at most 1,000 keys that are neither revoked nor expired.',
  }),
  ApiConsumes('application/json'),
  ApiBody({
    type: CreateApiKeyDto,
    examples: {
      'A key that may read and write customers': { value: { name: 'CRM' } },
      'A key that may only read, for a time': {
        value: { name: 'Audit', scopes: ['customers:read'], expires_at: '2999-12-31T23:59:59Z' },
      },
    },
  }),
  ApiCreatedResponse({ type: IssuedKeyDto, description: 'The new key', headers: ISSUED_HEADERS }),
  ApiErrors(invalidBody('required', "must have required property 'name'", '/name'), 401, MAY_NOT_GRANT, LIMIT_REACHED),
);

export const DescribeGetKey = applyDecorators(
  ApiOperation({
    operationId: 'getApiKey',
    summary: 'Read an API key',
    description: 'All that is known of the key but the key itself.',
  }),
  ApiParam(KEY_ID),
  ApiOkResponse({ type: ApiKeyDto, description: 'The key' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeDeleteKey = applyDecorators(
  ApiOperation({
    operationId: 'deleteApiKey',
    summary: 'Delete an API key',
    description: 'The key is unknown from the next request on. It may be the calling key.',
  }),
  ApiParam(KEY_ID),
  ApiNoContentResponse({ description: 'The key is gone' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeRevokeKey = applyDecorators(
  ApiOperation({
    operationId: 'revokeApiKey',
    summary: 'Revoke an API key',
    description:
      'The key is refused from the next request on, also one that a rotation lets live on. It may be the calling key. ' +
      'Repeatable: the time of the first revocation stays. Takes no body.',
  }),
  ApiParam(KEY_ID),
  ApiOkResponse({ type: ApiKeyDto, description: 'The revoked key' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeRotateKey = applyDecorators(
  ApiOperation({
    operationId: 'rotateApiKey',
    summary: 'Rotate an API key',
    description:
      'Makes a new key with the same name, scopes and expiry, which is shown only in this answer, and revokes the old ' +
      'one: at once, or after an overlap in which both are valid. The body may be left out. During the overlap the ' +
      'old key can be rotated again, which may end it earlier but never later.',
  }),
  ApiConsumes('application/json'),
  ApiParam(KEY_ID),
  ApiBody({
    type: RotateApiKeyDto,
    required: false,
    examples: {
      'Revoke the old key at once': { value: {} },
      'Let the old key live for an hour': { value: { overlap_seconds: 3600 } },
    },
  }),
  ApiCreatedResponse({ type: IssuedKeyDto, description: 'The new key', headers: ISSUED_HEADERS }),
  ApiErrors(NO_OVERLAP, 401, MAY_NOT_GRANT, UNKNOWN, HAS_ENDED),
);

export const DescribeMe = applyDecorators(
  ApiOperation({
    operationId: 'getAccount',
    summary: 'Read the account of the calling key',
    description: 'Which seller and which key a request is made for. Any valid key will do.',
  }),
  ApiOkResponse({ type: AccountDto, description: 'The seller and the key' }),
  ApiErrors(401),
);
