import { Controller, Get, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../api-keys/authenticated';
import { CustomerIdParam } from '../customers/customers.docs';
import { SellerId } from '../http/caller';
import { IgnoresBody } from '../http/body/json-body';
import { ApiErrors, NO_STORE } from '../http/openapi/api-errors';
import { TakesTurn } from '../http/turn.interceptor';
import {
  NewPortalSessionDto,
  PortalSessionDto,
  toNewPortalSessionDto,
  toPortalSessionDto,
} from './dto/portal-session.dto';
import { PortalSession } from './portal-session.entity';
import { PortalSessionsService } from './portal-sessions.service';
import { CurrentSession, PortalAuthenticated } from './portal.guard';

const NOT_ACTIVE = {
  status: 403,
  description: 'The customer is not active, or the key lacks a scope',
  message: 'Customer is suspended and cannot log in to the portal',
};

const NOT_VALID = {
  status: 401,
  description: 'No token, or one of no session, or its session has expired or ended',
  message: 'Portal session is not valid',
};

@ApiTags('Portal')
@Controller('api')
export class PortalController {
  constructor(private readonly sessions: PortalSessionsService) {}

  @Post('customers/:id/portal-sessions')
  @IgnoresBody()
  @Authenticated('customers:write')
  @TakesTurn()
  @ApiOperation({
    operationId: 'createPortalSession',
    summary: 'Let a customer into the portal',
    description:
      'Takes no body. The token is shown only in this answer. The session ends when it expires, when the customer ' +
      'becomes inactive or suspended, also if only for a moment, and when the customer is deleted.',
  })
  @CustomerIdParam
  @ApiCreatedResponse({
    type: NewPortalSessionDto,
    description: 'The new session',
    headers: NO_STORE,
  })
  @ApiErrors(401, NOT_ACTIVE, 404)
  async create(@SellerId() sellerId: string, @Param('id') id: string): Promise<NewPortalSessionDto> {
    return toNewPortalSessionDto(await this.sessions.create(sellerId, id));
  }

  @Get('portal/session')
  @PortalAuthenticated()
  @ApiOperation({
    operationId: 'getPortalSession',
    summary: 'Read the customer of a portal session',
    description: 'Takes a portal token and no API key. The customer is as it is now.',
  })
  @ApiOkResponse({
    type: PortalSessionDto,
    description: 'The session is valid',
    headers: NO_STORE,
  })
  @ApiErrors(NOT_VALID)
  get(@CurrentSession() session: PortalSession): PortalSessionDto {
    return toPortalSessionDto(session);
  }
}
