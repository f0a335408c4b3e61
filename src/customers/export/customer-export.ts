import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { stringify } from 'csv-stringify/sync';
import type { Repository } from 'typeorm';
import { SellersService } from '../../sellers/sellers.service';
import { safeJson, visible } from '../../terminal';
import { Customer } from '../customer.entity';
import { ANSWER_MEMBERS } from '../customer.fields';
import { type CustomerDto, toCustomerDto } from '../dto/customer.dto';
import type { Format } from '../import/format';
import { COLUMNS } from '../import/csv';

const PAGE = 1000;

interface ExportOptions {
  /** Starts a CSV file with a byte order mark, by which Excel knows that it is UTF-8. */
  bom?: boolean;
  /** Escapes what a terminal could take for a command. Otherwise data is as it is stored. */
  forTerminal?: boolean;
  /** Called with the number of customers of each piece. */
  onWritten?(count: number): void;
}

/** Writes out the customers of a seller, oldest first, a page at a time. */
@Injectable()
export class CustomerExport {
  constructor(
    @InjectRepository(Customer) private readonly customers: Repository<Customer>,
    private readonly sellers: SellersService,
  ) {}

  /**
   * The text of a file with all customers, in pieces. Nothing is altered for spreadsheets.
   * @throws NotFoundException when there is no such seller.
   */
  async write(sellerId: string, format: Format, options: ExportOptions = {}): Promise<AsyncGenerator<string>> {
    await this.sellers.get(sellerId);
    return format === 'csv' ? this.csv(sellerId, options) : this.ndjson(sellerId, options);
  }

  private async *csv(sellerId: string, options: ExportOptions): AsyncGenerator<string> {
    yield options.bom ? `\uFEFF${csvHeader()}` : csvHeader();
    const show = options.forTerminal ? visible : undefined;
    for await (const customers of this.pages(sellerId, options)) yield toCsv(customers, show);
  }

  private async *ndjson(sellerId: string, options: ExportOptions): AsyncGenerator<string> {
    const write = options.forTerminal ? safeJson : JSON.stringify;
    for await (const customers of this.pages(sellerId, options)) {
      yield customers.map((customer) => `${write(customer)}\n`).join('');
    }
  }

  /** Each page starts after the last customer of the one before, so none is missed or repeated, however long it takes. */
  private async *pages(sellerId: string, { onWritten }: ExportOptions): AsyncGenerator<CustomerDto[]> {
    let page = await this.page(sellerId);
    for (let last = page.at(-1); last; last = page.at(-1)) {
      yield page.map(toCustomerDto);
      onWritten?.(page.length);
      page = await this.page(sellerId, last);
    }
  }

  private page(sellerId: string, after?: Customer): Promise<Customer[]> {
    const select = this.customers.createQueryBuilder('customer').where('customer.seller_id = :sellerId', { sellerId });
    if (after) {
      const { created_at, id } = after;
      select.andWhere('(customer.created_at, customer.id) > (:created_at, :id)', { created_at, id });
    }
    return select.orderBy({ 'customer.created_at': 'ASC', 'customer.id': 'ASC' }).limit(PAGE).getMany();
  }
}

/** An address takes as many columns as it has members. */
const HEADER = ANSWER_MEMBERS.flatMap((member): { name: string; member: keyof CustomerDto; part?: string }[] => {
  const parts = COLUMNS.filter(({ field, part }) => field === member && part);
  return parts.length > 0 ? parts.map(({ name, part }) => ({ name, member, part })) : [{ name: member, member }];
});

function csvHeader(): string {
  return toLines([HEADER.map(({ name }) => name)]);
}

/** What is null, or not set, is an empty cell; no text is empty. */
function toCsv(customers: CustomerDto[], show = (text: string) => text): string {
  const cells = (customer: CustomerDto) =>
    HEADER.map(({ member, part }) => {
      const cell = cellOf(customer[member], part);
      return typeof cell === 'string' ? show(cell) : cell;
    });
  return toLines(customers.map(cells));
}

function cellOf(value: CustomerDto[keyof CustomerDto], part?: string): string | null | undefined {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).find(([name]) => name === part)?.[1];
}

/** Without quotes, a CR at the end of a cell could be taken for a part of the end of its line. */
function toLines(rows: (string | null | undefined)[][]): string {
  return stringify(rows, { quoted_match: '\r' });
}
