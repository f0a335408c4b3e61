import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, missingScope } from '../api-keys/authenticated';
import { ApiErrors } from '../http/openapi/api-errors';
import { SellerId } from '../http/caller';
import { ValidatedQuery } from '../http/request.interceptor';
import { TakesTurn } from '../http/turn.interceptor';
import { EventPageDto, EventsQuery, toEventPageDto } from './events.dto';
import { EventsService } from './events.service';

@ApiTags('Events')
@Controller('api/events')
export class EventsController {
  constructor(private readonly events: EventsService) {}

  @Get()
  @Authenticated('customers:read')
  @TakesTurn()
  @ApiOperation({
    operationId: 'listEvents',
    summary: 'Follow what happens to customers',
    description:
      'Everything that happened to the customers of the seller, oldest first, in an order that never changes. Keep ' +
      '`next_cursor` and send it as `after`: nothing is missed, and nothing comes twice. A page may hold fewer events ' +
      'than `limit`, or none; `has_more` says whether to ask again at once. When a customer is deleted, its earlier ' +
      'events are gone, and the one of the deletion stays.',
  })
  @ApiOkResponse({ type: EventPageDto, description: 'A part of the feed' })
  @ApiErrors(401, missingScope('customers:read'))
  async list(@SellerId() sellerId: string, @ValidatedQuery(EventsQuery) query: EventsQuery): Promise<EventPageDto> {
    return toEventPageDto(await this.events.page(sellerId, query));
  }
}
