import { CreateSellersAndApiKeys1763900000000 } from './1763900000000-CreateSellersAndApiKeys';
import { CreateCustomers1763900100000 } from './1763900100000-CreateCustomers';
import { ListCustomers1763900200000 } from './1763900200000-ListCustomers';
import { CreatePortalSessions1763900400000 } from './1763900400000-CreatePortalSessions';
import { CreateCustomerHistory1763900500000 } from './1763900500000-CreateCustomerHistory';
import { BeginCustomerHistory1763900600000 } from './1763900600000-BeginCustomerHistory';
import { CreateIdempotencyRecords1763900700000 } from './1763900700000-CreateIdempotencyRecords';
import { UpdateCustomersInPlace1763900800000 } from './1763900800000-UpdateCustomersInPlace';
import { FoldSearchText1764300100000 } from './1764300100000-FoldSearchText';
import { CountLiveApiKeys1764300200000 } from './1764300200000-CountLiveApiKeys';
import { AddHistorySnapshots1764300210000 } from './1764300210000-AddHistorySnapshots';
import { FillHistorySnapshots1764300220000 } from './1764300220000-FillHistorySnapshots';
import { NameSellersInPortalTokens1764300230000 } from './1764300230000-NameSellersInPortalTokens';
import { PositionEvents1764300500000 } from './1764300500000-PositionEvents';
import { IndexEvents1764300510000 } from './1764300510000-IndexEvents';
import { CreateWebhooks1764300600000 } from './1764300600000-CreateWebhooks';
import { PreferPrimaryKeys1764300700000 } from './1764300700000-PreferPrimaryKeys';
import { PreferPrimaryKeyOfDeliveries1764300800000 } from './1764300800000-PreferPrimaryKeyOfDeliveries';
import { NoteLastFailures1764300900000 } from './1764300900000-NoteLastFailures';
import { NoteLastResults1764301000000 } from './1764301000000-NoteLastResults';
import { LimitPendingSearchTexts1764301100000 } from './1764301100000-LimitPendingSearchTexts';

/** Every migration, oldest first. */
export const migrations = [
  CreateSellersAndApiKeys1763900000000,
  CreateCustomers1763900100000,
  ListCustomers1763900200000,
  CreatePortalSessions1763900400000,
  CreateCustomerHistory1763900500000,
  BeginCustomerHistory1763900600000,
  CreateIdempotencyRecords1763900700000,
  UpdateCustomersInPlace1763900800000,
  FoldSearchText1764300100000,
  CountLiveApiKeys1764300200000,
  AddHistorySnapshots1764300210000,
  FillHistorySnapshots1764300220000,
  NameSellersInPortalTokens1764300230000,
  PositionEvents1764300500000,
  IndexEvents1764300510000,
  CreateWebhooks1764300600000,
  PreferPrimaryKeys1764300700000,
  PreferPrimaryKeyOfDeliveries1764300800000,
  NoteLastFailures1764300900000,
  NoteLastResults1764301000000,
  LimitPendingSearchTexts1764301100000,
];
