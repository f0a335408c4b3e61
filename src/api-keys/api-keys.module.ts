import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SellersModule } from '../sellers/sellers.module';
import { AccountController } from './account.controller';
import { AccountService } from './account.service';
import { ApiKey } from './api-key.entity';
import { ApiKeysController } from './api-keys.controller';
import { ApiKeysService } from './api-keys.service';
import { KeyIssuer } from './key-issuer';
import { KeyLookup } from './key-lookup';
import { RateLimit } from './rate-limit';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), SellersModule],
  controllers: [ApiKeysController, AccountController],
  providers: [ApiKeysService, KeyIssuer, AccountService, KeyLookup, RateLimit],
  exports: [ApiKeysService, KeyLookup, RateLimit],
})
export class ApiKeysModule {}
