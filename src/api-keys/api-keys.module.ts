import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SellersModule } from '../sellers/sellers.module';
import { ApiKey } from './api-key.entity';
import { AccountController, ApiKeysController } from './api-keys.controller';
import { ApiKeysRepository } from './api-keys.repository';
import { ApiKeysService } from './api-keys.service';
import { KeyLookup } from './key-lookup';
import { RateLimit } from './rate-limit';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), SellersModule],
  controllers: [ApiKeysController, AccountController],
  providers: [ApiKeysService, ApiKeysRepository, KeyLookup, RateLimit],
  exports: [ApiKeysService, KeyLookup, RateLimit],
})
export class ApiKeysModule {}
