import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { QueryOf } from '../http/request.interceptor';
import { TakesTurn } from '../http/turn.interceptor';
import { type EventPageDto, toEventPageDto } from './event.dto';
import { DescribeEvents } from './events.docs';
import { EventsQuery } from './events.query';
import { EventsService } from './events.service';

@ApiTags('Events')
@Controller('api/events')
export class EventsController {
  constructor(private readonly events: EventsService) {}

  @Get()
  @Authenticated('customers:read')
  @TakesTurn()
  @DescribeEvents()
  async list(@SellerId() sellerId: string, @QueryOf(EventsQuery) query: EventsQuery): Promise<EventPageDto> {
    return toEventPageDto(await this.events.page(sellerId, query));
  }
}
