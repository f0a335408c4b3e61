import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Caller, CurrentCaller, SellerId } from '../http/caller';
import { IgnoresBody, OptionalBody } from '../http/body/json-body';
import { setLocation } from '../http/public-url';
import { ValidatedQuery } from '../http/request.interceptor';
import { TakesTurn } from '../http/turn.interceptor';
import {
  DescribeCreateKey,
  DescribeDeleteKey,
  DescribeGetKey,
  DescribeListKeys,
  DescribeMe,
  DescribeRevokeKey,
  DescribeRotateKey,
} from './api-keys.docs';
import { ApiKeysService, type IssuedKey } from './api-keys.service';
import { Authenticated } from './authenticated';
import {
  type AccountDto,
  type ApiKeyDto,
  type ApiKeyListDto,
  CreateApiKeyDto,
  type IssuedKeyDto,
  ListApiKeysQuery,
  RotateApiKeyDto,
  toAccountDto,
  toApiKeyDto,
  toApiKeyListDto,
  toIssuedKeyDto,
  toNewApiKey,
} from './dto/api-key.dto';

@ApiTags('API keys')
@Controller('api/api-keys')
@Authenticated('api_keys:manage')
@TakesTurn()
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @DescribeListKeys
  async list(
    @SellerId() sellerId: string,
    @ValidatedQuery(ListApiKeysQuery) query: ListApiKeysQuery,
  ): Promise<ApiKeyListDto> {
    return toApiKeyListDto(await this.apiKeys.list(sellerId, query));
  }

  @Post()
  @DescribeCreateKey
  async create(
    @CurrentCaller() caller: Caller,
    @Body() members: CreateApiKeyDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedKeyDto> {
    return present(await this.apiKeys.createFor(caller, toNewApiKey(members)), reply);
  }

  @Get(':id')
  @DescribeGetKey
  async get(@SellerId() sellerId: string, @Param('id') id: string): Promise<ApiKeyDto> {
    return toApiKeyDto(await this.apiKeys.get(sellerId, id));
  }

  @Delete(':id')
  @HttpCode(204)
  @IgnoresBody()
  @DescribeDeleteKey
  async delete(@SellerId() sellerId: string, @Param('id') id: string): Promise<void> {
    await this.apiKeys.delete(sellerId, id);
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @IgnoresBody()
  @DescribeRevokeKey
  async revoke(@SellerId() sellerId: string, @Param('id') id: string): Promise<ApiKeyDto> {
    return toApiKeyDto(await this.apiKeys.revokeOf(sellerId, id));
  }

  @Post(':id/rotate')
  @OptionalBody()
  @DescribeRotateKey
  async rotate(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() { overlap_seconds = 0 }: RotateApiKeyDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedKeyDto> {
    return present(await this.apiKeys.rotate(caller, id, overlap_seconds), reply);
  }
}

@ApiTags('Account')
@Controller('api/me')
export class AccountController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @Authenticated()
  @TakesTurn()
  @DescribeMe
  async get(@CurrentCaller() caller: Caller): Promise<AccountDto> {
    return toAccountDto(await this.apiKeys.account(caller));
  }
}

function present(key: IssuedKey, reply: FastifyReply): IssuedKeyDto {
  setLocation(reply, `/api/api-keys/${key.id}`);
  return toIssuedKeyDto(key);
}
