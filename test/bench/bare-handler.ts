/** What the service is measured against: the same statements on the same tables, and nothing around them. */
import Fastify from 'fastify';
import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';

interface Customer {
  id: string;
  first_name: string;
  last_name: string;
  email: string;
  company_name: string;
}

const { DATABASE_URL, PORT, SELLER_ID } = process.env;

const STATEMENTS = {
  update: `UPDATE customers SET company_name = $3, version = version + 1, updated_at = now()
    WHERE seller_id = $1 AND id = $2 RETURNING *`,
  find: 'SELECT * FROM customers WHERE seller_id = $1 AND id = $2',
  list: 'SELECT * FROM customers WHERE seller_id = $1 ORDER BY created_at DESC, id DESC LIMIT 20',
  insert: `INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, 'active', 'api', now(), now()) RETURNING *`,
  updateMany: `UPDATE customers SET company_name = item.company_name, version = version + 1, updated_at = now()
    FROM json_to_recordset($2) AS item (id uuid, company_name text)
    WHERE seller_id = $1 AND customers.id = item.id RETURNING customers.*`,
  events: `SELECT history.*, customer.* FROM (
      SELECT * FROM customer_history WHERE seller_id = $1 ORDER BY position, customer_id, version LIMIT 100) AS history
    JOIN customers AS customer ON customer.seller_id = $1 AND customer.id = history.customer_id`,
  account: `SELECT seller.id, seller.name, key.id AS key_id, key.name AS key_name, prefix, scopes, expires_at
    FROM api_keys AS key JOIN sellers AS seller ON seller.id = key.seller_id WHERE key_hash = $1`,
};

const pool = new Pool({ connectionString: DATABASE_URL, max: 10 });
const server = Fastify();

async function run(name: keyof typeof STATEMENTS, values: unknown[]): Promise<unknown[]> {
  return (await pool.query({ name, text: STATEMENTS[name], values })).rows;
}

server.get('/health/ready', async () => (await pool.query('SELECT 1')).rows[0]);

server.patch<{ Params: { id: string }; Body: Customer }>('/api/customers/:id', async ({ params, body }, reply) => {
  const [row] = await run('update', [SELLER_ID, params.id, body.company_name]);
  return row ?? reply.status(404).send();
});

server.get<{ Params: { id: string } }>('/api/customers/:id', async ({ params }, reply) => {
  const [row] = await run('find', [SELLER_ID, params.id]);
  return row ?? reply.status(404).send();
});

server.get('/api/customers', () => run('list', [SELLER_ID]));

server.post<{ Body: Customer }>('/api/customers', async ({ body: { first_name, last_name, email } }, reply) => {
  const [row] = await run('insert', [SELLER_ID, uuidv7(), first_name, last_name, email]);
  return reply.status(201).send(row);
});

server.patch<{ Body: { customers: Customer[] } }>('/api/customers', ({ body }) =>
  run('updateMany', [SELLER_ID, JSON.stringify(body.customers)]),
);

server.get('/api/events', () => run('events', [SELLER_ID]));

server.get('/api/me', async ({ headers }) => {
  const hash = createHash('sha256').update(String(headers['x-api-key'])).digest();
  return (await run('account', [hash]))[0];
});

process.on('SIGTERM', () => void server.close().then(() => pool.end()));

void server.listen({ host: '127.0.0.1', port: Number(PORT) });
