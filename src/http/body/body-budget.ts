import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Config } from '../../config/config';
import { OverloadedError } from '../../database/errors';

/** V8 takes two bytes for each character of a string in which one is beyond Latin-1. */
const BYTES_PER_BYTE = 2;

/** What a number, a member or an empty object takes. */
const BYTES_PER_VALUE = 64;

/** Memory of a request beside its body. It also limits how many slow uploads a seller can have at once. */
const BYTES_PER_REQUEST = 4096;

let inFlight = 0;

new Gauge({
  name: 'request_body_bytes',
  help: 'Memory that is set aside for the bodies of the requests under way',
  collect(): void {
    this.set(inFlight);
  },
});

const REFUSED = new Counter({
  name: 'request_bodies_refused_total',
  help: 'Bodies refused with 503, by the budget that had no room: of the seller, or of the process',
  labelNames: ['budget'],
});
for (const budget of ['seller', 'process']) REFUSED.inc({ budget }, 0);

/** What one body takes of the budgets, until it is released. */
export interface BodyReservation {
  /** @throws OverloadedError when a body of this size, with so many values, has no room. */
  resize(bytes: number, values?: number): void;
  release(): void;
}

/**
 * Limits the memory of the bodies of all requests under way, and of those of each seller, so that no seller can take the
 * room of all others. What does not fit is refused at once, rather than kept waiting with its memory.
 */
@Injectable()
export class BodyBudget {
  private readonly bySeller = new Map<string, number>();
  private total = 0;

  constructor(private readonly config: Config) {}

  reserve(sellerId: string): BodyReservation {
    let held = 0;
    const hold = (wanted: number) => {
      this.add(sellerId, wanted - held);
      held = wanted;
    };
    return {
      resize: (bytes, values = 0) => {
        const wanted = BYTES_PER_REQUEST + BYTES_PER_BYTE * bytes + BYTES_PER_VALUE * values;
        this.requireRoom(sellerId, wanted - held);
        hold(wanted);
      },
      release: () => hold(0),
    };
  }

  private requireRoom(sellerId: string, bytes: number): void {
    const { maxBodyMb, maxSellerBodyMb } = this.config;
    if (bytes <= 0) return;
    if ((this.bySeller.get(sellerId) ?? 0) + bytes > inBytes(maxSellerBodyMb)) throw refusal('seller');
    if (this.total + bytes > inBytes(maxBodyMb)) throw refusal('process');
  }

  private add(sellerId: string, bytes: number): void {
    const left = (this.bySeller.get(sellerId) ?? 0) + bytes;
    if (left > 0) this.bySeller.set(sellerId, left);
    else this.bySeller.delete(sellerId);
    this.total += bytes;
    inFlight += bytes;
  }
}

function inBytes(megabytes: number): number {
  return megabytes * 1024 * 1024;
}

function refusal(budget: 'seller' | 'process'): OverloadedError {
  REFUSED.inc({ budget });
  return new OverloadedError();
}
