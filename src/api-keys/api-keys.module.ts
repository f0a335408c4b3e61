import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SellersModule } from '../sellers/sellers.module';
import { ApiKey } from './api-key.entity';
import { ApiKeysService } from './api-keys.service';
import { KeyLookup } from './key-lookup';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), SellersModule],
  providers: [ApiKeysService, KeyLookup],
  exports: [ApiKeysService, KeyLookup],
})
export class ApiKeysModule {}
