import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Caller } from '../http/caller';
import { TakesTurn } from '../http/turn.interceptor';
import { DescribeMe } from './api-keys.docs';
import { ApiKeysService } from './api-keys.service';
import { Authenticated, CurrentCaller } from './authenticated';
import { type AccountDto, toAccountDto } from './dto/api-key.dto';

@ApiTags('Account')
@Controller('api/me')
export class AccountController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @Authenticated()
  @TakesTurn()
  @DescribeMe()
  async get(@CurrentCaller() caller: Caller): Promise<AccountDto> {
    return toAccountDto(await this.apiKeys.account(caller));
  }
}
