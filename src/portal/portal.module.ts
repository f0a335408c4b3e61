import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PortalSession } from './portal-session.entity';
import { PortalSessionsService } from './portal-sessions.service';
import { PortalController } from './portal.controller';
import { SessionPruner } from './session-pruner';

@Module({
  imports: [TypeOrmModule.forFeature([PortalSession])],
  controllers: [PortalController],
  providers: [PortalSessionsService, SessionPruner],
  exports: [PortalSessionsService],
})
export class PortalModule {}
