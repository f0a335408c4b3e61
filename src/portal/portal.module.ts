import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PortalSession } from './portal-session.entity';
import { PortalSessionsRepository, SessionPruner } from './portal-sessions.repository';
import { PortalSessionsService } from './portal-sessions.service';
import { PortalController } from './portal.controller';

@Module({
  imports: [TypeOrmModule.forFeature([PortalSession])],
  controllers: [PortalController],
  providers: [PortalSessionsService, PortalSessionsRepository, SessionPruner],
  exports: [PortalSessionsService],
})
export class PortalModule {}
