/** What the service is measured against: the same change of the same table, and nothing around it. */
import Fastify from 'fastify';
import { Pool } from 'pg';

interface Change {
  Params: { id: string };
  Body: { company_name: string };
}

const { DATABASE_URL, PORT, SELLER_ID } = process.env;

const UPDATE = `
  UPDATE customers SET company_name = $3, version = version + 1, updated_at = now()
   WHERE seller_id = $1 AND id = $2 RETURNING *`;

const pool = new Pool({ connectionString: DATABASE_URL, max: 10 });
const server = Fastify();

server.get('/health/ready', async () => (await pool.query('SELECT 1')).rows[0]);

server.patch<Change>('/api/customers/:id', async ({ params, body }, reply) => {
  const { rows } = await pool.query({
    name: 'update',
    text: UPDATE,
    values: [SELLER_ID, params.id, body.company_name],
  });
  return rows[0] ?? reply.status(404).send();
});

process.on('SIGTERM', () => void server.close().then(() => pool.end()));

void server.listen({ host: '127.0.0.1', port: Number(PORT) });
