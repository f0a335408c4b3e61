import { Controller, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { IgnoresBody } from '../http/body/json-body';
import { TakesTurn } from '../http/turn.interceptor';
import {
  type NewPortalSessionDto,
  type PortalSessionDto,
  toNewPortalSessionDto,
  toPortalSessionDto,
} from './dto/portal-session.dto';
import { PortalSession } from './portal-session.entity';
import { PortalSessionsService } from './portal-sessions.service';
import { CurrentSession, PortalAuthenticated } from './portal.guard';
import { DescribeCreateSession, DescribeGetSession } from './portal.docs';

@ApiTags('Portal')
@Controller('api')
export class PortalController {
  constructor(private readonly sessions: PortalSessionsService) {}

  @Post('customers/:id/portal-sessions')
  @IgnoresBody()
  @Authenticated('customers:write')
  @TakesTurn()
  @DescribeCreateSession()
  async create(@SellerId() sellerId: string, @Param('id') id: string): Promise<NewPortalSessionDto> {
    return toNewPortalSessionDto(await this.sessions.create(sellerId, id));
  }

  @Get('portal/session')
  @PortalAuthenticated()
  @DescribeGetSession()
  get(@CurrentSession() session: PortalSession): PortalSessionDto {
    return toPortalSessionDto(session);
  }
}
