import { useService } from '../support/service';
import { answerTo, type Reply } from '../support/webhooks';

describe('A silent receiver of webhooks', () => {
  const service = useService();

  it('that never answers, or drips its headers, has 15 seconds', async () => {
    const drip: Reply = ({ socket }) => {
      const timer = setInterval(() => socket.write('H'), 500);
      socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
    };
    const bodies = await Promise.all([answerTo(service, () => undefined), answerTo(service, drip)]);
    expect(bodies[0]).toMatchObject({ status_code: null, error: 'No answer within 15 seconds' });
    expect(bodies[1].status_code).toBeNull();
  }, 40_000);
});
